"""Means, ranks, extremes and the choice of members."""

import numpy as np
import pytest

from asd_eval import (
    average_ranks,
    average_scores,
    maximum_scores,
    minimum_scores,
    select_by_agreement,
    select_by_labels,
)
from asd_eval.errors import EvaluationError, LengthError, ScoreError, UndefinedMetricError

A, B = np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 7.0])


def test_means_minimum_and_maximum_are_taken_clip_by_clip():
    assert average_scores([A, B]).tolist() == [2.0, 2.0, 5.0]
    assert average_scores([A, B], weights=[3, 1]).tolist() == [1.5, 2.0, 4.0]
    assert minimum_scores([A, B]).tolist() == [1.0, 2.0, 3.0]
    assert maximum_scores([A, B]).tolist() == [3.0, 2.0, 7.0]


def test_weights_need_not_sum_to_one_and_equal_ones_give_the_mean():
    assert average_scores([A, B], weights=[5, 5]).tolist() == average_scores([A, B]).tolist()
    assert average_scores([A, B], weights=[0, 2]).tolist() == B.tolist()


def test_mean_ranks_depend_on_order_alone_and_ties_share():
    assert average_ranks([A, np.exp(A)]).tolist() == pytest.approx([1 / 3, 2 / 3, 1.0])
    assert average_ranks([[1.0, 1.0, 2.0]]).tolist() == pytest.approx([0.5, 0.5, 1.0])


@pytest.mark.parametrize("combine", [average_scores, average_ranks, minimum_scores, maximum_scores])
@pytest.mark.parametrize(
    ("scores", "error"), [([], ScoreError), ([A, A[:2]], LengthError), ([A, [1, 2, np.nan]], ScoreError)]
)
def test_systems_of_different_clips_are_not_combined(combine, scores, error):
    with pytest.raises(error):
        combine(scores)


@pytest.mark.parametrize(
    ("weights", "error"), [([1], LengthError), ([0, 0], ScoreError), ([1, -1], ScoreError), ([1, np.nan], ScoreError)]
)
def test_unusable_weights_are_refused(weights, error):
    with pytest.raises(error):
        average_scores([A, B], weights=weights)


def members(noise, clips=400):
    rng = np.random.default_rng(0)
    labels = np.arange(clips) % 2
    domains = np.where(np.arange(clips) % 4 < 2, "source", "target")
    return {
        name: {"label": labels, "domain": domains, "score": labels + level * rng.normal(size=clips)}
        for name, level in noise.items()
    }


def test_labels_choose_the_members_with_the_best_official_score():
    tables = members({"bad": 9.0, "good": 0.3, "fair": 1.0})
    assert select_by_labels(tables, size=2) == ("good", "fair")


def test_agreement_leaves_out_the_member_that_errs_alone():
    rng = np.random.default_rng(0)
    common = rng.normal(size=300)
    scores = {name: common + 0.2 * rng.normal(size=300) for name in "abcd"} | {"odd": rng.normal(size=300)}
    assert set(select_by_agreement(scores, size=4)) == set("abcd")
    assert select_by_agreement(scores, size=5)[-1] == "odd"
    scaled = {name: 5 * values**3 for name, values in scores.items()}
    assert select_by_agreement(scaled, size=5) == select_by_agreement(scores, size=5)


@pytest.mark.parametrize("size", [0, 4, -1])
def test_more_members_than_there_are_cannot_be_chosen(size):
    with pytest.raises(EvaluationError, match="size"):
        select_by_labels(members({"a": 1.0, "b": 1.0, "c": 1.0}), size=size)
    with pytest.raises(EvaluationError, match="size"):
        select_by_agreement({"a": A, "b": B, "c": A}, size=size)


def test_members_that_cannot_be_judged_are_named():
    tables = members({"a": 1.0, "b": 1.0})
    tables["b"]["domain"] = np.full(400, "source")
    with pytest.raises(UndefinedMetricError, match="'b'"):
        select_by_labels(tables, size=1)
    with pytest.raises(EvaluationError, match="'flat'"):
        select_by_agreement({"a": A, "b": B, "flat": [1.0, 1.0, 1.0]}, size=1)
    with pytest.raises(LengthError):
        select_by_agreement({"a": A, "b": B, "c": A[:2]}, size=1)
    with pytest.raises(EvaluationError, match="at least 3"):
        select_by_agreement({"a": A, "b": B}, size=1)
