"""The two means of the challenge's tables."""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import ArrayLike

from .checked_columns import checked_scores
from .errors import ScoreError


def harmonic_mean(values: ArrayLike) -> float:
    """Harmonic mean of metrics; zeros count as the machine epsilon, as the official evaluator does.

    Raises:
        ScoreError: if there are none, or one is negative or not finite.
    """
    checked = checked_scores(values, name="values")
    if np.any(checked < 0):
        raise ScoreError(f"values must not be negative; got {checked.min()}. A harmonic mean is for rates.")
    return float(len(checked) / np.sum(1.0 / np.maximum(checked, sys.float_info.epsilon)))


def arithmetic_mean(values: ArrayLike) -> float:
    """Arithmetic mean of metrics.

    Raises:
        ScoreError: if there are none, or one is not finite.
    """
    return float(np.mean(checked_scores(values, name="values")))
