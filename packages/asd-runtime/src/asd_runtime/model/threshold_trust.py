"""How far a threshold can be trusted if few held-out pieces set it: order statistics.

Let the threshold be the r-th smallest of n scores. As these scores are random, so is the share of new scores above it.
If all scores are independent and identically distributed, with any distribution, that share follows
Beta(n + 1 - r, r), with the mean (n + 1 - r) / (n + 1). Pieces of one recording are not independent, so the true
interval is wider.
"""

import math
from dataclasses import dataclass

from asd_runtime.counted import counted
from asd_runtime.model.manifest import Manifest, Threshold

_BISECTIONS = 50
_TAIL = 0.05
"""Probability on each side of the 90 % interval."""


@dataclass(frozen=True)
class ThresholdTrust:
    """The share of normal stretches above a threshold: its mean, and the ends of its 90 % interval."""

    expected: float
    low: float
    high: float


def threshold_trust(threshold: Threshold, held_out_pieces: int) -> ThresholdTrust:
    """The share of normal stretches to expect above a threshold that was set by this many held-out pieces."""
    n = held_out_pieces
    rank = n
    if threshold.rule == "quantile":  # as asd_eval.quantile_threshold counts
        rank = min(n, math.ceil((n + 1) * (1 - threshold.false_alarms) - 1e-9))
    above = n + 1 - rank
    low, high = (_beta_quantile(tail, above, rank) for tail in (_TAIL, 1 - _TAIL))
    return ThresholdTrust(above / (n + 1), low, high)


def trust_in_words(manifest: Manifest) -> str:
    """A sentence: the threshold, what set it, and how many normal stretches to expect above it."""
    training, threshold = manifest.training, manifest.threshold
    trust = threshold_trust(threshold, training.held_out_pieces)
    return (
        f"The threshold {threshold.value:.4g} was set by {counted(training.held_out_pieces, 'held-out piece')} of "
        f"{threshold.stretch_s:g} s from {counted(training.held_out_recordings, 'recording')}: expect about "
        f"{_share(trust.expected)} normal stretches of {threshold.stretch_s:g} s above it "
        f"(90 % interval: {_percent(trust.low)} to {_percent(trust.high)} %; asked for: at most "
        f"{_percent(threshold.false_alarms)} %)."
    )


def _share(share: float) -> str:
    return f"one in {round(1 / share)}" if share <= 0.4 else f"{_percent(share)} % of"


def _percent(share: float) -> str:
    return f"{100 * share:.2g}" if share < 0.1 else f"{100 * share:.0f}"


def _beta_quantile(probability: float, a: int, b: int) -> float:
    """The quantile of Beta(a, b) for whole a and b, by bisection on the equal binomial tail."""
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if _at_least(a, a + b - 1, middle) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _at_least(successes: int, trials: int, chance: float) -> float:
    """Probability of at least this many successes."""
    log_all = math.lgamma(trials + 1)
    log_terms = (
        log_all - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
        + k * math.log(chance) + (trials - k) * math.log1p(-chance)
        for k in range(successes, trials + 1)
    )  # fmt: skip
    return math.fsum(map(math.exp, log_terms))
