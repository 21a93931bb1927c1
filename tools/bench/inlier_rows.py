"""Inlier models: asd-inlier beside a bare matrix product and scikit-learn in float64."""

from collections.abc import Iterator

import numpy as np
from measure import Row, median_s
from scipy.spatial.distance import cdist
from sklearn.covariance import LedoitWolf
from sklearn.mixture import GaussianMixture

from asd_inlier import GaussianMixtureInlier, MahalanobisKNN

TRAINING, QUERIES, DIMENSIONS, NEIGHBOURS, COMPONENTS = 5_000, 1_000, 512, 32, 32


def rows() -> Iterator[Row]:
    """KNN and GMM at the paper's size, on made-up embeddings."""
    rng = np.random.default_rng(2)
    mixing = rng.standard_normal((64, DIMENSIONS))
    draw = lambda n: (rng.standard_normal((n, 64)) @ mixing + rng.standard_normal((n, DIMENSIONS))).astype(np.float32)  # noqa: E731
    training, queries = draw(TRAINING), draw(QUERIES)
    yield from _knn(training, queries)
    yield from _gmm(training, queries)


def _knn(training: np.ndarray, queries: np.ndarray) -> Iterator[Row]:
    model = MahalanobisKNN(neighbours=NEIGHBOURS).fit(training)
    precision = LedoitWolf().fit(training.astype(np.float64)).precision_

    def exact() -> np.ndarray:
        distances = cdist(queries[:10], training, "mahalanobis", VI=precision)
        return np.sort(distances, axis=1)[:, :NEIGHBOURS].mean(axis=1)

    error = f"max relative {np.abs(model.anomaly_score(queries[:10]) / exact() - 1).max():.1e} to SciPy"
    step = f"Mahalanobis KNN, {TRAINING} x {DIMENSIONS}, {QUERIES} queries, k = {NEIGHBOURS}"
    ours_s = median_s(lambda: model.anomaly_score(queries))
    yield Row(step, "bare matrix product", ours_s, median_s(lambda: queries @ training.T), error)
    yield Row(step, "SciPy cdist (10 queries x 100)", ours_s, 100 * median_s(exact, runs=1), error)


def _gmm(training: np.ndarray, queries: np.ndarray) -> Iterator[Row]:
    ours = GaussianMixtureInlier(components=COMPONENTS)
    theirs = GaussianMixture(COMPONENTS, reg_covar=1e-2, random_state=0, max_iter=50)
    step = f"GMM, {COMPONENTS} full components, {TRAINING} x {DIMENSIONS}"
    ours_s, theirs_s = median_s(lambda: ours.fit(training), runs=1), median_s(lambda: theirs.fit(training), runs=1)
    iterations = f"{ours.n_iter_} and {theirs.n_iter_} iterations"
    yield Row(f"{step}: fit", "scikit-learn float64", ours_s, theirs_s, iterations)
    reference = -theirs.score_samples(queries)
    score_s, reference_s = (
        median_s(lambda: ours.anomaly_score(queries)),
        median_s(lambda: theirs.score_samples(queries)),
    )
    correlation = np.corrcoef(ours.anomaly_score(queries), reference)[0, 1]
    error = f"other start and regularisation; correlation {correlation:.4f}"
    yield Row(f"{step}: score {QUERIES}", "scikit-learn float64", score_s, reference_s, error)
