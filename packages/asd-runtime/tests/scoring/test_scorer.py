"""The score of a recording and of its stretches: from the scores of segments, without gaps, the worst part named."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np
import pytest
import soundfile
from made_up_model import FRONT_END, flow_manifest, joined_manifest, made_up_manifest, raw_joined, write_made_up
from numpy.typing import NDArray

import asd_native
from asd_features import HighPassSettings, WaveformStatistics, power_weights, segments, waveform_statistics
from asd_runtime.errors import RecordingError, UnscorableError
from asd_runtime.model.joined_score import Joined, JoinedDetector, Scale
from asd_runtime.model.manifest import FLOW
from asd_runtime.scoring.network_scorer import SystemScorer
from asd_runtime.scoring.scorer import Scorer
from asd_runtime.sound.audio import Audio
from asd_runtime.sound.front_end import FrontEnd
from asd_runtime.sound.gaps import find_gaps
from asd_runtime.sound.one_recording import read_recording

WEIGHTED = HighPassSettings()
LEVEL = WaveformStatistics(mean=0.01, std=0.2)
SEGMENTS = FRONT_END.segments
FILTER_ABSOLUTE = 0.05


class _Told:
    """A network with given scores for each segment, in order."""

    def __init__(self, of_segments: NDArray[np.float64]) -> None:
        self._left = of_segments
        self.scales: Mapping[str, Scale] = {"knn-1-source": Scale(0.0, 1.0)}

    def of_segments(self, log_mel: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
        told, self._left = self._left[: len(log_mel)], self._left[len(log_mel) :]
        return {"knn-1-source": told}


def _silent_ends() -> NDArray[np.float32]:
    """8 s in which the machine runs from 3 to 6 s; before and after there is almost no sound."""
    wave = 1e-6 * np.random.default_rng(1).standard_normal(8 * 16_000).astype(np.float32)
    wave[3 * 16_000 : 6 * 16_000] = 0.1 * np.random.default_rng(0).standard_normal(3 * 16_000)
    return wave


def _named(high_pass: HighPassSettings | None, wave: NDArray[np.float32], of_segments: NDArray[np.float64]) -> float:
    return _told(of_segments, stretch_s=60.0, high_pass=high_pass).score_wave(wave).worst.worst_start_s


def _told(of_segments: NDArray[np.float64], *, stretch_s: float, high_pass: HighPassSettings | None = None) -> Scorer:
    front_end, made_up = replace(FRONT_END, high_pass=high_pass), made_up_manifest()
    threshold = replace(made_up.threshold, stretch_s=stretch_s)
    manifest = replace(made_up, front_end=front_end, threshold=threshold, joined=raw_joined("oe"))
    return Scorer(manifest, "told", SystemScorer(front_end, [_Told(of_segments)]), None)


@pytest.mark.parametrize("offset", [-100.0, 0.0, 100.0])
def test_for_a_weighted_machine_the_seconds_that_raise_the_score_are_named_and_never_silence(offset: float) -> None:
    wave = _silent_ends()
    scores = np.zeros(SEGMENTS.count(len(wave)))
    scores[0] = 9.0  # in silence, which does not count for this machine
    scores[15] = 3.0  # from 3.75 s on
    scores[16] = 2.9
    assert _named(WEIGHTED, wave, scores + offset) == 3.75
    assert _named(None, wave, scores + offset) == 0.0


def test_with_equal_weights_the_segment_with_the_highest_score_is_named() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        scores = rng.standard_normal(SEGMENTS.count(8 * 16_000))
        assert _named(None, _silent_ends(), scores) == 0.25 * int(np.argmax(scores))


@pytest.mark.parametrize("standardise", ["segment", "clip", "machine"])
@pytest.mark.parametrize("samples", [9_000, 16_000, 16_001, 28_000, 28_001, 32_000, 31_999, 60_000, 61_234])
def test_batches_are_the_segments_of_the_whole_recording_bit_for_bit(
    standardise: str, samples: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With batches of four; the last may hold only the segment that ends with the recording."""
    wave = np.rint(2000 * np.random.default_rng(samples).standard_normal(samples)).astype(np.int16)
    level = waveform_statistics([wave]) if standardise == "clip" else LEVEL
    by_level = {} if standardise == "segment" else {"mean": level.mean, "std": level.std}
    whole = segments(wave, SEGMENTS, per_segment=standardise == "segment", **by_level)
    front_end = replace(FRONT_END, standardise=standardise, level=LEVEL)
    np.testing.assert_array_equal(front_end.cut(wave), whole)
    monkeypatch.setattr("asd_runtime.sound.segment_batches._SAMPLES_AT_ONCE", 4 * 16_000)
    batches = list(front_end.batches(wave))
    assert [len(batch) for batch in batches[:-1]] == [4] * (len(batches) - 1)
    np.testing.assert_array_equal(np.concatenate(batches), whole)
    np.testing.assert_array_equal(front_end.cut(wave), whole)


@pytest.fixture(scope="module", params=[None, WEIGHTED], ids=["alike", "weighted"])
def scorer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    """A network with an inlier model and a flow, all segments alike or weighted by power."""
    folder = tmp_path_factory.mktemp("flow") / "model"
    return Scorer.open(write_made_up(folder, flow_manifest(high_pass=request.param)), threads=2)


def test_the_score_of_a_recording_in_batches_is_that_of_all_its_segments_at_once(
    scorer: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    wave, front_end = _silent_ends(), scorer.manifest.front_end
    once = scorer.score_wave(wave)
    assert scorer.system is not None
    (network,) = scorer.system.networks
    of_segments = network.of_segments(front_end.spectrograms(front_end.cut(wave), threads=1))
    means = {}
    for name, scores in of_segments.items():
        bins = scores.reshape(len(scores), -1)
        weights = None
        if front_end.high_pass is not None:
            weights = power_weights(wave, SEGMENTS, bins=bins.shape[1]).reshape(-1)
        means[name] = (np.average(bins.reshape(-1), weights=weights) - network.scales[name].mean) / network.scales[
            name
        ].std
    assert set(means) == {"knn-1-source", FLOW}
    assert once.score == pytest.approx(np.mean(list(means.values())), rel=1e-9)
    monkeypatch.setattr("asd_runtime.sound.segment_batches._SAMPLES_AT_ONCE", 5 * 16_000)
    assert scorer.score_wave(wave) == once, "to the last bit"
    starts = asd_native.segment_starts(len(wave), segment_samples=16_000, hop_samples=4_000)
    assert round(once.worst.worst_start_s * 16_000) in starts.tolist()


def test_the_score_of_several_networks_is_the_mean_of_theirs(tmp_path: Path) -> None:
    wave = _silent_ends()
    scorer = Scorer.open(write_made_up(tmp_path / "three", flow_manifest(networks=3)), threads=1)
    assert scorer.system is not None
    alone = [
        replace(scorer, system=replace(scorer.system, networks=[network])).score_wave(wave)
        for network in scorer.system.networks
    ]
    together = scorer.score_wave(wave)
    assert len({each.score for each in alone}) == 3
    assert together.score == pytest.approx(np.mean([each.score for each in alone]), rel=1e-9)


def test_eight_threads_that_share_a_scorer_score_as_one(scorer: Scorer) -> None:
    rng = np.random.default_rng(4)
    waves = [rng.standard_normal(5 * 16_000).astype(np.float32) for _ in range(16)]
    alone = [scorer.score_wave(wave) for wave in waves]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(scorer.score_wave, waves)) == alone


def test_a_model_that_changes_on_the_disk_changes_nothing_in_an_open_scorer(tmp_path: Path) -> None:
    folder = write_made_up(tmp_path / "pump", joined_manifest())
    scorer = Scorer.open(folder, threads=1)
    before = scorer.score_wave(_silent_ends())
    for path in folder.rglob("*.*"):
        path.write_bytes(bytes(len(path.read_bytes())))
    assert scorer.score_wave(_silent_ends()) == before
    rmtree(folder)
    assert scorer.score_wave(_silent_ends()) == before


def test_what_computes_is_said_with_its_precision_and_threads(scorer: Scorer) -> None:
    assert "float32" in scorer.description
    assert "2 threads" in scorer.description


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_a_long_recording_is_mapped_and_reads_the_same(
    subtype: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wave = np.random.default_rng(3).uniform(-0.5, 0.5, 50_000)
    soundfile.write(tmp_path / "a.wav", wave, 22_050, subtype=subtype)
    audio = Audio(resample=True)
    held = read_recording(tmp_path / "a.wav", audio)
    monkeypatch.setattr("asd_runtime.sound.one_recording._MOST_IN_MEMORY", 1_000)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    mapped = read_recording(tmp_path / "a.wav", audio)
    assert held.dtype == mapped.dtype
    np.testing.assert_array_equal(held, mapped)
    with pytest.raises(ValueError, match="read-only"):
        mapped[0] = 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"], "the temporary file has no name"


@pytest.mark.parametrize("samples", [128_000, 125_123, 60_001, 40_000])
def test_the_score_of_a_stretch_is_that_of_the_recording_cut_down_to_it(scorer: Scorer, samples: int) -> None:
    """Also for the last stretch, which ends with the recording and is not on the grid."""
    noise = np.random.default_rng(5).standard_normal(samples)
    wave = (noise * np.linspace(0.01, 0.3, samples)).astype(np.float32)
    whole = scorer.score_wave(wave)
    assert whole.stretches[0].start_s == 0
    assert whole.stretches[-1].end_s == samples / 16_000
    for stretch in whole.stretches:
        excerpt = scorer.score_wave(wave[round(16_000 * stretch.start_s) : round(16_000 * stretch.end_s)])
        assert len(excerpt.stretches) == 1
        # For a weighted machine the high-pass filter starts again in the excerpt.
        tolerance = 1e-9 if scorer.manifest.front_end.high_pass is None else FILTER_ABSOLUTE
        assert stretch.score == pytest.approx(excerpt.score, abs=tolerance)
        assert stretch.score == pytest.approx(excerpt.stretches[0].score, abs=tolerance)


def test_a_recording_goes_through_the_network_once_however_many_stretches_it_has(
    scorer: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    wave, batches, seen = _silent_ends(), FrontEnd.batches, 0

    def counted(self: FrontEnd, wave: Any) -> Any:
        nonlocal seen
        for batch in batches(self, wave):
            seen += len(batch)
            yield batch

    monkeypatch.setattr(FrontEnd, "batches", counted)
    assert len(scorer.score_wave(wave).stretches) > 3
    assert seen == SEGMENTS.count(len(wave))


@pytest.mark.parametrize("start_s", [0.0, 3.1, 4.9, 7.5, 31.7, 55.0, 57.9])
def test_a_fault_lies_whole_in_at_least_one_stretch(start_s: float) -> None:
    """With stretches of 10 s in a minute, the worst stretch contains the whole fault of 2 s."""
    wave = np.random.default_rng(6).standard_normal(60 * 16_000).astype(np.float32)
    starts_s = np.arange(SEGMENTS.count(len(wave))) * 0.25
    scores = np.where((starts_s >= start_s - 0.5) & (starts_s <= start_s + 1.5), 5.0, 0.0)
    result = _told(scores, stretch_s=10.0).score_wave(wave)
    assert result.score < 0.25
    assert result.worst.score > 0.9
    assert result.worst.start_s <= start_s + 0.1
    assert result.worst.end_s >= start_s + 1.9
    assert start_s - 0.5 <= result.worst.worst_start_s <= start_s + 1.5
    assert result.above == sum(stretch.score > result.threshold for stretch in result.stretches)


def test_a_recording_shorter_than_a_stretch_is_one_stretch() -> None:
    wave = np.random.default_rng(7).standard_normal(5 * 16_000).astype(np.float32)
    result = _told(np.arange(17.0), stretch_s=10.0).score_wave(wave)
    assert len(result.stretches) == 1
    assert (result.worst.start_s, result.worst.end_s, result.worst.score) == (0.0, 5.0, result.score)


def test_a_gap_and_its_edges_do_not_count_and_a_stretch_inside_it_has_no_score() -> None:
    """A microphone was unplugged for 30 s: those segments would have extreme scores."""
    wave = np.random.default_rng(8).standard_normal(60 * 16_000).astype(np.float32)
    wave[20 * 16_000 : 50 * 16_000] = 0.25
    starts_s = np.arange(SEGMENTS.count(len(wave))) * 0.25
    silent = (starts_s >= 20) & (starts_s <= 49)
    edge = (starts_s > 19) & (starts_s < 50)
    result = _told(np.where(silent, 5e6, np.where(edge, 1e6, 1.0)), stretch_s=10.0).score_wave(wave)
    assert result.score == 1.0
    assert [stretch.start_s for stretch in result.stretches if stretch.score is None] == [20.0, 25.0, 30.0, 35.0, 40.0]
    assert {stretch.score for stretch in result.stretches} == {1.0, None}
    pauses = wave.copy()
    pauses.reshape(-1, 40_000)[:, 8_000:] = 0  # half a second of sound, then two of none: every segment touches a gap
    with pytest.raises(RecordingError, match="dropout: each of 237 segments of 1 s touches a gap"):
        _told(np.ones(len(starts_s)), stretch_s=10.0).score_wave(pauses)
    with pytest.raises(RecordingError, match="the only segment of 1 s"):
        _told(np.ones(1), stretch_s=10.0).score_wave(np.full(16_000, 3, np.int16))


@pytest.mark.parametrize("start", [64_000, 64_001, 67_999])
@pytest.mark.parametrize("dithered", [False, True])
def test_a_gap_shorter_than_a_segment_leaves_out_what_it_touches_and_nothing_else(start: int, dithered: bool) -> None:
    """To the sample: segments of 1 s begin every 4,000 samples, and 0.25 s are 4,000."""
    rng = np.random.default_rng(11)
    wave = rng.integers(-3000, 3000, 10 * 16_000).astype(np.int16)
    wave[start : start + 4_000] = 70 + (rng.integers(-1, 2, 4_000) if dithered else 0)
    wave[[start - 1, start + 4_000]] = 500
    starts = np.arange(SEGMENTS.count(len(wave))) * 4_000
    touched = (starts > start - 16_000) & (starts < start + 4_000)
    scores = np.where(touched, 1e9, 2.0 ** np.arange(len(starts)))  # each has a bit of its own in the mean
    found = _told(scores, stretch_s=3.0).score_wave(wave)
    assert found.score == scores[~touched].mean()
    assert found.gaps_s == ((start / 16_000, (start + 4_000) / 16_000),)
    shorter = wave.copy()
    shorter[start : start + 2] = 900
    assert _told(np.where(touched, 4.0, 1.0), stretch_s=3.0).score_wave(shorter).gaps_s == ()


def test_a_gap_is_found_in_what_a_resampler_and_a_mean_leave_of_it(tmp_path: Path) -> None:
    wave = np.random.default_rng(12).uniform(-0.5, 0.5, (4 * 44_100, 2))
    wave[88_200 : 88_200 + 11_025] = 0.1
    soundfile.write(tmp_path / "a.wav", wave, 44_100)
    heard = read_recording(tmp_path / "a.wav", Audio(channel="mean", resample=True))
    ((start, end),) = find_gaps(heard, 16_000) / 16_000
    assert start == pytest.approx(2.0, abs=0.01)
    assert end == pytest.approx(2.25, abs=0.01)


@pytest.mark.parametrize("mean", [0.0, 1e300])
def test_a_joined_score_that_is_no_finite_number_is_refused_and_never_normal(mean: float) -> None:
    wave = np.random.default_rng(7).standard_normal(5 * 16_000).astype(np.float32)
    oe = JoinedDetector(weight=1.0, sensitivity=1.0, mean=mean, std=1e-300)
    joined = Joined({"oe": oe}, mean=1e300, std=1e-300, probed_pieces=1, probes=())
    told = _told(np.full(17, 1e300), stretch_s=10.0)
    damaged = replace(told, manifest=replace(told.manifest, joined=joined))
    with pytest.raises(UnscorableError, match="infinite or no number"):
        damaged.score_wave(wave)


def test_the_reported_share_grows_to_one(scorer: Scorer) -> None:
    told: list[float] = []
    scorer.score_wave(_silent_ends(), tell=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_fault_of_20_s_in_ten_minutes_is_above_the_threshold_though_the_mean_is_not() -> None:
    """The fault scores +33; in the mean of the whole recording about +1.1 is left, below a threshold of 1.37."""
    wave = np.random.default_rng(9).standard_normal(600 * 16_000).astype(np.float32)
    starts_s = np.arange(SEGMENTS.count(len(wave))) * 0.25
    fault = (starts_s >= 304.5) & (starts_s < 324.5)
    scores = np.random.default_rng(10).normal(0, 0.5, len(starts_s)) + np.where(fault, 33, 0)
    result = _told(scores, stretch_s=10.0).score_wave(wave)
    assert result.score < 1.37
    assert result.worst.score > 30
    assert result.worst.start_s >= 304
    assert result.worst.end_s <= 326
    assert 3 <= sum(stretch.is_above(1.37) for stretch in result.stretches) <= 6, "the stretches that the fault touches"
    assert [s.start_s for s in result.stretches[:3]] == [0, 5, 10]
