"""A number with its interval, and how an interval is read off resampled values.

The method is the bias-corrected and accelerated bootstrap (Efron 1987), with two changes for test sets as small as the
challenge's, where plain BCa is too wide for an AUC and too narrow for a partial AUC of a good system:

- The resamples give the shape of the distribution, leaving one clip out in turn gives its scale. Resampling both
  classes counts their interaction three times in the variance of an AUC; the jackknife counts it twice and the truth
  holds it once (Efron and Stein 1981; for an AUC the jackknife is DeLong's variance, but for terms of second order).
  Of a partial AUC, which rests on a few normal clips, the resamples' spread is too small instead.
- The tails are Student's (Hesterberg 2015), with as many degrees of freedom as the variance is known to: they follow
  from the fourth moment of the clips' influence, stratum by stratum, not from the number of clips (Satterthwaite 1946,
  for a population that is not normal). Few clips decide over a partial AUC, or over an AUC near 1.

How often these intervals hold the truth is what tests/intervals/test_coverage.py prints, and docs/conventions.md shows.
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
    known = influence_of(statistic, estimate, left_out)
    # Without influence of any one clip there is no scale but the resamples' own.
    scale = known.deviation / float(np.std(values)) if known.deviation > 0.0 else 1.0
    tail = scale * stdtrit(known.freedom, 0.5 + confidence / 2.0)
    shifted = bias + np.array([-tail, tail])
    # The denominator turns at |a z| = 1, far outside where the expansion holds.
    quantiles = ndtr(bias + shifted / np.maximum(1.0 - known.acceleration * shifted, 0.1))
    low, high = np.quantile(values, quantiles)
    return Interval(value, float(low), float(high), confidence, "bootstrap, BCa")


@dataclass(frozen=True)
class Influence:
    """What the clips' influence on a statistic tells of its distribution.

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
        of_stratum = second * clips**2 / (clips - 1)
        third += float(np.mean(influence**3)) * clips
        squares += second * clips
        variance += of_stratum
        # Variance of a sample variance; 2 / (clips - 1) for normally distributed influence, whose kurtosis is 3.
        spread += of_stratum**2 * (fourth / second**2 - (clips - 3) / (clips - 1)) / clips
    if not variance > 0.0:
        return Influence(0.0, 0.0, np.inf)
    freedom = max(2.0 * variance**2 / spread, 1.0) if spread > 0.0 else np.inf
    return Influence(third / (6.0 * squares**1.5), float(np.sqrt(variance)), freedom)
