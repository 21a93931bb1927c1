"""The two means of the challenge's tables."""

from __future__ import annotations

import sys
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from asd_eval.errors import ScoreError
from asd_eval.inputs.checked_columns import Float64Array, checked_scores


def harmonic_mean(values: ArrayLike) -> float:
    """Harmonic mean of metrics; a zero counts as the machine epsilon, as in the official evaluator.

    Raises:
        ScoreError: if there are no values, or one is negative or not finite.
    """
    checked = checked_scores(values, name="values")
    if np.any(checked < 0):
        raise ScoreError(f"values must not be negative; got {checked.min()}. A harmonic mean is for rates.")
    return float(mean_rows("harmonic", checked))


def mean_rows(kind: Literal["harmonic", "arithmetic"], metrics: Float64Array) -> Float64Array:
    """A mean over the first axis of checked metrics, (M, ...) to (...)."""
    if kind == "arithmetic":
        return np.asarray(metrics.mean(axis=0), dtype=np.float64)
    return np.asarray(len(metrics) / np.sum(1.0 / np.maximum(metrics, sys.float_info.epsilon), axis=0))
