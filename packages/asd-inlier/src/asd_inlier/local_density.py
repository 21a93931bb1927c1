"""How far a training vector's own neighbours lie: what a distance to it is divided by (Wilkinghoff et al. 2025).

Where normal sound is dense a small distance is already strange, where it is sparse a large one is not. The anomaly
score of x under K-nearest-neighbour scaling is the minimum over the training vectors y of

    D(x, y) / (mean of D(y, y_1), ..., D(y, y_K)),

with y_1 ... y_K the training vectors nearest to y, y itself left out (Local Density-Based Anomaly Score Normalization
for Domain Generalization, 2025). Copies of one vector count once here: K copies would make its scale zero.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Float32Array = NDArray[np.float32]

LEAST = 1e-9
"""Smallest local distance: below it there is only float32 rounding, and 1 / LEAST² is still finite."""


def local_distances(
    training: Float32Array,
    neighbours: int,
    nearest_squared: Callable[[Float32Array, Float32Array, int], Float32Array],
) -> Float32Array:
    """Mean distance of each vector to its nearest others.

    Args:
        training: (N, D) whitened vectors.
        neighbours: K, at least 1; as many as there are other vectors, where those are fewer.
        nearest_squared: (queries, vectors, k) to (N, k) squared distances of the nearest, in rising order.

    Returns:
        (N,) float32, above 0; 1 for all where all vectors are equal.
    """
    distinct, place = np.unique(training, axis=0, return_inverse=True)
    others = min(neighbours, len(distinct) - 1)
    if others == 0:
        return np.ones(len(training), np.float32)
    squared = nearest_squared(distinct, distinct, others + 1)[:, 1:]  # without itself, at distance 0
    means: NDArray[np.float64] = np.sqrt(squared, dtype=np.float64).mean(axis=1)
    distances: Float32Array = np.maximum(means, LEAST).astype(np.float32)
    return distances[place.reshape(-1)]
