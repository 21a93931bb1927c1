"""Laws of AUC and pAUC, and agreement with scikit-learn where it is installed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asd_eval import partial_auc, roc_auc, roc_curve
from asd_eval.errors import EvaluationError, LabelError, LengthError, ScoreError, UndefinedMetricError

EXACT = 1e-12  # a handful of roundings of numbers near 1


@st.composite
def labelled_scores(draw, levels=12):
    clips = draw(st.integers(2, 60))
    labels = draw(st.lists(st.integers(0, 1), min_size=clips, max_size=clips).filter(lambda x: 0 < sum(x) < len(x)))
    scores = draw(st.lists(st.integers(-levels, levels), min_size=clips, max_size=clips))
    return np.array(labels), np.array(scores, dtype=float)


def pairwise_auc(labels, scores):
    normal, anomalous = scores[labels == 0], scores[labels == 1]
    wins = anomalous[:, None] > normal[None, :]
    ties = anomalous[:, None] == normal[None, :]
    return (wins + 0.5 * ties).mean()


@given(labelled_scores())
@settings(max_examples=100, deadline=None)
def test_auc_is_the_share_of_pairs_in_the_right_order_with_ties_counting_half(data):
    assert roc_auc(*data) == pytest.approx(pairwise_auc(*data), abs=EXACT)


@given(labelled_scores(), st.sampled_from([0.01, 0.05, 0.1, 0.3, 0.77, 1.0]))
@settings(max_examples=150, deadline=None)
def test_auc_and_pauc_equal_scikit_learns(data, max_fpr):
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    assert roc_auc(*data) == pytest.approx(metrics.roc_auc_score(*data), abs=EXACT)
    assert partial_auc(*data, max_fpr=max_fpr) == pytest.approx(
        metrics.roc_auc_score(*data, max_fpr=max_fpr), abs=EXACT
    )


@given(labelled_scores())
@settings(max_examples=50, deadline=None)
def test_pauc_up_to_one_is_the_auc(data):
    assert partial_auc(*data, max_fpr=1.0) == pytest.approx(roc_auc(*data), abs=EXACT)


@given(labelled_scores())
@settings(max_examples=50, deadline=None)
def test_auc_of_the_negated_scores_is_one_minus_auc(data):
    labels, scores = data
    assert roc_auc(labels, -scores) == pytest.approx(1 - roc_auc(labels, scores), abs=EXACT)


@given(labelled_scores(), st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_auc_and_pauc_depend_neither_on_a_monotone_map_nor_on_row_order(data, random):
    labels, scores = data
    order = random.sample(range(len(labels)), len(labels))
    for mapped in (np.exp(scores / 5), scores**3 + scores, scores * 1e-300, 7 - 1 / (scores + 100)):
        assert roc_auc(labels[order], mapped[order]) == roc_auc(labels, scores)
        assert partial_auc(labels[order], mapped[order]) == partial_auc(labels, scores)


@pytest.mark.parametrize("max_fpr", [0.05, 0.1, 0.5, 1.0])
def test_mcclish_gives_one_to_a_perfect_system_and_half_to_a_constant_one(max_fpr):
    labels = np.repeat([0, 1], 20)
    assert partial_auc(labels, labels, max_fpr=max_fpr) == pytest.approx(1.0, abs=EXACT)
    assert partial_auc(labels, np.zeros(40), max_fpr=max_fpr) == pytest.approx(0.5, abs=EXACT)


def test_mcclish_gives_its_lower_limit_to_a_perfectly_wrong_system():
    labels = np.repeat([0, 1], 20)
    lowest = 0.5 * (1 - 0.005 / (0.1 - 0.005))
    assert partial_auc(labels, -labels, max_fpr=0.1) == pytest.approx(lowest, abs=EXACT)


def test_the_area_under_the_roc_curve_is_the_auc():
    rng = np.random.default_rng(0)
    labels, scores = np.repeat([0, 1], [30, 20]), rng.integers(0, 9, 50).astype(float)
    false_rate, true_rate = roc_curve(labels, scores)
    assert np.trapezoid(true_rate, false_rate) == pytest.approx(roc_auc(labels, scores), abs=EXACT)
    assert (false_rate[0], true_rate[0], false_rate[-1], true_rate[-1]) == (0, 0, 1, 1)


def test_words_and_booleans_are_labels_too():
    scores = [0.1, 0.9, 0.4]
    assert roc_auc(["normal", "anomaly", "normal"], scores) == roc_auc([False, True, False], scores) == 1.0


@pytest.mark.parametrize(
    ("labels", "scores", "error"),
    [
        ([0, 1], [0.1, np.nan], ScoreError),
        ([0, 1], [0.1, np.inf], ScoreError),
        ([0, 1], ["a", "b"], ScoreError),
        ([], [], EvaluationError),
        ([0, 1], [[0.1, 0.2]], ScoreError),
        ([0, 2], [0.1, 0.2], LabelError),
        ([0, 0.5], [0.1, 0.2], LabelError),
        ([0, "bad"], [0.1, 0.2], LabelError),
        ([[0, 1]], [0.1, 0.2], LabelError),
        ([0, 1, 1], [0.1, 0.2], LengthError),
        ([0, 0], [0.1, 0.2], UndefinedMetricError),
        ([1, 1], [0.1, 0.2], UndefinedMetricError),
    ],
)
def test_what_defines_no_auc_is_refused_by_name(labels, scores, error):
    with pytest.raises(error):
        roc_auc(labels, scores)


@pytest.mark.parametrize("max_fpr", [0.0, -0.1, 1.1, float("nan")])
def test_a_rate_outside_zero_to_one_is_refused(max_fpr):
    with pytest.raises(UndefinedMetricError, match="max_fpr"):
        partial_auc([0, 1], [0, 1], max_fpr=max_fpr)
