"""From scores of segments, or of their time bins, to those of groups of segments: the mean, weighted by power."""

import numpy as np
from numpy.typing import NDArray

from asd_native import weighted_mean

Float64Array = NDArray[np.float64]


def means_of(scores: Float64Array, counts: NDArray[np.int64], weights: Float64Array | None) -> Float64Array:
    """(N,) means of counts (N,) scores each, one group after the other; weights that are all 0 weigh alike."""
    each = np.ones(len(scores)) if weights is None else weights
    ends = np.cumsum(counts).tolist()
    groups = [slice(end - count, end) for end, count in zip(ends, counts.tolist(), strict=True)]
    return np.array([weighted_mean(scores[None, group], each[None, group])[0] for group in groups])


def scores_of_bins(score_maps: NDArray[np.floating]) -> Float64Array:
    """(S, bins) scores of the time bins of all segments: the mean of score maps (S, H, bins) over frequency."""
    of_bins: Float64Array = score_maps.mean(axis=1, dtype=np.float64)
    return of_bins


def mean_over_bins(of_bins: Float64Array, counts: NDArray[np.int64], weights: Float64Array | None) -> Float64Array:
    """(N,) means of scores (S, bins) over the bins of counts (N,) segments each, weighted (S * bins,) or alike."""
    return means_of(of_bins.reshape(-1), counts * of_bins.shape[1], weights)
