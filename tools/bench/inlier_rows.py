"""Inlier models: asd-inlier beside a bare matrix product, SciPy and scikit-learn in float64."""

import warnings
from collections.abc import Iterator
from functools import partial

import faiss
import measure
import numpy as np
from measure import Row, median_s
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.covariance import LedoitWolf
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from asd_inlier import GaussianMixtureInlier, MahalanobisKNN

Float32Array = NDArray[np.float32]

DIMENSIONS, NEIGHBOURS, COMPONENTS, ITERATIONS = 512, 32, 32, 5


def embeddings(*counts: int) -> list[Float32Array]:
    """Random embeddings (N, 512) near a subspace, like those of a network."""
    rng = np.random.default_rng(2)
    mixing = rng.standard_normal((64, DIMENSIONS))
    near = [rng.standard_normal((n, 64)) @ mixing + rng.standard_normal((n, DIMENSIONS)) for n in counts]
    return [vectors.astype(np.float32) for vectors in near]


def rows(cores: int) -> Iterator[Row]:
    """KNN and GMM at the paper's size."""
    training, queries = embeddings(1_000 if measure.quick else 5_000, 1_000)
    yield from _knn(training, queries, cores)
    yield from _gmm(training, queries)


def _knn(training: Float32Array, queries: Float32Array, cores: int) -> Iterator[Row]:
    model = MahalanobisKNN(neighbours=NEIGHBOURS).fit(training)
    precision = LedoitWolf().fit(training.astype(np.float64)).precision_

    def exact() -> NDArray[np.float64]:
        distances = cdist(queries[:10], training, "mahalanobis", VI=precision)
        nearest: NDArray[np.float64] = np.sort(distances, axis=1)[:, :NEIGHBOURS].mean(axis=1)
        return nearest

    row = partial(
        Row,
        step=f"Mahalanobis KNN, {len(training)} x {DIMENSIONS}, {len(queries)} queries, k = {NEIGHBOURS}",
        error=f"max relative {np.abs(model.anomaly_score(queries[:10]) / exact() - 1).max():.1e} to SciPy",
        ours_s=median_s(lambda: model.anomaly_score(queries)),
        flops=2 * len(training) * len(queries) * DIMENSIONS,
        float32=True,
        threads=cores,
    )
    product_s = median_s(lambda: queries @ training.T)
    yield row(tool="bare matrix product, float32", theirs_s=product_s, reach=1 / 1.3, reach_s=0.040)
    searched_s = median_s(lambda: faiss.knn(queries, training, NEIGHBOURS))
    yield row(tool="FAISS's search alone, of whitened vectors", theirs_s=searched_s)
    yield row(tool="SciPy cdist (10 queries x 100)", theirs_s=100 * median_s(exact, runs=1, warm_up=False))


def _gmm(training: Float32Array, queries: Float32Array) -> Iterator[Row]:
    """A few iterations of EM: the time of one does not depend on their number."""
    ours = GaussianMixtureInlier(components=COMPONENTS, max_iter=ITERATIONS)
    theirs = GaussianMixture(COMPONENTS, reg_covar=1e-2, random_state=0, max_iter=ITERATIONS, tol=0.0)
    step = f"GMM, {COMPONENTS} full components, {len(training)} x {DIMENSIONS}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fit_s = [median_s(partial(model.fit, training), runs=1, warm_up=False) for model in (ours, theirs)]
    yield Row(
        step=f"{step}: fit, an iteration with its share of the start",
        tool="scikit-learn float64",
        ours_s=fit_s[0] / ours.n_iter_,
        theirs_s=fit_s[1] / theirs.n_iter_,
        error=f"{ours.n_iter_} and {theirs.n_iter_} iterations from another start",
        reach=1.8,
    )
    with threadpool_limits(1):
        on_one_s = median_s(lambda: theirs.score_samples(queries))
    correlation = np.corrcoef(ours.anomaly_score(queries), -theirs.score_samples(queries))[0, 1]
    row = partial(
        Row,
        step=f"{step}: score {len(queries)}, 1 thread",
        ours_s=median_s(lambda: ours.anomaly_score(queries)),
        error=f"other start and regularisation; correlation {correlation:.4f}",
        flops=len(queries) * COMPONENTS * DIMENSIONS**2,  # the factors are triangular
        float32=True,
    )
    all_threads_s = median_s(lambda: theirs.score_samples(queries))
    yield row(tool="scikit-learn float64, all threads", theirs_s=all_threads_s, reach=1.8)
    yield row(tool="scikit-learn float64, 1 thread", theirs_s=on_one_s)
