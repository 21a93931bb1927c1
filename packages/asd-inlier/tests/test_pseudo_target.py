"""Laws of pseudo-target data: what is mixed, in which proportion, and that the seed decides everything."""

from typing import Any

import numpy as np
import pytest

from asd_inlier import pseudo_target_segments


def test_the_weights_have_the_moments_of_beta_02_02(tolerances: Any) -> None:
    mixed = pseudo_target_segments(np.ones((20_000, 1), np.float32), [np.zeros(5)], seed=0)
    assert mixed.min() >= 0
    assert mixed.max() <= 1
    assert mixed.mean() == pytest.approx(0.5, abs=tolerances.moment_absolute)
    assert mixed.var() == pytest.approx(1 / (4 * 1.4), abs=tolerances.moment_absolute)


def test_each_row_is_source_and_one_contiguous_crop_of_one_clip() -> None:
    # Each target sample is unique, so that the crop can be read off where the source is zero.
    clips = [np.arange(1, 30, dtype=np.float32), np.arange(101, 121, dtype=np.float32)]
    source = np.zeros((400, 6), np.float32)
    source[:, 0] = 1
    crops = pseudo_target_segments(0 * source, clips, seed=3)
    with_source = pseudo_target_segments(source, clips, seed=3)
    weight = with_source[:, 0] - crops[:, 0]
    np.testing.assert_array_equal(with_source[:, 1:], crops[:, 1:])
    seen = set()
    for crop, lam in zip(crops, weight, strict=True):
        if lam < 0.9:
            values = np.round(crop / (1 - lam), 2)
            np.testing.assert_allclose(np.diff(values), 1, atol=0.05)
            seen.add(round(float(values[0])))
    assert seen == {*range(1, 25), *range(101, 116)}, "every start of every clip is drawn, and no other"


def test_a_clip_shorter_than_a_segment_is_repeated() -> None:
    mixed = pseudo_target_segments(np.zeros((50, 7), np.float32), [[1.0, 2, 3]], seed=0)
    ratio = mixed[mixed[:, 0] > 0.1] / mixed[mixed[:, 0] > 0.1, :1]
    np.testing.assert_allclose(ratio, np.tile([1, 2, 3, 1, 2, 3, 1], (len(ratio), 1)), rtol=1e-5)


def test_the_seed_decides_everything_and_the_source_stays() -> None:
    source = np.random.default_rng(0).standard_normal((30, 8)).astype(np.float32)
    before = source.copy()
    clips = [np.random.default_rng(1).standard_normal(20)]
    first = pseudo_target_segments(source, clips, seed=1)
    np.testing.assert_array_equal(first, pseudo_target_segments(source, clips, seed=np.random.default_rng(1)))
    assert (first != pseudo_target_segments(source, clips, seed=2)).any()
    np.testing.assert_array_equal(source, before)
    assert first.dtype == np.float32


def test_mixing_source_with_itself_changes_nothing_but_rounding() -> None:
    source = np.random.default_rng(0).standard_normal((1, 8)).astype(np.float32)
    np.testing.assert_allclose(pseudo_target_segments(source, [source[0]], seed=0), source, rtol=1e-6)


def test_no_source_gives_no_segments() -> None:
    assert pseudo_target_segments(np.zeros((0, 8), np.float32), [np.ones(9)], seed=0).shape == (0, 8)


@pytest.mark.parametrize(
    ("source", "clips", "alpha", "message"),
    [
        (np.zeros(8), [np.ones(9)], 0.2, r"source must be \(N, L\)"),
        (np.zeros((2, 0)), [np.ones(9)], 0.2, r"source must be \(N, L\)"),
        (np.zeros((2, 8)), [], 0.2, "at least one waveform"),
        (np.zeros((2, 8)), [np.ones(9), np.ones((2, 9))], 0.2, r"target_clips\[1\]"),
        (np.zeros((2, 8)), [np.ones(0)], 0.2, r"target_clips\[0\]"),
        (np.zeros((2, 8)), [np.ones(9)], 0.0, "alpha must be above 0"),
        (np.zeros((2, 8)), [np.ones(9), np.array([0.0, np.nan])], 0.2, r"target_clips\[1\] holds NaN"),
        (np.array([[0.0] * 8, [np.inf] * 8]), [np.ones(9)], 0.2, r"source\[1\] holds NaN"),
    ],
)
def test_wrong_arguments_are_named(source: Any, clips: Any, alpha: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pseudo_target_segments(source, clips, alpha=alpha, seed=0)


def test_samples_that_nobody_scaled_are_refused() -> None:
    source, clip = np.zeros((2, 8), np.float32), np.ones(9, np.float32)
    with pytest.raises(TypeError, match=r"source must be floating point.*got int16"):
        pseudo_target_segments(source.astype(np.int16), [clip], seed=0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"target_clips\[1\] must be floating point.*got int16"):
        pseudo_target_segments(source, [clip, clip.astype(np.int16)], seed=0)
