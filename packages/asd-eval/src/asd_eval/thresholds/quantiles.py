"""From scores to decisions: thresholds fitted on normal training scores.

A clip is called anomalous if its score is ABOVE the threshold, as in the official baseline.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from asd_eval.errors import EvaluationError, InsufficientDataError, ScoreError
from asd_eval.inputs.checked_columns import Int64Array, checked_scores
from asd_eval.inputs.training_scores import varied_training_scores


def gamma_threshold(
    normal_training_scores: ArrayLike, *, quantile: float = 0.9, names: Sequence[str] | None = None
) -> float:
    """Quantile of a gamma distribution fitted to the training scores: the official baseline's threshold.

    The fit is ``scipy.stats.gamma.fit`` with its defaults (shape, location and scale by maximum likelihood).

    Args:
        normal_training_scores: (N,).
        quantile: 0.9 in the baseline, so that one normal clip in ten is called anomalous.
        names: (N,) clip names; with them, test clips and anomalous ones are refused.

    Raises:
        ScoreError: if the scores are not finite, or all equal.
        LeakageError: if a name marks a test clip or an anomalous one.
        LengthError: if there are more or fewer names than scores.
    """
    from scipy import stats

    _check_quantile(quantile)
    scores = varied_training_scores(normal_training_scores, names)
    with warnings.catch_warnings():
        # On its way the optimiser tries parameters that have no likelihood; only the result matters.
        warnings.simplefilter("ignore", RuntimeWarning)
        shape, location, scale = stats.gamma.fit(scores)
        threshold = float(stats.gamma.ppf(quantile, shape, loc=location, scale=scale))
    if not np.isfinite(threshold):
        raise ScoreError("the gamma fit did not converge on these scores; use quantile_threshold.")
    return threshold


def quantile_threshold(
    normal_training_scores: ArrayLike, *, quantile: float = 0.9, names: Sequence[str] | None = None
) -> float:
    """Empirical quantile of the training scores: a new normal clip exceeds it with probability 1 - quantile at most.

    It is the ceil((N + 1) quantile)-th smallest score (the split-conformal quantile): the promise holds for any
    distribution and any N, on average over training sets.

    Args:
        normal_training_scores, names: as for ``gamma_threshold``.
        quantile: in (0, 1).

    Raises:
        InsufficientDataError: if N is too small for the quantile.
        ScoreError, LeakageError: as for ``gamma_threshold``.
    """
    _check_quantile(quantile)
    scores = varied_training_scores(normal_training_scores, names)
    # The small number keeps a product one bit above a whole number from being rounded up.
    rank = int(np.ceil((len(scores) + 1) * quantile - 1e-9))
    if rank > len(scores):
        needed = int(np.ceil(quantile / (1.0 - quantile) - 1e-9))
        raise InsufficientDataError(f"quantile {quantile} needs at least {needed} training clips; got {len(scores)}.")
    return float(np.sort(scores)[rank - 1])


def decide(scores: ArrayLike, threshold: float) -> Int64Array:
    """1 where a score is above the threshold, else 0. (N,) to (N,).

    Raises:
        ScoreError: if a score is not finite.
    """
    return (checked_scores(scores) > threshold).astype(np.int64)


def _check_quantile(quantile: float) -> None:
    if not 0.0 < quantile < 1.0:
        raise EvaluationError(f"quantile must be in (0, 1); got {quantile}. The baseline uses 0.9.")
