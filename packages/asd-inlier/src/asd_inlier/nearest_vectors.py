"""Squared distances of vectors to the nearest of others: found by FAISS or by matrix products, measured by differences.

The search may order near ties wrongly, so a few more candidates than wanted are measured. Products are float64: around
a far point the float32 expansion |x|^2 - 2 x y + |y|^2 does not see how close two vectors are to each other.
"""

import importlib

import numpy as np
from numpy.typing import NDArray

from asd_inlier.row_blocks import by_row_blocks
from asd_inlier.search_backend import Search

Float32Array = NDArray[np.float32]

_SPARE_CANDIDATES = 8
_MOST_ON_GPU = 2048  # FAISS's limit there; beyond it the process ends
# Rows whose differences are held at a time; 16 x (32 + 8) x 512 float32 fit the second-level cache.
_DIFFERENCE_ROWS = 16


def nearest_squared(
    queries: Float32Array,
    vectors: Float32Array,
    count: int,
    *,
    weights: Float32Array | None = None,
    search: Search = "numpy",
) -> Float32Array:
    """Smallest squared distances, in rising order; of a query they do not depend on the other queries.

    Args:
        queries: (N, D).
        vectors: (M, D), M at least count.
        count: how many for each query.
        weights: (M,) by which the squared distances to each vector are multiplied first.
        search: who searches; FAISS cannot weigh.

    Returns:
        (N, count).

    Raises:
        ValueError: if count is more than FAISS finds on a GPU.
    """
    candidates = min(count + _SPARE_CANDIDATES, len(vectors))
    if search == "faiss":
        indices = _by_faiss(queries, vectors, candidates)
    elif search == "faiss-gpu":
        indices = _by_faiss_gpu(queries, vectors, candidates)
    else:
        indices = _by_products(queries, vectors, candidates, weights)
    squared = _differences_squared(queries, vectors, indices)
    if weights is not None:
        squared *= weights[indices]
    nearest: Float32Array = np.sort(squared, axis=1)[:, :count]
    return nearest


def _by_faiss(queries: Float32Array, vectors: Float32Array, count: int) -> NDArray[np.int64]:
    """Indices (N, count) of the nearest, by FAISS's flat search."""
    _, indices = importlib.import_module("faiss").knn(queries, vectors, count)
    return np.asarray(indices, dtype=np.int64)


def _by_faiss_gpu(queries: Float32Array, vectors: Float32Array, count: int) -> NDArray[np.int64]:
    """The same on the current CUDA device. The resources end with the search: training may need their memory."""
    if count > _MOST_ON_GPU:
        raise ValueError(
            f"neighbours must be at most {_MOST_ON_GPU - _SPARE_CANDIDATES} with backend='faiss-gpu'; got "
            f'{count - _SPARE_CANDIDATES}. Use backend="faiss".'
        )
    faiss = importlib.import_module("faiss")
    _, indices = faiss.knn_gpu(faiss.StandardGpuResources(), queries, vectors, count)
    return np.asarray(indices, dtype=np.int64)


def _by_products(
    queries: Float32Array, vectors: Float32Array, count: int, weights: Float32Array | None
) -> NDArray[np.int64]:
    """The same by matrix products in blocks of rows, of weighted distances too."""
    exact = vectors.astype(np.float64)
    norms = np.einsum("nd,nd->n", exact, exact)

    def nearest(block: Float32Array) -> NDArray[np.int64]:
        rows = block.astype(np.float64)
        approximate = norms - 2 * (rows @ exact.T)
        if weights is not None:
            approximate = (approximate + np.einsum("nd,nd->n", rows, rows)[:, None]) * weights
        return np.argpartition(approximate, count - 1, axis=1)[:, :count]

    return by_row_blocks(queries, nearest)


def _differences_squared(queries: Float32Array, vectors: Float32Array, indices: NDArray[np.int64]) -> Float32Array:
    """Squared distances (N, K) of each query to its candidates, by differences: exact where vectors nearly coincide."""
    squared = np.empty(indices.shape, dtype=np.float32)
    for start in range(0, len(queries), _DIFFERENCE_ROWS):
        rows = slice(start, start + _DIFFERENCE_ROWS)
        difference = vectors[indices[rows]]
        difference -= queries[rows, None]
        np.einsum("nkd,nkd->nk", difference, difference, out=squared[rows])
    return squared
