"""Negative log-likelihood under a Gaussian mixture of normal embeddings (Fujimura 2023, Sec. 4.2).

Full covariances, fitted by EM in float64 from scikit-learn's k-means, scored in float32. The paper leaves the
regularisation open. Before the fit, vectors are centred and divided by one number, the root of their mean feature
variance. So the regularisation is a fraction of that variance, and the model does not depend on the unit or the origin
of the embeddings.
"""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp
from sklearn.base import BaseEstimator  # type: ignore[import-untyped, unused-ignore]
from sklearn.cluster import KMeans  # type: ignore[import-untyped, unused-ignore]
from sklearn.exceptions import ConvergenceWarning  # type: ignore[import-untyped, unused-ignore]
from sklearn.utils.validation import check_is_fitted, validate_data  # type: ignore[import-untyped, unused-ignore]

from asd_inlier.expectation_maximisation import expectation_maximisation
from asd_inlier.joint_density import Mixture, log_joint
from asd_inlier.overflow import refuse_overflowing_fit, refuse_overflowing_scores
from asd_inlier.precision_factors import packed, unpacked
from asd_inlier.single_thread import single_thread

Float32Array = NDArray[np.float32]
Float64Array = NDArray[np.float64]


class GaussianMixtureInlier(BaseEstimator):  # type: ignore[misc, unused-ignore]
    """Gaussian mixture with full covariances, regularised to work with fewer vectors than dimensions.

    Args:
        components: K, at least 1.
        regularisation: added to every covariance's diagonal, as a fraction of the mean feature variance. The default
            (our choice) keeps float32 scores accurate even when one direction of 512 has all the variance.
        max_iter: largest number of EM steps.
        random_state: seed of the k-means start. An int makes `fit` reproducible bit for bit.

    Attributes:
        converged_: whether EM ended before max_iter.
        n_iter_: number of EM steps.
        location_: (D,) float64, scale_: float; a vector x is modelled as (x - location_) / scale_.
        weights_: (K,) float64.
        means_: (K, D) float32, in the modelled units.
        precisions_cholesky_: (K, D, D) float32 upper triangular U, U U^T = inverse covariance in the modelled units.
        n_features_in_: D.
    """

    def __init__(
        self,
        components: int = 1,
        regularisation: float = 1e-2,
        max_iter: int = 50,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.components = components
        self.regularisation = regularisation
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: object = None) -> "GaussianMixtureInlier":
        """Fit by EM from one k-means start.

        `converged_` says whether EM converged; there is no warning. Runs on one thread, so that sums have one order and
        the same seed gives the same bits for any number of threads.

        Args:
            X: (N, D) finite numbers, N at least 2.
            y: ignored.

        Raises:
            ValueError: if X is not (N, D), not finite, has fewer than 2 rows or fewer than `components`, is so large
                that its squares overflow, or if the regularisation is too small for float32.
        """
        self._check_parameters()
        vectors: Float64Array = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        if self.components > len(vectors):
            raise ValueError(
                f"components must be at most the number of training vectors; got {self.components} with "
                f"n_samples = {len(vectors)}. Pass more vectors or fewer components."
            )
        with np.errstate(over="ignore", invalid="ignore"):
            self.location_ = vectors.mean(axis=0)
            centred = vectors - self.location_
            variance = float(np.mean(centred**2))
        refuse_overflowing_fit(variance)
        # 0 if all vectors are equal: then their own unit is kept.
        self.scale_ = float(np.sqrt(variance)) or 1.0
        modelled = centred / self.scale_
        with single_thread():
            fit = expectation_maximisation(
                modelled,
                self._start(modelled),
                components=self.components,
                regularisation=self.regularisation,
                max_iter=self.max_iter,
            )
        self.converged_, self.n_iter_ = fit.converged, fit.iterations
        self.weights_ = fit.mixture.weights
        self.means_: Float32Array = fit.mixture.means.astype(np.float32)
        self.precisions_cholesky_: Float32Array = fit.mixture.factors.astype(np.float32)
        return self

    def anomaly_score(self, X: ArrayLike) -> Float64Array:
        """Negative log-likelihood, computed in float32; higher is more anomalous.

        A row's score does not depend on the other rows of X.

        Args:
            X: (N, D) finite numbers.

        Returns:
            (N,) float64, in nats, of the density in the units of X.

        Raises:
            NotFittedError: before `fit`.
            ValueError: if X is not (N, D) or not finite, or a row is so far out that float32 overflows.
        """
        check_is_fitted(self)
        vectors = validate_data(self, X, dtype=np.float64, reset=False)
        with np.errstate(over="ignore", invalid="ignore"):
            scores = self._negative_log_likelihood(vectors)
        refuse_overflowing_scores(scores, vectors)
        return scores

    def score_samples(self, X: ArrayLike) -> Float64Array:
        """Minus `anomaly_score`: the log-likelihood, like scikit-learn's `score_samples`. (N,) float64."""
        return -self.anomaly_score(X)

    def _negative_log_likelihood(self, vectors: Float64Array) -> Float64Array:
        modelled = ((vectors - self.location_) / self.scale_).astype(np.float32)
        with single_thread():
            joint = log_joint(modelled, Mixture(self.weights_, self.means_, self.precisions_cholesky_))
        negative: Float64Array = self.n_features_in_ * np.log(self.scale_) - logsumexp(joint, axis=1)
        return negative

    def _start(self, modelled: Float64Array) -> NDArray[np.int32]:
        """(N,) labels by k-means, in float32, which is precise enough for a start."""
        means = KMeans(self.components, n_init=1, random_state=self.random_state)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # on duplicate rows
            labels: NDArray[np.int32] = means.fit(modelled.astype(np.float32)).labels_
        return labels

    def _check_parameters(self) -> None:
        for name in ("components", "max_iter"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                raise ValueError(f"{name} must be an int of at least 1; got {value!r}.")
        if not (isinstance(self.regularisation, float | int | np.floating) and 0 < self.regularisation < np.inf):
            raise ValueError(f"regularisation must be above 0 and finite; got {self.regularisation!r}.")

    def _to_arrays(self) -> dict[str, NDArray[Any]]:
        return {
            "em": np.array([self.n_iter_, self.converged_], dtype=np.int64),
            "location": self.location_,
            "means": self.means_,
            "precisions_cholesky": packed(self.precisions_cholesky_),
            "scale": np.array([self.scale_]),
            "weights": self.weights_,
        }

    def _from_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._check_parameters()
        features, count = arrays["location"].size, self.components
        shapes = {
            "em": (2,),
            "location": (features,),
            "means": (count, features),
            "precisions_cholesky": (count, features * (features + 1) // 2),
            "scale": (1,),
            "weights": (count,),
        }
        for name, shape in shapes.items():
            if arrays[name].shape != shape:
                raise ValueError(f"array {name!r} must be {shape}; got shape {arrays[name].shape}")
        self.n_iter_, self.converged_ = int(arrays["em"][0]), bool(arrays["em"][1])
        self.location_, self.means_, self.weights_ = (arrays[name] for name in ("location", "means", "weights"))
        self.scale_ = float(arrays["scale"][0])
        self.precisions_cholesky_ = unpacked(arrays["precisions_cholesky"], features)
        self.n_features_in_ = features
        if min(self.scale_, self.weights_.min(), np.diagonal(self.precisions_cholesky_, axis1=1, axis2=2).min()) <= 0:
            raise ValueError("scale, weights and the precisions' diagonals must be above 0")
