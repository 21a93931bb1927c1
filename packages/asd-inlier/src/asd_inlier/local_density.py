"""How far a training vector's own neighbours lie: what a distance to it is divided by (Wilkinghoff et al. 2025).

Where normal sound is dense a small distance is already strange, where it is sparse a large one is not. The anomaly
score of x under K-nearest-neighbour scaling is the minimum over the training vectors y of

    D(x, y) / (mean of D(y, y_1), ..., D(y, y_K)),

with y_1 ... y_K the training vectors nearest to y, y itself left out (Local Density-Based Anomaly Score Normalization
for Domain Generalization, 2025). Copies of one vector count once here: K copies would make its scale zero.
"""

import numpy as np
from numpy.typing import NDArray

from asd_inlier.nearest_vectors import nearest_squared

Float32Array = NDArray[np.float32]

LEAST, MOST = 1e-9, 1e9
"""Smallest and largest local distance: below is float32 rounding alone, and 1 / distance squared stays a number."""


def local_distances(training: Float32Array, neighbours: int) -> Float32Array:
    """Mean distance of each vector to its nearest others.

    Args:
        training: (N, D) whitened vectors.
        neighbours: K, at least 1; as many as there are other vectors, where those are fewer.

    Returns:
        (N,) float32, `LEAST` to `MOST`; 1 for all where all vectors are equal.
    """
    distinct, place = np.unique(training, axis=0, return_inverse=True)
    others = min(neighbours, len(distinct) - 1)
    if others == 0:
        return np.ones(len(training), np.float32)
    squared = nearest_squared(distinct, distinct, others + 1)[:, 1:]  # without itself, at distance 0
    means: NDArray[np.float64] = np.sqrt(squared, dtype=np.float64).mean(axis=1)
    distances: Float32Array = np.clip(means, LEAST, MOST).astype(np.float32)
    return distances[place.reshape(-1)]
