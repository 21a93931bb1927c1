"""A number with its interval, and how an interval is read off resampled values.

The method is the bias-corrected and accelerated bootstrap (Efron 1987) with the tails of Student's t (Hesterberg
2015, "expanded percentile"), whose degrees of freedom follow from the strata's sizes and shares of the variance
(Satterthwaite). Plain percentiles of a skewed metric, such as a partial AUC, hold the truth too seldom in test sets as
small as the challenge's. How often these do is what tests/test_coverage.py prints.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .checked_columns import Float64Array
from .errors import EvaluationError

Statistic = Callable[[Float64Array], Float64Array]
"""Metrics of all systems (K, M, R) to one number for each of R rows."""


@dataclass(frozen=True)
class Interval:
    """A value, and where the true one lies with ``confidence``."""

    value: float
    low: float
    high: float
    confidence: float
    method: str

    def __str__(self) -> str:
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}] ({100 * self.confidence:g} %, {self.method})"


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Metrics with clips of one stratum left out in turn.

    Attributes:
        metrics: which of the M metrics they are, as a slice.
        values: (K, m, j), for j clips that stand for all.
        clips: n, how many clips the stratum has.
    """

    metrics: slice
    values: Float64Array
    clips: int


def checked_confidence(confidence: float) -> float:
    """``confidence`` itself, if it is in (0, 1).

    Raises:
        EvaluationError: otherwise.
    """
    if not 0.0 < confidence < 1.0:
        raise EvaluationError(f"confidence must be in (0, 1); got {confidence}. Usual is 0.95.")
    return confidence


def check_resampling(*, resamples: int, confidence: float, seed: int) -> None:
    """Pass if a bootstrap may be run so.

    Raises:
        EvaluationError: if there are too few resamples for a tail to be more than one or two values, or one of the
            three is outside its range.
    """
    checked_confidence(confidence)
    if not isinstance(resamples, int | np.integer) or resamples < 100:
        raise EvaluationError(f"resamples must be an int of at least 100; got {resamples!r}. 10,000 take milliseconds.")
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise EvaluationError(f"seed must be an int of at least 0; got {seed!r}.")


def bootstrap_interval(
    statistic: Statistic,
    estimate: Float64Array,
    resampled: Float64Array,
    left_out: Sequence[LeftOut],
    *,
    confidence: float,
) -> Interval:
    """Interval of a statistic of metrics.

    Args:
        estimate: (K, M) metrics of the clips themselves.
        resampled: (K, M, R) metrics of the resamples.
        left_out: one entry per stratum.
        confidence: in (0, 1).

    Returns:
        The interval; where nothing varies (a perfect system) it has no width, and its method says so.
    """
    from scipy.special import ndtr, ndtri, stdtrit

    value = float(statistic(estimate[:, :, None])[0])
    values = statistic(resampled)
    if np.ptp(values) == 0.0:
        return Interval(value, value, value, confidence, "no spread in the resamples")
    # Equal but for the rounding of a sum in another order is equal: small test sets give few distinct values.
    tied = np.abs(values - value) <= 1e-12
    below = np.mean((values < value) & ~tied) + 0.5 * np.mean(tied)
    edge = 0.5 / len(values)
    bias = ndtri(np.clip(below, edge, 1.0 - edge))
    acceleration, freedom, widening = _influence(statistic, estimate, left_out)
    tail = widening * stdtrit(freedom, 0.5 + confidence / 2.0)
    shifted = bias + np.array([-tail, tail])
    # The denominator turns at |a z| = 1, far outside where the expansion holds.
    quantiles = ndtr(bias + shifted / np.maximum(1.0 - acceleration * shifted, 0.1))
    low, high = np.quantile(values, quantiles)
    return Interval(value, float(low), float(high), confidence, "bootstrap, BCa")


def _influence(statistic: Statistic, estimate: Float64Array, left_out: Sequence[LeftOut]) -> tuple[float, float, float]:
    """What the clips' influence on the statistic tells of its distribution.

    Returns:
        Acceleration (skewness of the influence over all strata), degrees of freedom of its variance, and the factor
        by which resamples of n clips are too narrow for want of n / (n - 1).
    """
    third = 0.0
    variances, sizes = [], []
    for entry in left_out:
        left_out_clips, clips = entry.values.shape[-1], entry.clips
        metrics = np.repeat(estimate[:, :, None], left_out_clips, axis=2)
        metrics[:, entry.metrics] = entry.values
        without = statistic(metrics)
        influence = (clips - 1) / clips * (without.mean() - without)
        third += float(np.mean(influence**3)) * clips
        variances.append(float(np.mean(influence**2)) * clips)
        sizes.append(clips)
    variance, size = np.array(variances), np.array(sizes, dtype=np.float64)
    total = float(variance.sum())
    if not total > 0.0:
        return 0.0, np.inf, 1.0
    freedom = total**2 / float(np.sum(variance**2 / (size - 1.0)))
    widening = float(np.sqrt(np.sum(variance * size / (size - 1.0)) / total))
    return third / (6.0 * total**1.5), freedom, widening
