"""DeLong's variance of AUCs: intervals and a paired test without resampling.

The fast form of Sun and Xu (2014): placements from midranks, O(N log N). An independent check of the bootstrap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from asd_eval.errors import InsufficientDataError
from asd_eval.inputs.checked_columns import Float64Array, checked_labels, checked_scores, same_length
from asd_eval.intervals.interval import Interval, checked_confidence
from asd_eval.metrics.ranks import midranks


@dataclass(frozen=True)
class DeLongTest:
    """Difference of two systems' AUCs on the same clips: its interval and two-sided p-value."""

    difference: Interval
    z: float
    p_value: float


def delong_interval(labels: ArrayLike, scores: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Interval of one AUC, symmetric on the logit scale so that it stays inside (0, 1).

    An AUC of exactly 0 or 1 has no variance to estimate. Its interval is then as wide as the exact binomial one for
    the number of clips of the smaller class.

    Args:
        labels: (N,) 0 normal, 1 anomaly.
        scores: (N,) anomaly scores.
        confidence: in (0, 1).

    Raises:
        InsufficientDataError: if a class has fewer than two clips.
        EvaluationError: if an argument is invalid.
    """
    from scipy.special import expit, logit, ndtri

    checked_confidence(confidence)
    aucs, covariance, smaller = _delong(labels, [scores])
    auc, deviation = float(aucs[0]), float(np.sqrt(covariance[0, 0]))
    if auc in (0.0, 1.0) or deviation == 0.0:
        reach = 1.0 - ((1.0 - confidence) / 2.0) ** (1.0 / smaller)
        return Interval(auc, max(auc - reach, 0.0), min(auc + reach, 1.0), confidence, "binomial")
    half = ndtri(0.5 + confidence / 2.0) * deviation / (auc * (1.0 - auc))
    low, high = expit(logit(auc) - half), expit(logit(auc) + half)
    return Interval(auc, float(low), float(high), confidence, "DeLong, logit")


def delong_test(labels: ArrayLike, first: ArrayLike, second: ArrayLike, *, confidence: float = 0.95) -> DeLongTest:
    """Whether two systems' AUCs on the same clips differ (first minus second).

    Args:
        labels: (N,) 0 normal, 1 anomaly.
        first, second: (N,) anomaly scores.

    Raises:
        InsufficientDataError: if a class has fewer than two clips.
        EvaluationError: if an argument is invalid.
    """
    from scipy.special import ndtr, ndtri

    checked_confidence(confidence)
    aucs, covariance, _ = _delong(labels, [first, second])
    difference = float(aucs[0] - aucs[1])
    deviation = float(np.sqrt(max(covariance[0, 0] + covariance[1, 1] - 2.0 * covariance[0, 1], 0.0)))
    half = float(ndtri(0.5 + confidence / 2.0)) * deviation
    interval = Interval(difference, difference - half, difference + half, confidence, "DeLong")
    if deviation == 0.0:
        # The systems order every pair alike, or no pair alike: nothing varies.
        return DeLongTest(
            interval,
            0.0 if difference == 0.0 else float(np.copysign(np.inf, difference)),
            1.0 if difference == 0.0 else 0.0,
        )
    z = difference / deviation
    return DeLongTest(interval, z, float(2.0 * ndtr(-abs(z))))


def _delong(labels: ArrayLike, systems: Sequence[ArrayLike]) -> tuple[Float64Array, Float64Array, int]:
    label = checked_labels(labels)
    anomalies, normals = int(label.sum()), int((1 - label).sum())
    if min(anomalies, normals) < 2:
        raise InsufficientDataError(
            f"DeLong needs two clips of each class; got {normals} normal, {anomalies} anomalous."
        )
    hits, correct = [], []
    for scores in systems:
        score = checked_scores(scores)
        same_length(labels=label, scores=score)
        together = midranks(score)
        # A clip's placement: the share of the other class that it is on the right side of.
        hits.append((together[label == 1] - midranks(score[label == 1])) / normals)
        correct.append(1.0 - (together[label == 0] - midranks(score[label == 0])) / anomalies)
    placed_hits, placed_correct = np.array(hits), np.array(correct)
    covariance = np.atleast_2d(np.cov(placed_hits)) / anomalies + np.atleast_2d(np.cov(placed_correct)) / normals
    return placed_hits.mean(axis=1), covariance, min(anomalies, normals)
