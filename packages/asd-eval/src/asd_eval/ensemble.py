"""Combine the scores of several systems for the same clips.

Means want standardised scores (see ``standardise``); ranks do not, but need the other test clips, so a single clip
cannot be scored.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from .checked_columns import Float64Array, checked_scores
from .errors import LengthError, ScoreError
from .ranks import midranks


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


def average_ranks(scores: Sequence[ArrayLike]) -> Float64Array:
    """Mean over systems of each clip's rank among the N clips, in (0, 1]; ties share their mean rank.

    Transductive: a clip's value depends on the other clips.
    """
    return np.asarray(np.mean([_ranks(row) for row in _stack(scores)], axis=0), dtype=np.float64)


def minimum_scores(scores: Sequence[ArrayLike]) -> Float64Array:
    """Smallest score over systems: anomalous only if all say so. (N,)."""
    return np.asarray(_stack(scores).min(axis=0), dtype=np.float64)


def maximum_scores(scores: Sequence[ArrayLike]) -> Float64Array:
    """Largest score over systems: anomalous as soon as one says so. (N,)."""
    return np.asarray(_stack(scores).max(axis=0), dtype=np.float64)


def _ranks(row: Float64Array) -> Float64Array:
    return midranks(row) / len(row)


def _stack(scores: Sequence[ArrayLike]) -> Float64Array:
    if len(scores) == 0:
        raise ScoreError("scores is empty; pass the scores of at least one system.")
    rows = [checked_scores(row, name=f"scores[{index}]") for index, row in enumerate(scores)]
    if len({len(row) for row in rows}) > 1:
        raise LengthError(f"systems must score the same clips; got lengths {[len(row) for row in rows]}.")
    return np.stack(rows)
