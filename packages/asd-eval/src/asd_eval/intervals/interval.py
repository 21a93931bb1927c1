"""A number with its interval, and how an interval is computed from resampled values.

The method is the bias-corrected and accelerated bootstrap (Efron 1987), with two changes for test sets as small as the
challenge's, where plain BCa is too wide for an AUC and too narrow for a partial AUC of a good system:

- The resamples give the shape of the distribution, leaving out one clip at a time gives its scale. The variance of an
  AUC has a part from the interaction of both classes. Resampling both classes counts it three times, the jackknife
  twice, and once is right (Efron and Stein 1981; for an AUC the jackknife equals DeLong's variance up to terms of
  second order). A partial AUC depends on a few normal clips, and for it the spread of the resamples is too small.
- The tails are Student's (Hesterberg 2015). Their degrees of freedom follow from the fourth moment of the clips'
  influence, stratum by stratum, not from the number of clips (Satterthwaite 1946, for a population that is not
  normal), because few clips decide a partial AUC, or an AUC near 1.

tests/intervals/test_coverage.py measures how often these intervals hold the true value; docs/conventions.md shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from asd_eval.errors import EvaluationError
from asd_eval.inputs.checked_columns import Float64Array

Statistic = Callable[[Float64Array], Float64Array]
"""Metrics of all systems (K, M, R) to one number for each of R rows."""


@dataclass(frozen=True)
class Interval:
    """A value, and the range that holds the true one with ``confidence``."""

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
        values: (K, m, j), for j clips, which may be a sample of all.
        clips: n, the number of clips of the stratum.
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
        raise EvaluationError(f"confidence must be in (0, 1); got {confidence}. The usual value is 0.95.")
    return confidence


def check_resampling(*, resamples: int, confidence: float, seed: int) -> None:
    """Check the settings of a bootstrap.

    Raises:
        EvaluationError: if a setting is outside its range. Below 100 resamples a tail would be one or two values.
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
        The interval. Where nothing varies (a perfect system) it has no width, and its method says so.
    """
    from scipy.special import ndtr, ndtri, stdtrit

    value = float(statistic(estimate[:, :, None])[0])
    values = statistic(resampled)
    if np.ptp(values) == 0.0:
        return Interval(value, value, value, confidence, "no spread in the resamples")
    # Values that differ only by rounding are ties: small test sets give few distinct values.
    tied = np.abs(values - value) <= 1e-12
    below = np.mean((values < value) & ~tied) + 0.5 * np.mean(tied)
    edge = 0.5 / len(values)
    bias = ndtri(np.clip(below, edge, 1.0 - edge))
    known = influence_of(statistic, estimate, left_out)
    # If no single clip has any influence, only the resamples have a scale.
    scale = known.deviation / float(np.std(values)) if known.deviation > 0.0 else 1.0
    tail = scale * stdtrit(known.freedom, 0.5 + confidence / 2.0)
    shifted = bias + np.array([-tail, tail])
    # The denominator changes its sign at a z = 1, far outside the range where the expansion holds.
    quantiles = ndtr(bias + shifted / np.maximum(1.0 - known.acceleration * shifted, 0.1))
    low, high = np.quantile(values, quantiles)
    return Interval(value, float(low), float(high), confidence, "bootstrap, BCa")


@dataclass(frozen=True)
class Influence:
    """What the influence of single clips on a statistic says about its distribution.

    Attributes:
        acceleration: a sixth of the skewness of the influence over all strata.
        deviation: the jackknife's standard error.
        freedom: degrees of freedom of its square.
    """

    acceleration: float
    deviation: float
    freedom: float


def influence_of(statistic: Statistic, estimate: Float64Array, left_out: Sequence[LeftOut]) -> Influence:
    """Influence of the clips on a statistic, from its values with one of them left out in turn."""
    third = squares = variance = spread = 0.0
    for entry in left_out:
        clips = entry.clips
        metrics = np.repeat(estimate[:, :, None], entry.values.shape[-1], axis=2)
        metrics[:, entry.metrics] = entry.values
        without = statistic(metrics)
        influence = (clips - 1) / clips * (without.mean() - without)
        second, fourth = float(np.mean(influence**2)), float(np.mean(influence**4))
        if second == 0.0:
            continue
        stratum_variance = second * clips**2 / (clips - 1)
        third += float(np.mean(influence**3)) * clips
        squares += second * clips
        variance += stratum_variance
        # Variance of a sample variance; 2 / (clips - 1) for normally distributed influence, whose kurtosis is 3.
        spread += stratum_variance**2 * (fourth / second**2 - (clips - 3) / (clips - 1)) / clips
    if not variance > 0.0:
        return Influence(0.0, 0.0, np.inf)
    freedom = max(2.0 * variance**2 / spread, 1.0) if spread > 0.0 else np.inf
    return Influence(third / (6.0 * squares**1.5), float(np.sqrt(variance)), freedom)
