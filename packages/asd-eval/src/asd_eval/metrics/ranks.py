"""Ranks with ties, for the comparison of systems and for DeLong's method."""

from __future__ import annotations

import numpy as np

from asd_eval.inputs.checked_columns import Float64Array


def midranks(values: Float64Array) -> Float64Array:
    """Ranks from 1, ties sharing their mean rank. (N,) to (N,)."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - 0.5 * (counts - 1))[inverse], dtype=np.float64)
