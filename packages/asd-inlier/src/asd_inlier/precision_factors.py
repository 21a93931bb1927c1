"""Cholesky factors of inverse covariances: computed from the covariances, and packed without their zeros."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

Float32Array = NDArray[np.float32]


def precision_factors(covariances: Float32Array) -> Float32Array:
    """(K, D, D) upper triangular factors of the inverses; in float64, as this last step costs little and scores live
    on it.
    """
    identity = np.eye(covariances.shape[1])
    factors = np.empty(covariances.shape, dtype=np.float32)
    for k, covariance in enumerate(covariances):
        lower = np.linalg.cholesky(covariance.astype(np.float64))
        factors[k] = solve_triangular(lower, identity, lower=True).T
    return factors


def packed(factors: Float32Array) -> Float32Array:
    """(K, D, D) to (K, D (D + 1) / 2): half the file, the lower triangles are zeros."""
    upper: Float32Array = factors[:, *np.triu_indices(factors.shape[1])]
    return upper


def unpacked(upper: NDArray[Any], features: int) -> Float32Array:
    """The inverse of `packed`, for D features."""
    factors = np.zeros((len(upper), features, features), dtype=np.float32)
    factors[:, *np.triu_indices(features)] = upper
    return factors
