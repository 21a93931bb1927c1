"""Thresholds keep the rates that they promise; decisions are rated as the evaluator does."""

import numpy as np
import pytest
from scipy import stats

from asd_eval import (
    decide,
    decision_metrics,
    false_alarm_rate,
    false_alarm_threshold,
    gamma_threshold,
    quantile_threshold,
)
from asd_eval.errors import EvaluationError, InsufficientDataError, LabelError, LeakageError, LengthError, ScoreError

SCORES = np.random.default_rng(0).gamma(4.0, 2.0, size=500)


def test_the_gamma_threshold_is_the_official_baselines():
    shape, location, scale = stats.gamma.fit(SCORES)
    assert gamma_threshold(SCORES) == stats.gamma.ppf(0.9, shape, loc=location, scale=scale)
    assert np.mean(gamma_threshold(SCORES) < SCORES) == pytest.approx(0.1, abs=0.02)


def test_a_new_normal_clip_exceeds_the_quantile_threshold_no_more_often_than_promised():
    rng = np.random.default_rng(0)
    rates = []
    for _ in range(4000):
        sample = rng.normal(size=20)
        rates.append(np.mean(rng.normal(size=20) > quantile_threshold(sample[:19], quantile=0.9)))
    assert np.mean(rates) == pytest.approx(0.1, abs=0.004)


def test_a_product_one_bit_above_a_whole_number_is_that_rank():
    assert 50 * (1 - 0.42) > 29
    assert quantile_threshold(range(1, 50), quantile=1 - 0.42) == 29


def test_nine_clips_are_just_enough_for_the_0_9_quantile():
    assert quantile_threshold(range(9), quantile=0.9) == 8.0
    with pytest.raises(InsufficientDataError, match="at least 9"):
        quantile_threshold(range(8), quantile=0.9)


def test_the_promised_false_alarm_rate_is_kept_with_its_confidence():
    rng = np.random.default_rng(0)
    per_day, clip_s, confidence = 200.0, 10.0, 0.9
    share = per_day * clip_s / 86_400
    kept, rates = 0, []
    for _ in range(600):
        found = false_alarm_threshold(rng.normal(size=400), per_day=per_day, clip_s=clip_s, confidence=confidence)
        kept += stats.norm.sf(found.threshold) <= share
        rates.append(found.at_most_per_day)
    assert kept / 600 >= confidence - 0.035
    assert kept / 600 < 0.99
    assert max(rates) <= per_day + 1e-6


def test_fewer_clips_than_a_rate_needs_say_how_many_it_takes():
    with pytest.raises(InsufficientDataError, match="25882 normal clips") as caught:
        false_alarm_threshold(SCORES, per_day=1.0, clip_s=10.0)
    assert "500" in str(caught.value)
    enough = np.random.default_rng(0).normal(size=25_882)
    found = false_alarm_threshold(enough, per_day=1.0, clip_s=10.0)
    assert found.threshold == enough.max()
    assert found.at_most_per_day <= 1.0


def test_longer_clips_and_more_patience_lower_the_threshold():
    strict = false_alarm_threshold(SCORES, per_day=100, clip_s=10).threshold
    assert false_alarm_threshold(SCORES, per_day=400, clip_s=10).threshold < strict
    assert false_alarm_threshold(SCORES, per_day=100, clip_s=60).threshold < strict
    assert false_alarm_threshold(SCORES, per_day=100, clip_s=10, confidence=0.5).threshold < strict


def test_the_bound_of_a_given_threshold_is_clopper_and_pearsons():
    found = false_alarm_rate(SCORES, float(np.sort(SCORES)[-6]), clip_s=10.0)
    bound = stats.binomtest(5, 500).proportion_ci(confidence_level=0.9, method="exact").high
    assert found.at_most_per_day == pytest.approx(8640 * bound)
    assert found.expected_per_day == pytest.approx(8640 * 6 / 501)
    assert false_alarm_rate(SCORES, -1.0, clip_s=10.0).at_most_per_day == 8640


@pytest.mark.parametrize("fit", [gamma_threshold, quantile_threshold])
@pytest.mark.parametrize(
    ("scores", "arguments", "error"),
    [
        ([], {}, ScoreError),
        ([1.0, np.nan], {}, ScoreError),
        ([3.0] * 20, {}, ScoreError),
        (SCORES, {"quantile": 0.0}, EvaluationError),
        (SCORES, {"quantile": 1.0}, EvaluationError),
        (SCORES, {"quantile": 90}, EvaluationError),
        ([1.0, 2.0], {"names": ["section_00_0000.wav", "section_00_0001.wav"]}, LeakageError),
    ],
)
def test_thresholds_that_nothing_defines_are_refused(fit, scores, arguments, error):
    with pytest.raises(error):
        fit(scores, **arguments)


@pytest.mark.parametrize(
    "wrong",
    [{"names": ["train"]}, {"per_day": 0}, {"per_day": -1}, {"clip_s": 0}, {"clip_s": np.nan}, {"confidence": 1.0}],
)
def test_rates_that_make_no_sense_are_refused(wrong):
    with pytest.raises(EvaluationError):
        false_alarm_threshold(SCORES, **{"per_day": 1000, "clip_s": 10.0} | wrong)


def test_a_score_at_the_threshold_is_normal():
    assert decide([0.1, 0.2, 0.3], 0.2).tolist() == [0, 0, 1]
    with pytest.raises(ScoreError):
        decide([np.nan], 0.2)


def test_precision_recall_and_f1():
    found = decision_metrics([0, 0, 1, 1, 1], [0, 1, 1, 1, 0])
    assert (found.precision, found.recall) == (2 / 3, 2 / 3)
    assert found.f1 == pytest.approx(2 / 3)


@pytest.mark.parametrize(("labels", "decisions"), [([0, 1], [0, 0]), ([0, 0], [0, 0]), ([0, 0], [1, 1])])
def test_rates_without_clips_to_rate_are_zero_as_the_evaluator_has_it(labels, decisions):
    found = decision_metrics(labels, decisions)
    assert (found.recall, found.f1) == (0.0, 0.0)


def test_decisions_are_0_or_1_for_every_clip():
    with pytest.raises(LabelError, match="decisions"):
        decision_metrics([0, 1], [0, 2])
    with pytest.raises(LengthError):
        decision_metrics([0, 1], [0])
