"""Weighted means equal numpy.average, hold for all-zero and extreme weights, and do not depend on layout or threads."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

import asd_native

# Sums of some tens of doubles in another order than NumPy's; relative to the largest score, since both signs cancel.
RELATIVE = 1e-13

finite = st.floats(-1e6, 1e6)
positive = st.one_of(st.just(0.0), st.floats(1e-300, 1e300))


def reference_mean(scores: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    if not weights.any():
        return float(scores.mean())
    scaled = weights / weights.max()
    return float((scores * scaled).sum() / scaled.sum())


@settings(max_examples=150, deadline=None)
@given(st.data(), st.integers(0, 4), st.integers(1, 9), st.integers(0, 3))
def test_means_of_scores_equal_numpy(data: st.DataObject, clips: int, segments: int, threads: int) -> None:
    scores = data.draw(arrays(np.float64, (clips, segments), elements=finite))
    weights = data.draw(arrays(np.float64, (clips, segments), elements=positive))
    got = asd_native.weighted_mean(scores, weights, threads=threads)
    expected = np.array([reference_mean(s, w) for s, w in zip(scores, weights, strict=True)])
    assert got.dtype == np.float64
    largest = max(1.0, float(np.abs(scores).max(initial=0)))
    np.testing.assert_allclose(got, expected.reshape(clips), rtol=0, atol=RELATIVE * largest)


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.integers(0, 3), st.integers(1, 5), st.integers(1, 5), st.integers(1, 6)),
    st.sampled_from([np.float32, np.float64]),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_means_of_maps_equal_numpy(
    shape: tuple[int, int, int, int], dtype: type[np.float32] | type[np.float64], silent: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    maps: NDArray[np.float32 | np.float64] = rng.standard_normal(shape).astype(dtype)
    weights = rng.random((shape[0], shape[1], shape[3]))
    if silent:
        weights[:1] = 0.0
    got = asd_native.weighted_map_mean(maps, weights)
    columns = maps.astype(np.float64).mean(axis=2)
    expected = [reference_mean(c.ravel(), w.ravel()) for c, w in zip(columns, weights, strict=True)]
    np.testing.assert_allclose(got, np.array(expected).reshape(shape[0]), rtol=0, atol=RELATIVE * 10)


def test_zero_weights_mean_equal_weights() -> None:
    scores = np.array([[1.0, 2.0, 6.0], [1.0, 2.0, 6.0]])
    weights = np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
    np.testing.assert_array_equal(asd_native.weighted_mean(scores, weights), [3.0, 4.0])


@pytest.mark.parametrize("weight", [5e-324, 1e-310, 1.0, 1.7e308])
def test_one_weight_for_all_is_the_mean_however_small_or_large(weight: float) -> None:
    scores = np.arange(8.0)[None, :]
    np.testing.assert_allclose(asd_native.weighted_mean(scores, np.full((1, 8), weight)), [3.5], rtol=1e-15)


def test_one_sample_is_its_own_mean() -> None:
    assert asd_native.weighted_mean(np.array([[7.25]]), np.array([[0.3]])).tolist() == [7.25]


def test_scaling_the_weights_of_a_clip_changes_nothing() -> None:
    rng = np.random.default_rng(1)
    scores, weights = rng.standard_normal((5, 7)), rng.random((5, 7))
    expected = asd_native.weighted_mean(scores, weights)
    np.testing.assert_array_equal(asd_native.weighted_mean(scores, weights * 1024), expected)


def test_float32_scores_and_weights_count_as_the_same_float64() -> None:
    rng = np.random.default_rng(2)
    scores, weights = rng.random((4, 6)).astype(np.float32), rng.random((4, 6)).astype(np.float32)
    expected = asd_native.weighted_mean(scores.astype(np.float64), weights.astype(np.float64))
    np.testing.assert_array_equal(asd_native.weighted_mean(scores, weights), expected)


def test_neither_layout_nor_threads_change_a_bit() -> None:
    rng = np.random.default_rng(3)
    maps, weights = rng.random((4, 3, 5, 6)).astype(np.float32), rng.random((4, 3, 6))
    expected = asd_native.weighted_map_mean(maps, weights)
    frozen, frozen_maps = weights.copy(), maps.copy()
    frozen.flags.writeable = frozen_maps.flags.writeable = False
    for other in (np.asfortranarray(maps), np.repeat(maps, 2, axis=3)[..., ::2], maps[::-1].copy()[::-1], frozen_maps):
        for threads in (0, 1, 3):
            np.testing.assert_array_equal(asd_native.weighted_map_mean(other, frozen, threads=threads), expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_read_only_scores_and_weights_are_read(dtype: type[np.float32] | type[np.float64]) -> None:
    rng = np.random.default_rng(5)
    scores: NDArray[np.float32 | np.float64] = rng.random((4, 6)).astype(dtype)
    weights: NDArray[np.float32 | np.float64] = rng.random((4, 6)).astype(dtype)
    expected = asd_native.weighted_mean(scores, weights)
    kept = scores.copy(), weights.copy()
    scores.flags.writeable = weights.flags.writeable = False
    np.testing.assert_array_equal(asd_native.weighted_mean(scores, weights), expected)
    np.testing.assert_array_equal((scores, weights), kept)


def test_the_result_is_written_to_out() -> None:
    rng = np.random.default_rng(4)
    out = np.full(3, np.nan)
    assert asd_native.weighted_mean(rng.random((3, 2)), rng.random((3, 2)), out=out) is out
    assert np.isfinite(out).all()
    assert asd_native.weighted_map_mean(rng.random((3, 2, 1, 4)), rng.random((3, 2, 4)), out=out) is out
