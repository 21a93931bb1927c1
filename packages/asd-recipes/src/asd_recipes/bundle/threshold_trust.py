"""How far a threshold can be trusted that few held-out pieces set: order statistics.

A threshold that is the r-th smallest of n scores has a share of new scores above it that is random, through the n: of
scores that are drawn alike and each for itself it has the distribution Beta(n + 1 - r, r), whatever theirs is, with the
mean (n + 1 - r) / (n + 1). Pieces of one recording are not drawn each for itself: the true interval is the wider.
"""

import math
from dataclasses import dataclass

from asd_recipes.bundle.manifest import Manifest, Threshold
from asd_recipes.counted import counted

_BISECTIONS = 50
_TAIL = 0.05
"""On each side of the interval of 90 %."""


@dataclass(frozen=True)
class ThresholdTrust:
    """The share of normal stretches above a threshold: expected, and the ends of its interval of 90 %."""

    expected: float
    low: float
    high: float


def threshold_trust(threshold: Threshold, held_out_pieces: int) -> ThresholdTrust:
    """What so many held-out pieces allow to be said of the threshold that they set."""
    n = held_out_pieces
    rank = n
    if threshold.rule == "quantile":  # as asd_eval.quantile_threshold counts
        rank = min(n, math.ceil((n + 1) * (1 - threshold.false_alarms) - 1e-9))
    above = n + 1 - rank
    low, high = (_beta_quantile(tail, above, rank) for tail in (_TAIL, 1 - _TAIL))
    return ThresholdTrust(above / (n + 1), low, high)


def trust_in_words(manifest: Manifest) -> str:
    """A sentence: what set the threshold, and how many normal stretches to expect above it."""
    training, threshold = manifest.training, manifest.threshold
    trust = threshold_trust(threshold, training.held_out_pieces)
    return (
        f"Set by {counted(training.held_out_pieces, 'held-out piece')} of {threshold.stretch_s:g} s, of "
        f"{counted(training.held_out_recordings, 'recording')}: expect about {_share(trust.expected)} normal stretches "
        f"of {threshold.stretch_s:g} s above it (90 % interval: {_percent(trust.low)} to {_percent(trust.high)} %)."
    )


def _share(share: float) -> str:
    return f"one in {round(1 / share)}" if share <= 0.4 else f"{_percent(share)} % of"


def _percent(share: float) -> str:
    return f"{100 * share:.2g}" if share < 0.1 else f"{100 * share:.0f}"


def _beta_quantile(probability: float, a: int, b: int) -> float:
    """Where Beta(a, b) of whole numbers has a probability below it; by its identity with the binomial distribution."""
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if _at_least(a, a + b - 1, middle) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _at_least(successes: int, trials: int, chance: float) -> float:
    """Probability of so many successes or more."""
    log_all = math.lgamma(trials + 1)
    log_terms = (
        log_all - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
        + k * math.log(chance) + (trials - k) * math.log1p(-chance)
        for k in range(successes, trials + 1)
    )  # fmt: skip
    return math.fsum(map(math.exp, log_terms))
