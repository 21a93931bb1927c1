"""Cholesky factors of inverse covariances: computed from deviations, and packed without their zeros."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dpotrs, dtrtri

Float32Array = NDArray[np.float32]
Float64Array = NDArray[np.float64]

# Features that are factored at a time if there are few deviations; at 512 features 32 and 128 are not faster.
_BLOCK = 64
# With more deviations than this share of the features, factoring the covariance itself is faster; measured at 512.
_FEW_DEVIATIONS = 1 / 4


def precision_factor(deviations: Float64Array, regularisation: float) -> Float64Array:
    """Upper triangular U, U U^T = inverse of deviations^T deviations + regularisation * identity.

    Args:
        deviations: (N, D), N at least 0; the covariance is the sum of their outer products.
        regularisation: above 0.

    Returns:
        (D, D) float64.

    Raises:
        LinAlgError: if the regularisation is too small beside the deviations and lost in rounding.
    """
    count, features = deviations.shape
    if count == 0:
        return np.diag(np.full(features, regularisation**-0.5))
    if count > _FEW_DEVIATIONS * features:
        return _inverse_cholesky(_regularised(deviations.T @ deviations, regularisation))
    return _factor_of_few(deviations, regularisation)


def _factor_of_few(deviations: Float64Array, regularisation: float) -> Float64Array:
    """The same without any (D, D) product or factor, for N well below D.

    A column of U predicts a feature from those before it: it has minus the weights of a ridge regression, and 1,
    divided by the root of the remaining variance. Ridge weights of D features on N examples need only an (N, N) inverse
    (Woodbury's identity). Let Z be the deviations of the features before a block, B those of the block, r the
    regularisation and G = r + Z Z^T; then the weights are Z^T G^-1 B, and the rest has covariance r (1 + B^T G^-1 B).
    """
    count, features = deviations.shape
    factor = np.zeros((features, features))
    gram = _regularised(np.zeros((count, count)), regularisation)
    for start in range(0, features, _BLOCK):
        block = deviations[:, start : start + _BLOCK]
        own = slice(start, start + block.shape[1])
        solved = _solved(gram, block)
        within = _inverse_cholesky(_regularised(regularisation * (block.T @ solved), regularisation))
        factor[own, own] = within
        factor[:start, own] = -(deviations[:, :start].T @ (solved @ within))
        gram += block @ block.T
    return factor


def _regularised(square: Float64Array, regularisation: float) -> Float64Array:
    square.flat[:: len(square) + 1] += regularisation
    return square


# LAPACK's own routines: the functions of SciPy and NumPy around them spend most of the time copying and checking (D, D)
# arrays. LAPACK reads arrays by columns: the transpose of a symmetric array is the same array and needs no copy, and
# the transposed inverse of a lower factor is the upper one by rows.
def _inverse_cholesky(positive: Float64Array) -> Float64Array:
    """Upper triangular U, U U^T = inverse of a positive definite array (overwritten)."""
    lower = _lower_cholesky(positive, overwrite=True)
    inverse, _ = dtrtri(lower, lower=1, overwrite_c=1)
    upper: Float64Array = inverse.T
    return upper


def _solved(positive: Float64Array, right: Float64Array) -> Float64Array:
    """X with positive @ X = right."""
    solution: Float64Array = dpotrs(_lower_cholesky(positive), right, lower=1)[0]
    return solution


def _lower_cholesky(positive: Float64Array, *, overwrite: bool = False) -> Float64Array:
    lower, failed = dpotrf(positive.T, lower=1, overwrite_a=overwrite)
    if failed:
        raise np.linalg.LinAlgError("not positive definite in float64")
    return lower  # type: ignore[no-any-return, unused-ignore]


def packed(factors: Float32Array) -> Float32Array:
    """(K, D, D) to (K, D (D + 1) / 2): half the size, because the lower triangles are zeros."""
    upper: Float32Array = factors[:, *np.triu_indices(factors.shape[1])]
    return upper


def unpacked(upper: NDArray[Any], features: int) -> Float32Array:
    """The inverse of `packed`, for D features."""
    factors = np.zeros((len(upper), features, features), dtype=np.float32)
    factors[:, *np.triu_indices(features)] = upper
    return factors
