"""AUC and partial AUC of one set of clips, equal to scikit-learn's, without scikit-learn."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from asd_eval.errors import UndefinedMetricError
from asd_eval.inputs.checked_columns import Float64Array, Int64Array, checked_labels, checked_scores, same_length
from asd_eval.metrics.roc_counts import auc_from_counts, partial_auc_from_counts, score_positions


def roc_auc(labels: ArrayLike, scores: ArrayLike) -> float:
    """Area under the ROC curve: the probability that an anomalous clip scores above a normal one; ties count half.

    Args:
        labels: (N,) 0 normal, 1 anomaly.
        scores: (N,) anomaly scores, higher is more anomalous.

    Raises:
        UndefinedMetricError: if a class is missing.
        EvaluationError: if labels or scores are invalid.
    """
    return float(auc_from_counts(*_counts(labels, scores)))


def partial_auc(labels: ArrayLike, scores: ArrayLike, *, max_fpr: float = 0.1) -> float:
    """Area under the ROC curve up to ``max_fpr``, standardised after McClish so that 0.5 is chance.

    Equals ``sklearn.metrics.roc_auc_score(labels, scores, max_fpr=max_fpr)``; p = 0.1 is the challenge's.

    Raises:
        UndefinedMetricError: if a class is missing.
        EvaluationError: if an argument is invalid.
    """
    checked_max_fpr(max_fpr)
    return float(partial_auc_from_counts(*_counts(labels, scores), max_fpr=max_fpr))


def roc_curve(labels: ArrayLike, scores: ArrayLike) -> tuple[Float64Array, Float64Array]:
    """False-positive and true-positive rates from (0, 0) to (1, 1), one point per distinct score.

    Returns:
        Two arrays (U + 1,), both non-decreasing.
    """
    normal, anomalous = _counts(labels, scores)
    return tuple(np.concatenate([[0.0], np.cumsum(c) / c.sum()]) for c in (normal, anomalous))  # type: ignore[return-value]


def checked_max_fpr(max_fpr: float) -> float:
    """``max_fpr`` itself, if it is a rate in (0, 1]."""
    if not 0.0 < max_fpr <= 1.0:
        raise UndefinedMetricError(f"max_fpr must be in (0, 1]; got {max_fpr}. The challenge uses 0.1.")
    return max_fpr


def _counts(labels: ArrayLike, scores: ArrayLike) -> tuple[Float64Array, Float64Array]:
    checked: Int64Array = checked_labels(labels)
    values = checked_scores(scores)
    same_length(labels=checked, scores=values)
    for label, word in ((0, "normal"), (1, "anomalous")):
        if not np.any(checked == label):
            raise UndefinedMetricError(f"no {word} clip among {len(checked)}: an AUC needs both classes.")
    position, distinct = score_positions(values)
    normal, anomalous = (
        np.bincount(position[checked == label], minlength=distinct).astype(np.float64) for label in (0, 1)
    )
    return normal, anomalous
