"""The mean of several systems' scores, clip by clip."""

import numpy as np
import pytest

from asd_eval import average_scores
from asd_eval.errors import LengthError, ScoreError

A, B = np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 7.0])


def test_means_are_taken_clip_by_clip():
    assert average_scores([A, B]).tolist() == [2.0, 2.0, 5.0]
    assert average_scores([A, B], weights=[3, 1]).tolist() == [1.5, 2.0, 4.0]


def test_weights_need_not_sum_to_one_and_equal_ones_give_the_mean():
    assert average_scores([A, B], weights=[5, 5]).tolist() == average_scores([A, B]).tolist()
    assert average_scores([A, B], weights=[0, 2]).tolist() == B.tolist()


@pytest.mark.parametrize(
    ("scores", "error"), [([], ScoreError), ([A, A[:2]], LengthError), ([A, [1, 2, np.nan]], ScoreError)]
)
def test_systems_of_different_clips_are_not_combined(scores, error):
    with pytest.raises(error):
        average_scores(scores)


@pytest.mark.parametrize(
    ("weights", "error"), [([1], LengthError), ([0, 0], ScoreError), ([1, -1], ScoreError), ([1, np.nan], ScoreError)]
)
def test_unusable_weights_are_refused(weights, error):
    with pytest.raises(error):
        average_scores([A, B], weights=weights)
