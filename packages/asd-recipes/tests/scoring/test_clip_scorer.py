"""Which seconds of a recording are named, and that a score does not know how a recording went through the network."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from numpy.typing import NDArray

import asd_native
from asd_eval import ZScoreStandardiser
from asd_features import WaveformStatistics, power_weights, segments, waveform_statistics
from asd_inlier import MahalanobisKNN
from asd_models import FastFlow, OutlierExposureNet
from asd_recipes.recipe.settings import Audio
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.scoring.clip_scorer import ClipScorer, NetworkScorer
from asd_recipes.scoring.embedding import ClipEmbedder
from asd_recipes.scoring.network_scoring import FLOW, flow_scores
from asd_recipes.waveforms.device_choice import choose_device
from asd_recipes.waveforms.one_recording import read_recording

SETTINGS = ["segments.length_s=1.0", "threads=1", "log_mel.bands=32", 'weighting.machines=["ToyCar"]']
RECIPE = load_recipe("own", settings=SETTINGS)
WEIGHTED = "ToyCar"
LEVEL = WaveformStatistics(mean=0.01, std=0.2)
# Another batch size, and oneDNN sums in another order.
BATCH_ABSOLUTE = 1e-4


@dataclass(frozen=True)
class _Told:
    """A network that says of each segment what it was told to say."""

    of_segments: NDArray[np.float64]

    def score_wave(
        self, wave: object, weights: NDArray[np.float64] | None
    ) -> tuple[dict[str, float], dict[str, NDArray[np.float64]]]:
        return {"knn": float(np.average(self.of_segments, weights=weights))}, {"knn": self.of_segments}


def _silent_ends() -> NDArray[np.float32]:
    """8 s, of which the machine runs from 3 to 6."""
    wave = np.zeros(8 * 16_000, np.float32)
    wave[3 * 16_000 : 6 * 16_000] = 0.1 * np.random.default_rng(0).standard_normal(3 * 16_000)
    return wave


def _named(machine: str, wave: NDArray[np.float32], of_segments: NDArray[np.float64]) -> float:
    scorer = ClipScorer(RECIPE, machine, [_Told(of_segments)], synthetic=False)  # type: ignore[list-item]
    return scorer.score_wave(wave).worst_start_s


@pytest.mark.parametrize("offset", [-100.0, 0.0, 100.0])
def test_of_a_weighted_machine_the_seconds_are_named_that_raise_the_score_and_never_silence(offset: float) -> None:
    wave = _silent_ends()
    scores = np.zeros(RECIPE.segments.count(len(wave)))
    scores[0] = 9.0  # of silence, where the machine's score does not count it
    scores[15] = 3.0  # from 3.75 s on
    scores[16] = 2.9
    assert _named(WEIGHTED, wave, scores + offset) == 3.75
    assert _named("fan", wave, scores + offset) == 0.0


def test_where_all_segments_weigh_the_same_the_one_with_the_highest_score_is_named() -> None:
    rng = np.random.default_rng(1)
    silence = np.zeros(8 * 16_000, np.float32)
    for _ in range(20):
        scores = rng.standard_normal(RECIPE.segments.count(len(silence)))
        expected = 0.25 * int(np.argmax(scores))
        assert _named("fan", _silent_ends(), scores) == expected
        assert _named(WEIGHTED, silence, scores) == expected, "of silence every segment weighs the same"


def _embedder(standardise: str, network: OutlierExposureNet | None = None) -> ClipEmbedder:
    network = network or OutlierExposureNet(generator=torch.Generator().manual_seed(0))
    return ClipEmbedder(
        network=network.eval(),
        log_mel=RECIPE.log_mel,
        segments=RECIPE.segments,
        statistics=LEVEL,
        standardise=standardise,
        device=choose_device("cpu", "float32", threads=1),
    )


@pytest.mark.parametrize("standardise", ["segment", "clip", "machine"])
@pytest.mark.parametrize("samples", [9_000, 16_000, 16_001, 28_000, 28_001, 32_000, 31_999, 60_000, 61_234])
def test_batches_are_the_segments_of_the_whole_recording_bit_for_bit(
    standardise: str, samples: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With batches of four, of which the last may hold only the segment that ends with the recording."""
    wave = np.rint(2000 * np.random.default_rng(samples).standard_normal(samples)).astype(np.int16)
    level = waveform_statistics([wave]) if standardise == "clip" else LEVEL
    by_level = {} if standardise == "segment" else {"mean": level.mean, "std": level.std}
    whole = segments(wave, RECIPE.segments, per_segment=standardise == "segment", **by_level)
    embedder = _embedder(standardise)
    np.testing.assert_array_equal(embedder.cut(wave), whole)
    monkeypatch.setattr("asd_recipes.scoring.embedding._SAMPLES_AT_ONCE", 4 * 16_000)
    batches = list(embedder.batches(wave))
    assert [len(batch) for batch in batches[:-1]] == [4] * (len(batches) - 1)
    np.testing.assert_array_equal(np.concatenate(batches), whole)
    np.testing.assert_array_equal(embedder.cut(wave), whole)


def _scorer(machine: str) -> ClipScorer:
    network = OutlierExposureNet(flow=FastFlow(steps=1), generator=torch.Generator().manual_seed(0))
    normal = np.random.default_rng(2).standard_normal((40, 512)).astype(np.float32)
    standardisers = {name: ZScoreStandardiser().fit([1.0, 2.0, 4.0]) for name in ("knn-1-source", FLOW)}
    models = {"knn-1-source": MahalanobisKNN().fit(normal)}
    scorer = NetworkScorer(RECIPE, machine, _embedder("segment", network), models, standardisers)
    return ClipScorer(RECIPE, machine, [scorer], synthetic=False)


@pytest.mark.parametrize("machine", ["fan", WEIGHTED])
def test_the_score_of_a_recording_in_batches_is_that_of_all_its_segments_at_once(
    machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wave, scorer = _silent_ends(), _scorer(machine)
    once = scorer.score_wave(wave)
    network = scorer.networks[0]
    embedded = network.embedder.embed([wave], lambda steps: None, score_maps=True)
    of_flow = network.standardisers[FLOW].transform(flow_scores(machine, [wave], embedded, RECIPE))[0]
    of_segments = network.models["knn-1-source"].anomaly_score(embedded.vectors)
    weights = power_weights(wave, RECIPE.segments)[:, 0] if machine == WEIGHTED else None
    of_knn = network.standardisers["knn-1-source"].transform(np.array([np.average(of_segments, weights=weights)]))[0]
    assert once.score == pytest.approx((of_flow + of_knn) / 2, rel=1e-12)
    monkeypatch.setattr("asd_recipes.scoring.embedding._SAMPLES_AT_ONCE", 5 * 16_000)
    in_batches = scorer.score_wave(wave)
    assert in_batches.score == pytest.approx(once.score, abs=BATCH_ABSOLUTE)
    starts = asd_native.segment_starts(len(wave), segment_samples=16_000, hop_samples=4_000)
    assert round(in_batches.worst_start_s * 16_000) in starts.tolist()


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_a_long_recording_is_mapped_and_reads_the_same(
    subtype: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wave = np.random.default_rng(3).uniform(-0.5, 0.5, 50_000)
    soundfile.write(tmp_path / "a.wav", wave, 22_050, subtype=subtype)
    audio = Audio(resample=True)
    held = read_recording(tmp_path / "a.wav", audio)
    monkeypatch.setattr("asd_recipes.waveforms.one_recording._MOST_IN_MEMORY", 1_000)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    mapped = read_recording(tmp_path / "a.wav", audio)
    assert held.dtype == mapped.dtype
    np.testing.assert_array_equal(held, mapped)
    with pytest.raises(ValueError, match="read-only"):
        mapped[0] = 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"], "the temporary file has no name"
