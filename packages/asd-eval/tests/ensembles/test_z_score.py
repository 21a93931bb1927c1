"""The standardiser: fitted on training scores alone, one clip at a time, order kept."""

import numpy as np
import pytest

from asd_eval import ZScoreStandardiser
from asd_eval.errors import NotFittedError, ScoreError

TRAINING = np.random.default_rng(0).gamma(2.0, size=400)


def test_a_clips_score_does_not_depend_on_the_other_clips_of_the_call():
    fitted = ZScoreStandardiser().fit(TRAINING)
    scores = np.array([0.1, 2.0, 5.0, 50.0])
    together = fitted.transform(scores)
    assert together.tolist() == [float(fitted.transform(score)) for score in scores]
    assert fitted.transform(2.0).shape == ()


def test_order_is_kept_far_beyond_the_training_scores():
    scores = np.linspace(-5, 40, 500)
    assert np.all(np.diff(ZScoreStandardiser().fit(TRAINING).transform(scores)) > 0)


def test_the_result_does_not_depend_on_the_scale_of_the_system():
    scores = np.linspace(0, 10, 50)
    plain = ZScoreStandardiser().fit(TRAINING).transform(scores)
    assert ZScoreStandardiser().fit(7 * TRAINING - 3).transform(7 * scores - 3) == pytest.approx(plain, abs=1e-9)


def test_training_scores_get_mean_0_and_deviation_1():
    standard = ZScoreStandardiser().fit(TRAINING).transform(TRAINING)
    assert (standard.mean(), standard.std()) == pytest.approx((0, 1), abs=1e-12)


@pytest.mark.parametrize("scores", [[], [1.0, np.nan], [2.0] * 9, [[1.0, 2.0]], ["x"]])
def test_training_scores_without_a_scale_are_refused(scores):
    with pytest.raises(ScoreError):
        ZScoreStandardiser().fit(scores)


def test_transform_before_fit_is_refused():
    with pytest.raises(NotFittedError, match="fit"):
        ZScoreStandardiser().transform([1.0])
