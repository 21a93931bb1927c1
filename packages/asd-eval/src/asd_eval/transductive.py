"""Standardising by the statistics of the test set itself: common in challenge code, and a leak.

It is here to reproduce others' numbers, under a name that says what it is.
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike

from .checked_columns import Float64Array, checked_scores
from .errors import ScoreError


class TransductiveWarning(UserWarning):
    """Scores were standardised with statistics of the clips that they are to judge."""


def transductive_standardise(test_scores: ArrayLike) -> Float64Array:
    """(score - mean) / standard deviation over the test clips, with a warning.

    A clip's value then depends on the other test clips, anomalous ones included: one clip cannot be scored, and the
    result is no estimate of how the system will do. ``ZScoreStandardiser`` learns from training clips instead.

    Args:
        test_scores: (N,).

    Raises:
        ScoreError: if the scores are not finite, or all equal.
    """
    scores = checked_scores(test_scores, name="test_scores")
    if np.ptp(scores) == 0.0:
        raise ScoreError(f"all {len(scores)} scores are {scores[0]}: they define no scale.")
    warnings.warn(
        "standardised with test-set statistics (transductive): not how a system scores one clip.",
        TransductiveWarning,
        stacklevel=2,
    )
    return np.asarray((scores - scores.mean()) / scores.std(), dtype=np.float64)
