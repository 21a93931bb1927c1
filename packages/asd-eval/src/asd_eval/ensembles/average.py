"""The mean score of several systems for the same clips.

Each system scores on its own scale: standardise the scores first, or let ``ScoreEnsemble`` do both.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from asd_eval.errors import LengthError, ScoreError
from asd_eval.inputs.checked_columns import Float64Array, checked_scores


def average_scores(scores: Sequence[ArrayLike], *, weights: ArrayLike | None = None) -> Float64Array:
    """Mean over systems, weighted if ``weights`` are given.

    Args:
        scores: K arrays (N,), one per system, already standardised.
        weights: (K,) non-negative, not all zero; they need not sum to 1.

    Returns:
        (N,).

    Raises:
        ScoreError: if scores are not finite, or weights negative or all zero.
        LengthError: if lengths differ.
    """
    matrix = _stack(scores)
    if weights is None:
        return np.asarray(matrix.mean(axis=0), dtype=np.float64)
    weight = checked_scores(weights, name="weights")
    if len(weight) != len(matrix):
        raise LengthError(f"weights must be one per system; got {len(weight)} for {len(matrix)} systems.")
    if np.any(weight < 0) or not weight.sum() > 0:
        raise ScoreError(f"weights must be >= 0 and not all zero; got {weight.tolist()}.")
    return np.asarray(weight @ matrix / weight.sum(), dtype=np.float64)


def _stack(scores: Sequence[ArrayLike]) -> Float64Array:
    if len(scores) == 0:
        raise ScoreError("scores is empty; pass the scores of at least one system.")
    rows = [checked_scores(row, name=f"scores[{index}]") for index, row in enumerate(scores)]
    if len({len(row) for row in rows}) > 1:
        raise LengthError(f"systems must score the same clips; got lengths {[len(row) for row in rows]}.")
    return np.stack(rows)
