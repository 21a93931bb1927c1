"""Segments equal their readable NumPy reference, for any shape, layout, type and number of threads."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import asd_native

# One rounding to float32 of a value computed in double: half a unit in the last place, and another half where the
# moments differ in their last bits from those of the sums of NumPy.
FLOAT32_RELATIVE = 1.2e-7

WaveArray = NDArray[np.int16 | np.float32]


def reference_starts(samples: int, segment: int, hop: int) -> list[int]:
    if samples < segment:
        return [0]
    starts = list(range(0, samples - segment + 1, hop))
    return starts if starts[-1] + segment == samples else [*starts, samples - segment]


def reference_segments(clip: WaveArray, segment: int, hop: int) -> NDArray[np.float64]:
    values = clip.astype(np.float64) / (32768 if clip.dtype == np.int16 else 1)
    repeated = np.resize(values, max(len(values), segment))
    return np.stack([repeated[s : s + segment] for s in reference_starts(len(clip), segment, hop)])


def reference_per_segment(segments: NDArray[np.float64]) -> NDArray[np.float64]:
    constant = segments.min(axis=-1, keepdims=True) == segments.max(axis=-1, keepdims=True)
    std = np.where(constant, 1.0, segments.std(axis=-1, keepdims=True))
    return np.where(constant, 0.0, (segments - segments.mean(axis=-1, keepdims=True)) / std)


def random_wave(shape: tuple[int, ...], dtype: str, seed: int) -> WaveArray:
    rng = np.random.default_rng(seed)
    if dtype == "int16":
        return rng.integers(-32768, 32768, shape, dtype=np.int16)
    return (0.3 + 0.1 * rng.standard_normal(shape)).astype(np.float32)


def layouts(wave: WaveArray) -> Iterator[WaveArray]:
    """The same values, laid out in memory in every way that NumPy knows."""
    yield wave
    yield np.asfortranarray(wave)
    yield np.repeat(wave, 3, axis=-1)[..., ::3]
    yield np.ascontiguousarray(wave[..., ::-1])[..., ::-1]
    read_only = wave.copy()
    read_only.flags.writeable = False
    yield read_only
    unaligned = np.frombuffer(b"\0" + wave.tobytes(), dtype=np.uint8)[1:].view(wave.dtype).reshape(wave.shape)
    assert wave.dtype.itemsize == 1 or not unaligned.flags.aligned
    yield unaligned


clip_shapes = st.sampled_from([(), (1,), (3,)])
dtypes = st.sampled_from(["int16", "float32"])
seeds = st.integers(0, 2**32 - 1)


@given(st.integers(1, 300), st.integers(1, 320), st.integers(1, 320))
def test_starts_follow_the_grid_and_cover_the_tail(samples: int, segment: int, hop: int) -> None:
    starts = asd_native.segment_starts(samples, segment_samples=segment, hop_samples=hop)
    assert starts.dtype == np.int64
    assert starts.tolist() == reference_starts(samples, segment, hop)
    assert asd_native.segment_count(samples, segment_samples=segment, hop_samples=hop) == len(starts)


def test_clips_of_ten_and_twelve_seconds_give_five_and_seven_segments() -> None:
    counts = [asd_native.segment_count(s * 16000, segment_samples=80000, hop_samples=20000) for s in (10, 12)]
    assert counts == [5, 7]


@settings(max_examples=120, deadline=None)
@given(clip_shapes, st.integers(1, 900), st.integers(1, 900), st.integers(1, 900), dtypes, seeds, st.integers(0, 3))
def test_segments_by_a_given_mean_and_deviation_equal_numpy(
    clips: tuple[int, ...], samples: int, segment: int, hop: int, dtype: str, seed: int, threads: int
) -> None:
    wave = random_wave((*clips, samples), dtype, seed)
    got = asd_native.cut_segments(wave, segment_samples=segment, hop_samples=hop, mean=0.25, std=0.125, threads=threads)
    rows = wave.reshape(-1, samples)
    expected = np.stack([(reference_segments(row, segment, hop) - 0.25) / 0.125 for row in rows])
    assert got.dtype == np.float32
    assert got.shape == (*clips, *expected.shape[1:])
    # The deviation is a power of two: not even the last bit may differ.
    np.testing.assert_array_equal(got.reshape(expected.shape), expected.astype(np.float32))


@settings(max_examples=120, deadline=None)
@given(clip_shapes, st.integers(1, 900), st.integers(1, 900), st.integers(1, 900), dtypes, seeds, st.integers(0, 3))
def test_segments_by_their_own_moments_equal_numpy(
    clips: tuple[int, ...], samples: int, segment: int, hop: int, dtype: str, seed: int, threads: int
) -> None:
    wave = random_wave((*clips, samples), dtype, seed)
    got = asd_native.cut_segments(wave, segment_samples=segment, hop_samples=hop, per_segment=True, threads=threads)
    rows = wave.reshape(-1, samples)
    expected = np.stack([reference_per_segment(reference_segments(row, segment, hop)) for row in rows])
    np.testing.assert_allclose(got.reshape(expected.shape), expected, rtol=FLOAT32_RELATIVE, atol=1e-7)


@pytest.mark.parametrize(("samples", "segment", "hop"), [(9000, 4096, 1024), (9216, 3072, 1024), (70000, 2048, 512)])
@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_moments_shared_between_overlapping_segments_equal_numpy(
    samples: int, segment: int, hop: int, dtype: str
) -> None:
    wave = random_wave((2, samples), dtype, 5)
    got = asd_native.cut_segments(wave, segment_samples=segment, hop_samples=hop, per_segment=True)
    expected = np.stack([reference_per_segment(reference_segments(row, segment, hop)) for row in wave])
    np.testing.assert_allclose(got, expected, rtol=FLOAT32_RELATIVE, atol=1e-7)


@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_a_large_output_equals_numpy(dtype: str) -> None:
    # Large enough for stores past the caches, which small ones do not take.
    wave = random_wave((3, 160001), dtype, 6)
    got = asd_native.cut_segments(wave, segment_samples=80000, hop_samples=20000, per_segment=True, threads=2)
    expected = np.stack([reference_per_segment(reference_segments(row, 80000, 20000)) for row in wave])
    np.testing.assert_allclose(got, expected, rtol=FLOAT32_RELATIVE, atol=1e-7)


@pytest.mark.parametrize("value", [0.0, 0.1, -3.3, 1e-40])
def test_a_constant_segment_becomes_zeros(value: float) -> None:
    wave = np.full(5000, value, np.float32)
    wave[4000:] = random_wave((1000,), "float32", 7)
    got = asd_native.cut_segments(wave, segment_samples=1024, hop_samples=512, per_segment=True)
    assert not got[:5].any()
    assert got[-1].any()


@pytest.mark.parametrize("shape", [(700,), (3, 700)])
@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_the_layout_in_memory_changes_no_bit(shape: tuple[int, ...], dtype: str) -> None:
    wave = random_wave(shape, dtype, 1)
    first, *others = [
        asd_native.cut_segments(w, segment_samples=200, hop_samples=70, per_segment=True) for w in layouts(wave)
    ]
    for other in others:
        np.testing.assert_array_equal(other, first)


def test_a_clip_does_not_depend_on_the_clips_beside_it() -> None:
    wave = random_wave((4, 3000), "float32", 2)
    together = asd_native.cut_segments(wave, segment_samples=1024, hop_samples=256, per_segment=True)
    for clip, expected in zip(wave, together, strict=True):
        alone = asd_native.cut_segments(clip, segment_samples=1024, hop_samples=256, per_segment=True)
        np.testing.assert_array_equal(alone, expected)


def test_the_result_is_written_to_out() -> None:
    wave = random_wave((2, 500), "int16", 3)
    out = np.full((2, 5, 100), np.nan, np.float32)
    assert asd_native.cut_segments(wave, segment_samples=100, hop_samples=100, out=out) is out
    np.testing.assert_array_equal(out, asd_native.cut_segments(wave, segment_samples=100, hop_samples=100))


def test_no_clips_give_no_segments() -> None:
    got = asd_native.cut_segments(np.empty((0, 500), np.int16), segment_samples=100, hop_samples=50)
    assert got.shape == (0, 9, 100)
