"""Laws of clip scores: a weighted mean per clip, whatever the other clips are."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_inlier import clip_scores


@given(st.lists(st.integers(1, 9), min_size=1, max_size=30), st.integers(0, 2**32 - 1))
def test_clip_scores_are_numpys_weighted_averages(counts: list[int], seed: int) -> None:
    generator = np.random.default_rng(seed)
    scores, weights = generator.standard_normal(sum(counts)), generator.random(sum(counts)) + 1e-3
    parts = np.split(np.arange(sum(counts)), np.cumsum(counts)[:-1])
    plain = [scores[part].mean() for part in parts]
    weighted = [np.average(scores[part], weights=weights[part]) for part in parts]
    np.testing.assert_allclose(clip_scores(scores, counts), plain, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(clip_scores(scores, counts, weights), weighted, rtol=1e-12, atol=1e-13)


def test_the_score_of_a_clip_does_not_depend_on_the_other_clips() -> None:
    generator = np.random.default_rng(0)
    counts = generator.integers(1, 8, size=40)
    scores, weights = generator.standard_normal(counts.sum()), generator.random(counts.sum())
    together = clip_scores(scores, counts, weights)
    for clip, start in enumerate(np.cumsum(counts) - counts):
        part = slice(start, start + counts[clip])
        assert clip_scores(scores[part], counts[clip : clip + 1], weights[part])[0] == together[clip]


def test_weights_of_zero_mean_equal_weights_and_their_scale_does_not_matter(tolerances: Any) -> None:
    scores, counts = [1.0, 2, 6, 5, 7], [3, 2]
    np.testing.assert_allclose(clip_scores(scores, counts, [0, 0, 0, 1, 0]), [3, 5], rtol=tolerances.mean)
    small = clip_scores(scores, counts, [1e-9, 0, 3e-9, 2, 2])
    np.testing.assert_allclose(small, [4.75, 6], rtol=tolerances.mean)


def test_no_clips_give_no_scores() -> None:
    assert clip_scores([], []).shape == (0,)


@pytest.mark.parametrize(
    ("scores", "counts", "weights", "message"),
    [
        ([1.0, 2], [1], None, r"segment_scores must be \(1,\)"),
        ([1.0, 2], [2, 0], None, "counts must be"),
        ([1.0], [2**40], None, rf"segment_scores must be \({2**40},\)"),
        ([1.0], [2**62] * 4, None, rf"segment_scores must be \({2**64},\)"),
        ([1.0, 2], [1.0, 1.0], None, "counts must be"),
        ([1.0, 2], [[2]], None, "counts must be"),
        ([1.0, np.nan], [2], None, "segment_scores must be finite; element 1"),
        ([1.0, 2], [2], [1.0], r"weights must be \(2,\)"),
        ([1.0, 2], [2], [1.0, -1], "weights must be at least 0; element 1"),
        ([1.0, 2], [2], [np.inf, 1], "weights must be finite; element 0"),
    ],
)
def test_wrong_arguments_are_named(scores: Any, counts: Any, weights: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        clip_scores(scores, counts, weights)
