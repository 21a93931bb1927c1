"""The linear map that makes the Mahalanobis distance Euclidean, from Ledoit and Wolf's shrunk covariance (2004)."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from sklearn.covariance import ledoit_wolf  # type: ignore[import-untyped, unused-ignore]

from asd_inlier.overflow import refuse_overflowing_fit

Float64Array = NDArray[np.float64]

# Ledoit and Wolf's estimate does not shrink at all if the vectors seem to leave no doubt (two vectors, duplicates).
# This much keeps the covariance invertible in that case, and is less than any shrinkage of real embeddings.
_LEAST_SHRINKAGE = 1e-6


def shrunk_whitening(centred: Float64Array) -> tuple[Float64Array, float]:
    """Upper triangular U with U U^T = inverse of the shrunk covariance of (N, D) centred vectors, and the shrinkage.

    Raises:
        ValueError: if the vectors' squares overflow.
    """
    features = centred.shape[1]
    with np.errstate(over="ignore", invalid="ignore"):
        variance = float(np.mean(centred**2))
    refuse_overflowing_fit(variance)
    if variance == 0:  # all vectors are equal and have no scale: distances are then Euclidean
        return np.eye(features), 1.0
    scale = np.sqrt(variance)  # so that the squares of tiny or huge embeddings stay in the range of float64
    unit = centred / scale
    _, estimated = ledoit_wolf(unit, assume_centered=True)
    shrinkage = max(float(estimated), _LEAST_SHRINKAGE)
    covariance = (1 - shrinkage) * (unit.T @ unit) / len(unit)
    covariance.flat[:: features + 1] += shrinkage  # the mean variance of `unit` is 1
    lower = np.linalg.cholesky(covariance)
    inverse = solve_triangular(lower, np.eye(features), lower=True)
    return np.ascontiguousarray(inverse.T) / scale, shrinkage
