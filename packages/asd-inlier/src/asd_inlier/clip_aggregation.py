"""Scores of clips from the scores of their segments: the aggregator A of Fujimura 2023, Eq. 4 and Sec. 3.2.

Clips may have different numbers of segments; those with the same number are averaged in one native call.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asd_native import weighted_mean


def clip_scores(segment_scores: ArrayLike, counts: ArrayLike, weights: ArrayLike | None = None) -> NDArray[np.float64]:
    """Mean, or weighted mean, of each clip's segment scores.

    A clip's score does not depend on the other clips.

    Args:
        segment_scores: (sum of counts,) finite numbers, clip after clip.
        counts: (N,) integers of at least 1, the number of segments of each clip.
        weights: (sum of counts,) of at least 0, for example the high-passed power; None means equal weights. They need
            not sum to 1; a clip whose weights are all 0 gets the plain mean.

    Returns:
        (N,) float64.

    Raises:
        ValueError: if a shape, count, score or weight breaks these rules.
    """
    scores = np.asarray(segment_scores, dtype=np.float64)
    per_clip = np.asarray(counts)
    if per_clip.size == 0:
        per_clip = per_clip.astype(np.int64)  # NumPy makes an empty list float
    if per_clip.ndim != 1 or not np.issubdtype(per_clip.dtype, np.integer) or (per_clip < 1).any():
        raise ValueError(f"counts must be (N,) integers of at least 1; got {per_clip.dtype}, shape {per_clip.shape}.")
    total = sum(per_clip.tolist())  # Python's integers do not overflow, whatever the counts
    _check_column("segment_scores", scores, total)  # first: a wrong count could ask for an enormous array of weights
    weight = np.ones(total) if weights is None else np.asarray(weights, dtype=np.float64)
    _check_column("weights", weight, total)
    if (weight < 0).any():
        raise ValueError(f"weights must be at least 0; element {int(np.argmin(weight))} is {weight.min()}.")
    return _grouped_means(scores, per_clip.astype(np.int64), weight)


def _check_column(name: str, column: NDArray[np.float64], total: int) -> None:
    if column.shape != (total,):
        raise ValueError(f"{name} must be ({total},), the sum of counts; got shape {column.shape}.")
    if not np.isfinite(column).all():
        raise ValueError(f"{name} must be finite; element {int(np.argmin(np.isfinite(column)))} is not.")


def _grouped_means(
    scores: NDArray[np.float64], counts: NDArray[np.int64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    means = np.empty(len(counts))
    starts = np.cumsum(counts) - counts
    for count in np.unique(counts):
        clips = np.flatnonzero(counts == count)
        rows = starts[clips, None] + np.arange(count)
        means[clips] = weighted_mean(scores[rows], weights[rows])
    return means
