"""Spectral statistics of stretches: as for pieces, whatever the level, without gaps."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from made_up_model import FRONT_END, joined_manifest, nearest, raw_joined
from numpy.typing import NDArray

from asd_features import LogMelSettings, WaveformStatistics
from asd_native import InlierModel
from asd_runtime.model.joined_score import Scale
from asd_runtime.model.manifest import SpectralFacts
from asd_runtime.scoring.scorer import Scorer
from asd_runtime.scoring.spectral_scorer import SpectralScorer, SpectralVectors
from asd_runtime.sound.standardised_segments import Standardise

RATE_HZ = 16_000
HEARD = replace(FRONT_END, log_mel=LogMelSettings(bands=16, hop_s=0.032), level=WaveformStatistics(0.0, 0.1))
FACTS = SpectralFacts(("mean", "std", "difference"), 0.99)


def _hum(seconds: float, seed: int) -> NDArray[np.float32]:
    time_s = np.arange(round(RATE_HZ * seconds)) / RATE_HZ
    noise = 0.05 * np.random.default_rng(seed).standard_normal(len(time_s))
    return (0.1 * np.sin(2 * np.pi * 300 * time_s) + noise).astype(np.float32)


def _scorer(by: Standardise = "segment") -> SpectralScorer:
    front_end = replace(HEARD, standardise=by)
    vectors = SpectralVectors(front_end, FACTS, partial(front_end.spectrograms, threads=1))
    normal = np.stack([vectors.of_piece(_hum(3.0, seed)) for seed in range(60)])
    return SpectralScorer(vectors, InlierModel(nearest(normal, local_density=2)))


def _stretch(scorer: SpectralScorer, wave: NDArray[np.float32], *segments: int) -> tuple[float, NDArray[np.float64]]:
    starts = HEARD.segments.starts(len(wave))
    return scorer.score_stretch(wave, starts[list(segments) or slice(None)], scorer.vectors.rule(wave))


def test_a_recording_of_one_stretch_has_the_score_of_a_held_out_piece() -> None:
    scorer, wave = _scorer(), _hum(3.0, 99)
    score, of_segments = _stretch(scorer, wave)
    assert scorer.score_pieces([wave])[0] == score
    assert len(of_segments) == len(HEARD.segments.starts(len(wave)))


def test_a_stretch_of_a_recording_has_the_score_of_its_samples() -> None:
    scorer, wave = _scorer(), _hum(8.0, 98)
    hop, length = HEARD.segments.hop_samples, HEARD.segments.length_samples
    assert _stretch(scorer, wave, *range(4, 13))[0] == scorer.score_pieces([wave[4 * hop : 12 * hop + length]])[0]


@pytest.mark.parametrize("by", ["segment", "clip"])
def test_loudness_changes_nothing_unless_the_network_hears_it_too(by: Standardise) -> None:
    wave = _hum(3.0, 97)
    of_any, of_machine = (_stretch(scorer, wave)[0] for scorer in (_scorer(by), _scorer("machine")))
    assert _stretch(_scorer(by), wave / 4)[0] == pytest.approx(of_any, rel=1e-4)
    assert _stretch(_scorer("machine"), wave / 4)[0] > 2 * of_machine


def test_samples_of_no_audible_segment_do_not_count() -> None:
    scorer, wave = _scorer(), _hum(6.0, 96)
    audible = [0, 1, 2, 3, 12, 13, 14]  # of 1 s every quarter: 0 to 1.75 s, and 3 to 4.5 s
    with_gap = wave.copy()
    with_gap[round(1.75 * RATE_HZ) : 3 * RATE_HZ] = 0.7
    assert _stretch(scorer, with_gap, *audible)[0] == _stretch(scorer, wave, *audible)[0]


def test_the_segment_with_the_fault_is_named() -> None:
    wave = _hum(9.0, 95)
    wave[5 * RATE_HZ : round(5.5 * RATE_HZ)] += _hum(0.5, 94)[::-1] * 3
    manifest = replace(joined_manifest(), front_end=HEARD, joined=raw_joined("spectral"))
    scored = Scorer(manifest, "no network", None, _scorer()).score_wave(wave)
    assert scored.worst.start_s <= 5.0
    assert scored.worst.end_s >= 5.5
    assert scored.worst.worst_start_s <= 5.0
    assert scored.worst.worst_end_s >= 5.5
    assert scored.score == pytest.approx(np.mean([stretch.score for stretch in scored.stretches]))


@pytest.mark.parametrize("by", ["segment", "clip", "machine"])
def test_a_beginning_of_a_piece_has_the_vector_of_a_piece_so_short(by: Standardise) -> None:
    """But for the frames at its end, which see what follows."""
    vectors, wave = _scorer(by).vectors, _hum(3.0, 93)
    wave[3 * RATE_HZ // 2 :] *= 3
    lengths = [RATE_HZ, 2 * RATE_HZ, 3 * RATE_HZ]
    *beginnings, whole = vectors.of_beginnings(wave, lengths)
    np.testing.assert_array_equal(whole, vectors.of_piece(wave))
    for length, beginning in zip(lengths, beginnings, strict=False):
        np.testing.assert_allclose(beginning, vectors.of_piece(wave[:length]), atol=0.5)


def test_what_is_shorter_than_a_stretch_is_standardised_by_the_scale_of_its_length() -> None:
    raw, wave = _scorer(), _hum(3.0, 92)  # hops of 0.25 s
    scales = tuple(Scale(100.0 - hops, 50.0 - hops) for hops in range(1, 13))
    scorer = replace(raw, scales=scales)
    whole = scales[-1]
    for audible, hops in (([0], 4), ([0, 1, 2], 6), ([0, 8], 8), (range(8), 11), (range(9), 12)):
        of_raw, of_scaled = _stretch(raw, wave, *audible)[0], _stretch(scorer, wave, *audible)[0]
        own = scales[hops - 1]
        assert (of_scaled - whole.mean) / whole.std == pytest.approx((of_raw - own.mean) / own.std, rel=1e-9)
    assert _stretch(scorer, wave)[0] == _stretch(raw, wave)[0], "a whole stretch to the bit"
    assert _stretch(scorer, wave[: RATE_HZ // 8])[0] == pytest.approx(
        (_stretch(raw, wave[: RATE_HZ // 8])[0] - scales[0].mean) / scales[0].std * whole.std + whole.mean
    ), "shorter than a hop: the scale of one"
