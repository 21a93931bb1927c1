"""Log-density of each vector under each component of a Gaussian mixture, computed only as far as it matters.

At 512 dimensions the densities of a vector's components differ by hundreds of nats, and only one or two of them affect
their sum. A triangular factor whitens the first features without the others, so a squared distance grows block of
features by block of features: a component is dropped as soon as its density is too small to matter.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_inlier.row_blocks import ROWS, product_type

Float64Array = NDArray[np.float64]

# Features whitened at a time. With fewer, components are dropped sooner, but products are smaller and slower.
_BLOCK = 128
# A component that is this much below the likeliest is left out. Its share, e^-60 = 9e-27, is far below the resolution
# of float64, 2e-16: ten million such components would not change a sum's bits.
_NEGLIGIBLE_NATS = 60.0
# A multiple of ROWS; few enough to stay in the second-level cache.
_ROWS_AT_ONCE = 8 * ROWS


@dataclass(frozen=True)
class Mixture:
    """K Gaussian components of D dimensions.

    Attributes:
        weights: (K,) float64, above 0.
        means: (K, D) float32 or float64.
        factors: (K, D, D) of the same type, upper triangular U, U U^T = inverse covariance.
    """

    weights: Float64Array
    means: NDArray[Any]
    factors: NDArray[Any]


def log_joint(vectors: NDArray[Any], mixture: Mixture) -> Float64Array:
    """Logarithm of weight times density of each vector under each component.

    A row's values do not depend on the other rows. To be called inside `single_thread`.

    Args:
        vectors: (N, D) of the mixture's type, in which products are computed unless a row's bits would then depend on
            its company (`product_type`).
        mixture: K components.

    Returns:
        (N, K) float64, in nats; -inf where a component's share of the vector is below e^-60.
    """
    diagonals = np.diagonal(mixture.factors, axis1=1, axis2=2)
    constant = np.log(mixture.weights) + np.log(diagonals, dtype=np.float64).sum(axis=1)
    constant -= 0.5 * vectors.shape[1] * np.log(2 * np.pi)
    joint = np.tile(constant, (len(vectors), 1))  # upper bounds, which are lowered from here on
    first, *others = _blocks(vectors.shape[1])
    everyone, components = np.arange(len(vectors)), range(len(constant))
    for k in components:
        _lower(joint, vectors, mixture, k, everyone, first)
    likeliest = joint.argmax(axis=1)
    for k in components:
        for block in others:
            _lower(joint, vectors, mixture, k, np.flatnonzero(likeliest == k), block)
    floor = joint[everyone, likeliest] - _NEGLIGIBLE_NATS
    for k in components:
        rows = np.flatnonzero(likeliest != k)
        for block in others:
            rows = rows[joint[rows, k] >= floor[rows]]
            _lower(joint, vectors, mixture, k, rows, block)
    joint[joint < joint.max(axis=1, keepdims=True) - _NEGLIGIBLE_NATS] = -np.inf
    return joint


def _blocks(features: int) -> Iterator[slice]:
    for start in range(0, features, _BLOCK):
        yield slice(start, min(start + _BLOCK, features))


def _lower(
    joint: Float64Array, vectors: NDArray[Any], mixture: Mixture, k: int, rows: NDArray[np.int64], block: slice
) -> None:
    """Subtract from joint[rows, k] the share of a block of features, given those before it, in the squared distance."""
    kind = product_type(vectors.dtype)
    mean, factor = mixture.means[k, : block.stop], mixture.factors[k, : block.stop, block].astype(kind, copy=False)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        those = rows[start : start + _ROWS_AT_ONCE]
        # A stack of products of ROWS rows, the last one padded: a row's bits do not depend on the others
        # (`row_blocks`).
        centred = np.zeros((-(-len(those) // ROWS), ROWS, block.stop), dtype=kind)
        np.subtract(vectors[those, : block.stop], mean, out=centred.reshape(-1, block.stop)[: len(those)])
        whitened = (centred @ factor).reshape(-1, factor.shape[1])[: len(those)].astype(np.float64)
        joint[those, k] -= 0.5 * np.einsum("nd,nd->n", whitened, whitened)
