"""Mahalanobis distance to the nearest normal embeddings (Fujimura 2023, Sec. 4.2; Ramaswamy et al. 2000).

The paper leaves the covariance open. Here it is Ledoit and Wolf's shrunk estimate, which stays invertible with fewer
vectors than dimensions. Vectors are whitened once; then the search is Euclidean.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator  # type: ignore[import-untyped, unused-ignore]
from sklearn.utils.validation import check_is_fitted, validate_data  # type: ignore[import-untyped, unused-ignore]

from asd_inlier.local_density import LEAST, MOST, local_distances
from asd_inlier.nearest_vectors import nearest_squared
from asd_inlier.overflow import refuse_overflowing_fit, refuse_overflowing_scores
from asd_inlier.row_blocks import by_row_blocks
from asd_inlier.search_backend import Backend, Search, resolve_backend
from asd_inlier.shrunk_whitening import shrunk_whitening
from asd_inlier.single_thread import single_thread

Float32Array = NDArray[np.float32]
Float64Array = NDArray[np.float64]

_LEAST_SCALE = 1e-280  # a whitening divided by it is still a number


class MahalanobisKNN(BaseEstimator):  # type: ignore[misc, unused-ignore]
    """Mean Mahalanobis distance to the k nearest training vectors.

    Args:
        neighbours: k, at least 1. May be changed after `fit` with `set_params`: fitting does not depend on it.
        backend: "faiss" searches with FAISS, "numpy" with matrix products in blocks, "auto" with FAISS if installed.
            Both are exact and give the same scores. With local density the search is NumPy's. "faiss-gpu" searches
            with FAISS on the current CUDA device, or raises; it takes no local density. May be changed after `fit`.
        standardise: divide each dimension by its standard deviation before the covariance is estimated: for vectors
            whose dimensions have different units. Shrinking then pulls towards these variances, not towards their
            mean. A constant dimension is left as it is.
        local_density: K; a distance to a training vector is divided by that vector's mean distance to its own K
            nearest (see `asd_inlier.local_density`), and the k smallest ratios are averaged. None: not divided.

    Attributes:
        backend_: "faiss", "faiss-gpu" or "numpy", which one is used.
        location_: (D,) float64, mean of the training vectors.
        shrinkage_: weight of the isotropic part of the covariance, 0 to 1.
        whitening_: (D, D) float64 upper triangular U with U U^T = inverse covariance.
        training_: (N, D) float32, whitened training vectors.
        local_distance_: (N,) float32, the distance to each training vector is divided by it; None without
            local_density.
        fitted_with_: the standardise and local_density of the fit, which may not change after it.
        n_features_in_: D.
    """

    def __init__(
        self,
        neighbours: int = 1,
        backend: Backend = "auto",
        *,
        standardise: bool = False,
        local_density: int | None = None,
    ) -> None:
        self.neighbours = neighbours
        self.backend = backend
        self.standardise = standardise
        self.local_density = local_density

    def fit(self, X: ArrayLike, y: object = None) -> "MahalanobisKNN":
        """Estimate the covariance and keep the whitened vectors.

        Args:
            X: (N, D) finite numbers, N at least 2.
            y: ignored.

        Raises:
            ValueError: if X is not (N, D), not finite, has fewer than 2 rows or fewer than `neighbours`, no more rows
                than `local_density`, or is so large that its squares overflow; with `standardise` also if a dimension
                that varies does so by less than 1e-280.
            ImportError: if backend is "faiss" or "faiss-gpu" and FAISS is not installed, or not built for GPUs.
            RuntimeError: if backend is "faiss-gpu" and there is no CUDA device.
        """
        self._check_parameters()
        resolve_backend(self.backend)
        vectors: Float64Array = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        self._check_neighbours(len(vectors))
        with (
            np.errstate(over="ignore", invalid="ignore"),
            single_thread(),
        ):  # one order of sums for any number of threads
            self.location_ = vectors.mean(axis=0)
            centred = vectors - self.location_
            scale = _scale(centred, vectors) if self.standardise else np.ones(vectors.shape[1])
            whitening, self.shrinkage_ = shrunk_whitening(centred / scale)
            self.whitening_ = whitening / scale[:, None]  # still upper triangular: one map does both
        self.training_ = self._whitened(vectors)
        self.local_distance_ = None
        if self.local_density is not None:
            self.local_distance_ = local_distances(self.training_, int(self.local_density))
        self.fitted_with_ = self._of_the_fit()
        return self

    def anomaly_score(self, X: ArrayLike) -> Float64Array:
        """Mean distance to the k nearest training vectors; higher is more anomalous.

        A row's score does not depend on the other rows of X.

        Args:
            X: (N, D) finite numbers.

        Returns:
            (N,) float64, at least 0.

        Raises:
            NotFittedError: before `fit`.
            ValueError: if X is not (N, D) or not finite, a row is so far out that float32 overflows, or `standardise`
                or `local_density` was changed after `fit`.
            ImportError, RuntimeError: if the backend is not there, as for `fit`.
        """
        check_is_fitted(self)
        self._check_parameters()
        self._check_neighbours(len(self.training_))
        self._check_unchanged()
        vectors = validate_data(self, X, dtype=np.float64, reset=False)
        with np.errstate(over="ignore", invalid="ignore"):
            scores = self._mean_distances(vectors)
        refuse_overflowing_scores(scores, vectors)
        return scores

    @property
    def backend_(self) -> Search:
        """Who searches here, with this backend."""
        return resolve_backend(self.backend)

    def score_samples(self, X: ArrayLike) -> Float64Array:
        """Minus `anomaly_score`: scikit-learn's direction, higher is more normal. (N,) float64."""
        return -self.anomaly_score(X)

    def _mean_distances(self, vectors: Float64Array) -> Float64Array:
        queries = self._whitened(vectors)
        weights = None if self.local_distance_ is None else np.reciprocal(np.square(self.local_distance_))
        search = self.backend_ if weights is None else "numpy"
        nearest = nearest_squared(queries, self.training_, int(self.neighbours), weights=weights, search=search)
        scores: Float64Array = np.sqrt(nearest, dtype=np.float64).mean(axis=1)
        return scores

    def _whitened(self, vectors: Float64Array) -> Float32Array:
        # float64 until here: in a direction of small variance the product cancels.
        return by_row_blocks(vectors - self.location_, lambda block: (block @ self.whitening_).astype(np.float32))

    def _check_parameters(self) -> None:
        neighbours = self.neighbours
        if isinstance(neighbours, bool) or not isinstance(neighbours, int | np.integer) or neighbours < 1:
            raise ValueError(f"neighbours must be an int of at least 1; got {neighbours!r}.")
        if not isinstance(self.standardise, bool | np.bool_):
            raise ValueError(f"standardise must be True or False; got {self.standardise!r}.")
        density = self.local_density
        if density is not None and (
            isinstance(density, bool) or not isinstance(density, int | np.integer) or density < 1
        ):
            raise ValueError(f"local_density must be None or an int of at least 1; got {density!r}.")
        if density is not None and self.backend == "faiss-gpu":
            raise ValueError(
                f"backend='faiss-gpu' cannot weigh distances; got local_density={density}. Use backend='auto'."
            )

    def _of_the_fit(self) -> tuple[bool, int | None]:
        """The parameters that fitting depends on."""
        return bool(self.standardise), None if self.local_density is None else int(self.local_density)

    def _check_unchanged(self) -> None:
        if self.fitted_with_ != self._of_the_fit():
            standardise, density = self.fitted_with_
            raise ValueError(
                f"the model was fitted with standardise={standardise}, local_density={density}, which was changed "
                f"since: now {self._of_the_fit()}. Fit it again."
            )

    def _check_neighbours(self, count: int) -> None:
        if self.neighbours > count:
            raise ValueError(
                f"neighbours must be at most the number of training vectors; got {self.neighbours} with "
                f"n_samples = {count}. Pass more vectors or fewer neighbours."
            )
        if self.local_density is not None and self.local_density >= count:
            raise ValueError(
                f"local_density must be less than the number of training vectors; got {self.local_density} with "
                f"n_samples = {count}. Pass more vectors or a smaller local_density."
            )

    def _to_arrays(self) -> dict[str, NDArray[Any]]:
        self._check_unchanged()
        arrays: dict[str, NDArray[Any]] = {
            "location": self.location_,
            "shrinkage": np.array([self.shrinkage_]),
            "training": self.training_,
            "whitening": self.whitening_,
        }
        return arrays if self.local_distance_ is None else arrays | {"local_distance": self.local_distance_}

    def _from_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        count, features = arrays["training"].shape
        shapes = {"location": (features,), "shrinkage": (1,), "training": (count, features)}
        shapes |= {"whitening": (features, features)}
        if self.local_density is not None:
            shapes |= {"local_distance": (count,)}
        if ("local_distance" in arrays) != (self.local_density is not None):
            raise ValueError("array 'local_distance' and parameter 'local_density' must come together")
        for name, shape in shapes.items():
            if arrays[name].shape != shape:
                raise ValueError(f"array {name!r} must be {shape}; got shape {arrays[name].shape}")
        if np.tril(arrays["whitening"], -1).any():
            raise ValueError("array 'whitening' must be upper triangular")
        self.local_distance_ = arrays.get("local_distance")
        local = self.local_distance_
        if local is not None and not ((local >= np.float32(LEAST)) & (local <= np.float32(MOST))).all():
            raise ValueError(f"array 'local_distance' must be {LEAST:g} to {MOST:g}")
        self._check_parameters()
        self._check_neighbours(count)
        self.fitted_with_ = self._of_the_fit()
        resolve_backend(self.backend)
        self.location_, self.whitening_, self.training_ = (arrays[n] for n in ("location", "whitening", "training"))
        self.shrinkage_ = float(arrays["shrinkage"][0])
        self.n_features_in_ = features


def _scale(centred: Float64Array, vectors: Float64Array) -> Float64Array:
    """(D,) standard deviations in any unit; 1 where a dimension is constant, whose deviation would be rounding."""
    largest = np.abs(centred).max(axis=0)
    refuse_overflowing_fit(float(largest.max()))
    constant = vectors.min(axis=0) == vectors.max(axis=0)
    largest[constant] = 1.0
    scale: Float64Array = largest * np.sqrt(np.mean((centred / largest) ** 2, axis=0))  # no square over- or underflows
    scale[constant] = 1.0
    if scale.min() < _LEAST_SCALE:
        raise ValueError(
            f"X holds a dimension that varies by {scale.min():.3g} alone, too little for float64. Scale it up, or "
            "leave it out."
        )
    return scale
