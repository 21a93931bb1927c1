"""A stream gives what the recording gives, whatever its blocks and its company."""

import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_model import FRONT_END, flow_manifest, joined_manifest, made_up_manifest, raw_joined, write_made_up
from numpy.typing import NDArray

from asd_features import HighPassSettings, SegmentSettings
from asd_runtime.errors import StreamError
from asd_runtime.model.joined_score import Joined, Scale
from asd_runtime.model.manifest import Manifest
from asd_runtime.scoring.network_scorer import SystemScorer
from asd_runtime.scoring.scorer import Scorer
from asd_runtime.scoring.stream_segments import StreamSegments
from asd_runtime.scoring.streams import SegmentScore
from asd_runtime.scoring.stretches import Stretch, cut_recording
from asd_runtime.sound.samples import Samples
from asd_runtime.sound.standardised_segments import Standardise

RATE_HZ = 16_000
SCORE = 1e-6
"""The project's goal. A filter that begins later and sums in another order differ by rounding."""


@dataclass(frozen=True)
class _Loudness:
    """A cheap network: the score of a segment is the mean of its spectrogram; and what it was given."""

    seen: list[NDArray[np.float32]] = field(default_factory=list)
    scales: Mapping[str, Scale] = field(default_factory=lambda: {"knn-1-source": Scale(0.0, 1.0)})

    def of_segments(self, log_mel: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
        self.seen.extend(log_mel)
        return {"knn-1-source": np.array([each.mean(dtype=np.float64) for each in log_mel])}


def _loudness(standardise: Standardise = "machine") -> tuple[Scorer, _Loudness]:
    """A scorer by `_Loudness`, and its network."""
    manifest, network = replace(made_up_manifest(), joined=raw_joined("oe")), _Loudness()
    front_end = replace(FRONT_END, standardise=standardise)
    return Scorer(replace(manifest, front_end=front_end), "loudness", SystemScorer(front_end, [network]), None), network


def _weighted() -> Manifest:
    return flow_manifest(networks=2, high_pass=HighPassSettings())


def _of_machine() -> Manifest:
    made_up = joined_manifest()
    return replace(made_up, front_end=replace(made_up.front_end, standardise="machine"))


def _of_spectra() -> Manifest:
    made_up = joined_manifest()
    spectral = replace(made_up.joined.detectors["spectral"], weight=1.0)
    return replace(made_up, system="spectral", networks=(), joined=Joined({"spectral": spectral}, 0.05, 0.7, 0, ()))


@pytest.fixture(scope="module", params=[made_up_manifest, joined_manifest, _of_machine, _of_spectra, _weighted])
def scorer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    """Models of each kind that a stream can have."""
    manifest: Callable[[], Manifest] = request.param
    return Scorer.open(write_made_up(tmp_path_factory.mktemp("streams") / "model", manifest()), threads=2)


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    """A network and spectral statistics."""
    return Scorer.open(write_made_up(tmp_path_factory.mktemp("joined") / "model", joined_manifest()), threads=2)


def _sound(samples: int, seed: int, dtype: type = np.int16) -> Samples:
    """Noise that swells, with a gap of 0.3 s in its third second, and one that the last samples may be in."""
    rng = np.random.default_rng(seed)
    wave = (rng.standard_normal(samples) * np.linspace(0.01, 0.2, samples)).astype(np.float32)
    for start in (2 * RATE_HZ + 700 * seed, samples - 3_000):
        wave[start : start + 4_800] = 0.125
    return np.rint(32_768 * wave).astype(np.int16) if dtype == np.int16 else wave


def _all_of(scorer: Scorer, wave: Samples, blocks: Sequence[int]) -> tuple[list[SegmentScore], list[Stretch]]:
    """Segments and stretches of a closed stream; the lengths of the blocks are repeated."""
    stream, segments, at, number = scorer.stream(), [], 0, 0
    while at < len(wave):
        length = blocks[number % len(blocks)]
        segments += stream.push(wave[at : at + length])
        at, number = at + length, number + 1
    end = stream.close()
    segments += end.segments
    stretches = [segment.stretch for segment in segments if segment.stretch is not None]
    return segments, stretches + ([] if end.stretch is None else [end.stretch])


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
@pytest.mark.parametrize("samples", [16_000, 16_001, 47_999, 52_000, 99_123, 128_000])
def test_a_closed_stream_gives_what_the_recording_gives(scorer: Scorer, samples: int, dtype: type) -> None:
    wave = _sound(samples, seed=3, dtype=dtype) if samples > 90_000 else _sound(200_000, 3, dtype)[:samples]
    whole, cut = scorer.score_wave(wave), cut_recording(wave, FRONT_END.segments)
    segments, stretches = _all_of(scorer, wave, [1_600])
    assert [round(RATE_HZ * segment.start_s) for segment in segments] == cut.starts.tolist()
    assert [segment.score is not None for segment in segments] == cut.audible.tolist()
    assert [segment.fault for segment in segments] == ["" if sound else "gap" for sound in cut.audible]
    assert len(stretches) == len(whole.stretches)
    for found, expected in zip(stretches, whole.stretches, strict=True):
        assert replace(found, score=expected.score) == expected
        assert found.score == (None if expected.score is None else pytest.approx(expected.score, rel=0, abs=SCORE))
    threshold = scorer.manifest.threshold.value
    assert all(
        segment.stretch_above == (segment.stretch is not None and segment.stretch.is_above(threshold))
        for segment in segments
    )


@pytest.mark.parametrize("burst", [slice(47_900, 48_000), slice(48_060, 48_160)])
def test_the_weights_of_a_stretch_know_what_is_loud_just_before_and_just_after_it(burst: slice, tmp_path: Path) -> None:
    """The filter rings for some hundred samples; without them, a score here would differ by more than 0.002."""
    scorer = Scorer.open(write_made_up(tmp_path / "model", _weighted()), threads=1)
    wave = np.random.default_rng(1).integers(-5, 6, 96_000).astype(np.int16)
    wave[burst] *= 6_000
    whole, (_, stretches) = scorer.score_wave(wave), _all_of(scorer, wave, [50])
    assert [stretch.start_s for stretch in stretches] == [0.0, 1.5, 3.0]
    scores = [stretch.score for stretch in whole.stretches]
    assert [stretch.score for stretch in stretches] == pytest.approx(scores, rel=0, abs=SCORE)


def test_the_score_of_a_segment_is_that_of_a_recording_of_it_alone(scorer: Scorer) -> None:
    wave = _sound(99_123, seed=4)
    segments, _ = _all_of(scorer, wave, [7_777])
    assert sum(segment.score is not None for segment in segments) > 8
    for segment in segments:
        if segment.score is not None:
            alone = scorer.score_wave(wave[round(RATE_HZ * segment.start_s) : round(RATE_HZ * segment.end_s)])
            assert segment.score == pytest.approx(alone.worst.score, rel=0, abs=SCORE)
            scores = {name: np.array([0.0]) for name in scorer.manifest.joined.voices}
            for name, score in segment.by_detector.items():
                detector = scorer.manifest.joined.detectors[name]
                scores[name] = np.array([score * detector.std + detector.mean])
            assert scorer.manifest.joined.score(scores) == pytest.approx(segment.score, rel=0, abs=SCORE)


@pytest.mark.parametrize("standardise", ["segment", "machine"])
@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_the_network_is_given_the_bits_that_the_recording_gives_it(standardise: Standardise, dtype: type) -> None:
    wave = _sound(99_123, seed=5, dtype=dtype)
    (scorer, network), (of_recording, expected) = _loudness(standardise), _loudness(standardise)
    _all_of(scorer, wave, [1_600])
    of_recording.score_wave(wave)
    audible = cut_recording(wave, FRONT_END.segments).audible
    np.testing.assert_array_equal(network.seen, np.array(expected.seen)[audible])


@settings(max_examples=20, deadline=None)
@given(
    blocks=st.lists(st.integers(0, 30_000), min_size=1, max_size=6).filter(any),
    samples=st.integers(15_000, 100_000),
    dtype=st.sampled_from([np.int16, np.float32]),
)
def test_the_blocks_do_not_matter(blocks: list[int], samples: int, dtype: type) -> None:
    wave = _sound(100_000, seed=6, dtype=dtype)[-samples:]
    scorer, _ = _loudness()
    assert _all_of(scorer, wave, blocks) == _all_of(scorer, wave, [samples])


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_samples_may_come_one_by_one(joined: Scorer, dtype: type) -> None:
    wave = _sound(53_001, seed=2, dtype=dtype)
    one_by_one = _all_of(joined, wave, [1])
    assert len(one_by_one[0]) == 11
    assert one_by_one == _all_of(joined, wave, [53_001])


LOW_HZ = 200
LOW = replace(FRONT_END, segments=SegmentSettings(sample_rate_hz=LOW_HZ, length_s=0.6, overlap=0.75))
PIECES = st.lists(
    st.tuples(st.sampled_from(["sound", "quiet", "drift", "steps"]), st.integers(1, 90), st.integers(0, 2**32 - 1)),
    min_size=1,
    max_size=14,
)


def _piece(kind: str, length: int, seed: int) -> NDArray[np.int16]:
    """Sound, a constant, or what is almost one: at 200 Hz a gap has 50 samples that differ by 2 at most."""
    rng = np.random.default_rng(seed)
    if kind == "sound":
        return rng.integers(-9, 9, length).astype(np.int16)
    if kind == "quiet":
        return np.full(length, rng.integers(-3, 3), np.int16)
    if kind == "drift":
        return (np.arange(length) // 17).astype(np.int16)
    return rng.integers(0, 3, length).astype(np.int16)


@settings(max_examples=300, deadline=None)
@given(pieces=PIECES, blocks=st.lists(st.integers(1, 90), min_size=1, max_size=5), as_float=st.booleans())
def test_the_gaps_of_a_stream_are_those_of_the_recording(
    pieces: list[tuple[str, int, int]], blocks: list[int], as_float: bool
) -> None:
    """Also where one begins with the last sample of a segment, or goes on for the rest of the stream."""
    wave = np.concatenate([_piece(*piece) for piece in pieces])
    samples: Samples = (wave * np.float32(2.0**-21)) if as_float else wave
    stream, starts, audible, at, number = StreamSegments(LOW, 1.8), [], [], 0, 0
    while at < len(samples):
        block = samples[at : at + blocks[number % len(blocks)]]
        assert len(stream.take(block)) == 0
        at, number = at + len(block), number + 1
        found = stream.next(ended=False)
        starts += found[0].tolist()
        audible += found[1].tolist()
    found = stream.next(ended=True)
    if len(wave) >= LOW.segments.length_samples:
        expected = cut_recording(samples, LOW.segments)
        assert starts + found[0].tolist() == expected.starts.tolist()
        assert audible + found[1].tolist() == expected.audible.tolist()
    else:
        assert not starts
        assert not len(found[0])


def test_in_sound_a_segment_is_given_with_the_first_sample_after_it_that_differs() -> None:
    scorer, _ = _loudness()
    wave = _sound(99_123, seed=7)
    wave[[15_999, 16_000]] = 50, 51
    wave[16_001] = 90
    stream = scorer.stream()
    assert not stream.push(wave[:16_001])  # 50, 51: both may be in a gap that begins here
    assert [segment.end_s for segment in stream.push(wave[16_001:16_002])] == [1.0]


def test_a_segment_that_ends_in_quiet_is_held_back_until_the_quiet_is_a_gap_or_ends() -> None:
    scorer, _ = _loudness()
    wave = np.random.default_rng(8).integers(-900, 900, 40_000).astype(np.int16)
    wave[15_000:18_999], wave[18_999:19_001] = 5, (500, 700)
    stream = scorer.stream()
    assert not stream.push(wave[:19_000])  # quiet at another level right behind would belong to the same gap
    (segment,) = stream.push(wave[19_000:19_001])
    assert segment.score is not None
    wave[18_999] = 5
    stream = scorer.stream()
    assert not stream.push(wave[:18_999])
    (segment,) = stream.push(wave[18_999:19_000])
    assert (segment.score, segment.fault, segment.by_detector) == (None, "gap", {})


def test_the_scores_of_a_stream_do_not_depend_on_its_company_to_the_last_bit(scorer: Scorer) -> None:
    lengths = [99_123, 80_000, 16_000, 70_001, 100_000, 9_000]
    waves = [
        _sound(120_000, seed, np.float32 if seed % 2 else np.int16)[:length] for seed, length in enumerate(lengths)
    ]
    alone = [_all_of(scorer, wave, [1_000]) for wave in waves]
    streams, found = scorer.streams(len(waves)), [[] for _ in waves]
    for at in range(0, max(lengths), 1_000):
        blocks = [wave[at : at + 1_000] if at < len(wave) else None for wave in waves]
        for of_one, more in zip(found, streams.push(blocks), strict=True):
            of_one.extend(more)
    for of_one, end, (segments, stretches) in zip(found, streams.close(), alone, strict=True):
        assert of_one + list(end.segments) == segments
        given_before = [segment.stretch for segment in segments if segment.stretch is not None]
        assert given_before + ([] if end.stretch is None else [end.stretch]) == stretches


def test_streams_of_one_scorer_run_in_several_threads_and_score_as_alone(scorer: Scorer) -> None:
    waves = [_sound(60_000, seed) for seed in range(8)]
    alone = [_all_of(scorer, wave, [1_000]) for wave in waves]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda wave: _all_of(scorer, wave, [1_000]), waves)) == alone


def test_what_cannot_be_scored_has_a_fault_and_costs_the_other_streams_nothing(tmp_path: Path) -> None:
    scorer = Scorer.open(write_made_up(tmp_path / "model", _of_machine()), threads=1)
    good, bad = _sound(80_000, 1, np.float32), _sound(80_000, 1, np.float32)
    bad[70_000] = 3e38
    streams = scorer.streams(2)
    of_good, of_bad = streams.push([good, bad])
    assert of_good == scorer.stream().push(good)
    faulty = [segment for segment in of_bad if segment.start_s < 70_000 / RATE_HZ < segment.end_s]
    assert faulty
    assert all("exceeds the range of float32" in segment.fault and segment.score is None for segment in faulty)
    assert [segment for segment in of_bad if segment not in faulty] == [
        segment for segment in of_good if segment.end_s <= 70_000 / RATE_HZ
    ]
    (stretch,) = [segment.stretch for segment in faulty if segment.stretch is not None]
    assert stretch.score is None


def test_a_stream_shorter_than_a_segment_gives_nothing(joined: Scorer) -> None:
    for samples in (0, 1, 15_999):
        assert _all_of(joined, _sound(20_000, 0)[:samples], [1_000]) == ([], [])


def test_a_stream_takes_no_more_memory_however_long_it_runs() -> None:
    """What Python and NumPy hold after eight minutes is what they held after two, but for NumPy's own free lists."""
    scorer, network = _loudness()
    stream, minute = scorer.stream(), _sound(60 * RATE_HZ, 9)
    tracemalloc.start()
    try:
        held = []
        for number in range(8):
            for at in range(0, len(minute), RATE_HZ):
                stream.push(minute[at : at + RATE_HZ])
            network.seen.clear()
            if number in (1, 7):
                held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert held[1] - held[0] < 20_000, "64 bytes kept of each segment are 92,000"


def test_a_model_that_needs_the_level_of_the_whole_recording_is_refused(tmp_path: Path) -> None:
    made_up = made_up_manifest()
    by_clip = replace(made_up, front_end=replace(made_up.front_end, standardise="clip"))
    scorer = Scorer.open(write_made_up(tmp_path / "model", by_clip), threads=1)
    with pytest.raises(StreamError, match=r"level of the whole recording.+Scorer.score"):
        scorer.stream()


@pytest.mark.parametrize(
    ("block", "error", "said"),
    [
        (np.zeros(100), TypeError, "must be int16 or float32; got float64"),
        ([0, 1], TypeError, "must be int16 or float32; got list"),
        (np.zeros(100, np.float32), TypeError, "of one type; got float32 after int16"),
        (np.zeros((1, 100), np.int16), ValueError, r"must be \(T,\); got shape \(1, 100\)"),
    ],
)
def test_a_block_that_a_stream_cannot_take_is_refused_and_changes_nothing(
    block: Samples, error: type[Exception], said: str
) -> None:
    scorer, _ = _loudness()
    streams, wave = scorer.streams(2), _sound(40_000, 0)
    streams.push([wave[:20_000], wave[:20_000]])
    with pytest.raises(error, match=said):
        streams.push([wave[:20_000], block])
    first, second = streams.push([wave[20_000:], wave[20_000:]])
    assert first == second == scorer.stream().push(wave)[1:]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_block_with_a_number_that_is_not_finite_is_refused(value: float) -> None:
    scorer, _ = _loudness()
    with pytest.raises(ValueError, match="must be finite"):
        scorer.stream().push(np.array([0.0, value], np.float32))


def test_a_closed_stream_and_a_wrong_number_of_blocks_are_refused() -> None:
    scorer, _ = _loudness()
    streams, stream = scorer.streams(3), scorer.stream()
    with pytest.raises(ValueError, match="one for each of 3 streams, or None; got 1"):
        streams.push([None])
    stream.close()
    for again in (stream.close, lambda: stream.push(np.zeros(1, np.int16))):
        with pytest.raises(StreamError, match="the stream is closed"):
            again()
    with pytest.raises(ValueError, match="count must be at least 1"):
        scorer.streams(0)
