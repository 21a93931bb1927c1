"""A stream gives the bits of the batch functions for any split into blocks; what is wrong leaves no trace."""

import copy
import pickle
import threading
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import signal

import asd_native

SOS: NDArray[np.float64] = signal.butter(7, 0.5, "high", output="sos")
LOG_MEL = asd_native.LogMel(
    sample_rate_hz=16000, window_samples=256, hop_samples=64, bands=20, low_hz=100, high_hz=7800
)
SEGMENT = 300


class Heard(NamedTuple):
    """What came of a recording: each segment's start, spectrogram, power and weight, and the mean after its score."""

    starts: list[int]
    log_mel: NDArray[np.float32]
    power: NDArray[np.float64]
    weights: NDArray[np.float64]
    means: list[float]


def noise(samples: int, dtype: str, seed: int) -> NDArray[Any]:
    wave = np.random.default_rng(seed).standard_normal(samples)
    return (wave * 3000).astype(np.int16) if dtype == "int16" else wave.astype(np.float32)


def score_of(segment: int) -> float:
    return 3 + segment * segment % 17 / 7


def by_batch(wave: NDArray[Any], hop: int, standardisation: dict[str, Any], bins: int) -> Heard:
    grid = {"segment_samples": SEGMENT, "hop_samples": hop}
    starts = asd_native.segment_starts(len(wave), **grid)
    weights = asd_native.high_passed_power(wave, SOS, **grid, causal=True)[:, 0]
    scores = np.array([score_of(s) for s in range(len(starts))])
    return Heard(
        starts.tolist(),
        LOG_MEL.segments(wave, **grid, **standardisation),
        asd_native.high_passed_power(wave, SOS, **grid, bins=bins, causal=True),
        weights,
        [float(asd_native.weighted_mean(scores[None, :s], weights[None, :s])[0]) for s in range(1, len(starts) + 1)],
    )


def by_stream(stream: asd_native.Stream, blocks: Iterable[NDArray[Any]]) -> Heard:
    segments: list[asd_native.StreamSegment] = []
    means: list[float] = []

    def hear(due: Iterable[asd_native.StreamSegment]) -> None:
        for segment in due:
            means.append(stream.add_score(score_of(len(segments))))
            segments.append(segment)

    for block in blocks:
        hear(stream.push(block))
    hear(stream.finish())
    assert stream.mean == means[-1]
    return Heard(
        [segment.start for segment in segments],
        np.stack([segment.log_mel for segment in segments]),
        np.stack([segment.power for segment in segments]),
        np.array([segment.weight for segment in segments]),
        means,
    )


def assert_same_bits(a: Heard, b: Heard) -> None:
    assert a.starts == b.starts
    assert a.means == b.means
    for ours, theirs in ((a.log_mel, b.log_mel), (a.power, b.power), (a.weights, b.weights)):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs, strict=True)


def made(hop: int = 100, dtype: Any = np.int16, **options: Any) -> asd_native.Stream:
    return asd_native.Stream(LOG_MEL, SOS, dtype=dtype, **{"segment_samples": SEGMENT, "hop_samples": hop, **options})


@settings(max_examples=150, deadline=None)
@given(
    st.data(),
    st.integers(1, 1500),
    st.sampled_from([32, 64, 128, 100, 7, 300, 450]),
    st.sampled_from([{}, {"mean": 0.2, "std": 0.5}, {"per_segment": True}]),
    st.integers(1, 12),
    st.sampled_from(["int16", "float32"]),
    st.integers(0, 2**32 - 1),
)
def test_a_stream_is_the_batch_however_it_is_split(
    data: st.DataObject,
    samples: int,
    hop: int,
    standardisation: dict[str, Any],
    bins: int,
    dtype: str,
    seed: int,
) -> None:
    wave = noise(samples, dtype, seed)
    cuts = sorted(data.draw(st.lists(st.integers(0, samples), max_size=20)))
    stream = made(hop, dtype, bins=bins, **standardisation)
    assert_same_bits(by_stream(stream, np.split(wave, cuts)), by_batch(wave, hop, standardisation, bins))


@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_one_sample_at_a_time_is_a_split_too(dtype: str) -> None:
    wave = noise(750, dtype, 1)
    assert_same_bits(by_stream(made(64, dtype), np.split(wave, 750)), by_batch(wave, 64, {}, 1))


def test_a_stream_at_the_papers_sizes_is_the_batch() -> None:
    log_mel = asd_native.LogMel(
        sample_rate_hz=16000, window_samples=2048, hop_samples=256, bands=224, low_hz=50, high_hz=7800
    )
    grid = {"segment_samples": 80000, "hop_samples": 20000}
    wave = noise(170001, "int16", 2)
    stream = asd_native.Stream(log_mel, SOS, dtype=np.int16, per_segment=True, **grid)
    segments = [segment for block in np.array_split(wave, 17) for segment in [*stream.push(block)]] + [*stream.finish()]
    np.testing.assert_array_equal(
        np.stack([s.log_mel for s in segments]), log_mel.segments(wave, per_segment=True, **grid)
    )
    power = asd_native.high_passed_power(wave, SOS, causal=True, **grid)
    np.testing.assert_array_equal(np.stack([s.power for s in segments]), power)


def test_after_a_reset_nothing_is_left_of_the_recording_before() -> None:
    stream = made()
    wave = noise(777, "int16", 3)
    expected = by_batch(wave, 100, {}, 1)
    for before in (0, 10, 299, 300, 450):
        assert len(list(stream.push(noise(before, "int16", before)))) == (before >= 300) + (before >= 400)
        stream.reset()
        assert_same_bits(by_stream(stream, [wave]), expected)
        stream.reset()


def test_a_reset_drops_segments_that_are_due_and_the_rest_of_the_block() -> None:
    stream = made()
    wave = noise(777, "int16", 4)
    stream.push(np.tile(wave, 3))
    stream.reset()
    assert_same_bits(by_stream(stream, [wave]), by_batch(wave, 100, {}, 1))


def test_leaving_the_loop_at_the_last_segment_of_a_block_loses_no_sample() -> None:
    stream = made()
    wave = noise(777, "int16", 5)
    starts = []
    for block in np.split(wave, [350, 350 + 49]):
        for segment in stream.push(block):
            starts.append(segment.start)
            if segment.start in {0, 400}:
                break
    assert starts == [0, 100, 200, 300, 400]
    assert [segment.start for segment in stream.finish()] == [477]


def test_a_segment_unpacks_and_travels_between_processes() -> None:
    stream = made(dtype="float32", bins=4)
    (segment,) = stream.push(np.ones(SEGMENT, np.float32))
    start, log_mel, power, weight = segment
    assert (start, log_mel.shape, power.shape, weight) == (0, (20, LOG_MEL.frames(SEGMENT)), (4,), 0.0)
    assert pickle.loads(pickle.dumps(segment))[0] == 0


def test_a_block_may_be_a_view_and_read_only() -> None:
    wave = noise(777, "float32", 6)
    frozen = np.repeat(wave, 2)[::2]
    frozen.flags.writeable = False
    assert_same_bits(by_stream(made(dtype="float32"), [frozen]), by_batch(wave, 100, {}, 1))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_block_that_is_not_finite_is_refused_by_its_place_and_leaves_no_trace(value: float) -> None:
    wave = noise(777, "float32", 7)
    stream = made(dtype="float32")
    segments = list(stream.push(wave[:350]))
    bad = wave[350:].copy()
    bad[200] = value  # behind two segments that would be due
    with pytest.raises(ValueError, match="block must be finite; sample 200 of it, 550 of the recording"):
        stream.push(bad)
    segments += [*stream.push(wave[350:]), *stream.finish()]
    np.testing.assert_array_equal(np.stack([s.log_mel for s in segments]), by_batch(wave, 100, {}, 1).log_mel)


def test_calls_out_of_order_are_refused_and_change_nothing() -> None:
    stream = made()
    wave = noise(450, "int16", 8)
    with pytest.raises(RuntimeError, match="holds no sample"):
        stream.finish()
    with pytest.raises(RuntimeError, match="no segment of this recording has a score"):
        _ = stream.mean
    with pytest.raises(RuntimeError, match="no segment waits for a score"):
        stream.add_score(1.0)
    stream.push(wave[:300])
    for call in (lambda: stream.push(wave[300:]), stream.finish):
        with pytest.raises(RuntimeError, match="segments are due: iterate"):
            call()
    with pytest.raises(RuntimeError, match="no segment waits for a score"):
        stream.add_score(1.0)
    assert [segment.start for segment in stream] == [0]
    assert stream.add_score(1.0) == 1.0
    with pytest.raises(RuntimeError, match="each has one score"):
        stream.add_score(2.0)
    assert [segment.start for segment in stream.push(wave[300:])] == [100]
    assert [segment.start for segment in stream.finish()] == [150]
    for call in (lambda: stream.push(wave), stream.finish):
        with pytest.raises(RuntimeError, match="recording has ended: reset the stream"):
            call()
    assert stream.mean == 1.0
    assert list(stream) == []


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"log_mel": None}, TypeError, "log_mel must be an asd_native.LogMel; got NoneType"),
        ({"sos": SOS.astype(np.float32)}, TypeError, "sos must be float64"),
        ({"sos": SOS[0]}, ValueError, r"sos must be \(K, 6\)"),
        ({"sos": SOS * 2}, ValueError, "sos must have a0 = 1"),
        ({"sos": np.tile(SOS[:1], (33, 1))}, ValueError, "sos must have 1 to 32 sections"),
        ({"dtype": np.float64}, TypeError, "dtype must be int16 or float32; got float64"),
        ({"dtype": ">i2"}, TypeError, "dtype must be int16 or float32"),
        ({"segment_samples": 128}, ValueError, "more than half a window, 128 samples; got 128"),
        ({"segment_samples": 0}, ValueError, "segment_samples must be >= 1"),
        ({"segment_samples": 2**62}, ValueError, "more than memory can hold"),
        ({"hop_samples": 0}, ValueError, "hop_samples must be >= 1"),
        ({"hop_samples": 2.0}, TypeError, "hop_samples must be an int"),
        ({"bins": 0}, ValueError, "bins must be between 1 and segment_samples = 300; got 0"),
        ({"bins": 301}, ValueError, "bins must be between 1 and segment_samples = 300; got 301"),
        ({"std": 0.0}, ValueError, "std must be finite and > 0"),
        ({"mean": np.nan}, ValueError, "mean must be finite"),
        ({"mean": 1.0, "per_segment": True}, ValueError, "mean and std must be left out"),
        ({"per_segment": 1}, TypeError, "per_segment must be a bool"),
    ],
)
def test_options_outside_their_range_are_refused_by_name(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    right = {"log_mel": LOG_MEL, "sos": SOS, "dtype": np.int16, "segment_samples": SEGMENT, "hop_samples": 100}
    asd_native.Stream(**right)
    with pytest.raises(error, match=message):
        asd_native.Stream(**{**right, **options})


@pytest.mark.parametrize(
    ("block", "error", "message"),
    [
        (np.zeros(5, np.float32), TypeError, "block must be int16; got float32"),
        ([1, 2], TypeError, "block must be a numpy array"),
        (np.zeros((1, 5), np.int16), ValueError, r"block must be \(T,\); got shape \(1, 5\)"),
        (np.int16(3), TypeError, "block must be a numpy array"),
    ],
)
def test_a_block_of_another_kind_is_refused(block: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        made().push(block)


@pytest.mark.parametrize(
    ("score", "error", "message"),
    [(np.nan, ValueError, "score must be finite"), (np.inf, ValueError, "score must be finite"),
     ("a", TypeError, "score must be a float")],
)  # fmt: skip
def test_a_score_that_is_none_is_refused_and_may_be_given_again(
    score: Any, error: type[Exception], message: str
) -> None:
    stream = made()
    list(stream.push(noise(SEGMENT, "int16", 9)))
    with pytest.raises(error, match=message):
        stream.add_score(score)
    assert stream.add_score(np.float32(2.5)) == 2.5


def test_a_segment_whose_power_is_past_the_range_of_double_takes_no_score() -> None:
    huge = np.array([[1e200, -1e200, 0.0, 1.0, 0.0, 0.0]])
    stream = asd_native.Stream(LOG_MEL, huge, dtype=np.int16, segment_samples=SEGMENT, hop_samples=100)
    (segment,) = stream.push(noise(SEGMENT, "int16", 10))
    assert not np.isfinite(segment.weight)
    with pytest.raises(ValueError, match="weight, its power, must be finite"):
        stream.add_score(1.0)


def test_a_stream_is_not_copied() -> None:
    with pytest.raises(TypeError):
        copy.copy(made())


def test_threads_with_streams_of_their_own_hear_the_same() -> None:
    wave = noise(4000, "int16", 11)
    expected = by_batch(wave, 7, {"per_segment": True}, 3)
    heard: list[Heard] = []

    def listen() -> None:
        heard.append(by_stream(made(7, per_segment=True, bins=3), np.split(wave, range(111, 4000, 111))))

    threads = [threading.Thread(target=listen) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(heard) == 4
    for one in heard:
        assert_same_bits(one, expected)


def test_one_stream_in_two_threads_is_refused_or_right_and_never_a_crash() -> None:
    stream = made(1)
    wave = noise(600, "int16", 12)
    stream.push(wave)
    starts: list[int] = []
    refused: list[str] = []

    def take() -> None:
        while True:
            try:
                starts.append(next(stream).start)
            except StopIteration:
                return
            except RuntimeError as error:
                refused.append(str(error))

    threads = [threading.Thread(target=take) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(starts) == list(range(301))
    assert all("another thread" in message for message in refused)
