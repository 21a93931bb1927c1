"""Laws of MahalanobisKNN: SciPy's Mahalanobis distance, one result for every backend, and no influence between rows."""

import importlib.util
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.base import clone
from sklearn.covariance import LedoitWolf
from sklearn.exceptions import NotFittedError

from asd_inlier import MahalanobisKNN

HAS_FAISS = importlib.util.find_spec("faiss") is not None
needs_faiss = pytest.mark.skipif(not HAS_FAISS, reason="FAISS is not installed (extra faiss-cpu)")
BACKENDS = [pytest.param("faiss", marks=needs_faiss), "numpy"]


def embeddings(count: int, features: int, *, seed: int = 0) -> NDArray[np.float64]:
    """Correlated, off-centre vectors with variances over three orders, as a ReLU network's embeddings have."""
    mixing = np.random.default_rng(99).standard_normal((features, features)) * np.logspace(0, -1.5, features)[:, None]
    vectors = np.random.default_rng(seed).standard_normal((count, features)) @ mixing + 3
    return np.maximum(vectors, 0)


def scipy_score(training: NDArray[Any], queries: NDArray[Any], neighbours: int) -> NDArray[np.float64]:
    precision = LedoitWolf().fit(training).precision_
    distances = np.sort(cdist(queries, training, "mahalanobis", VI=precision), axis=1)
    return distances[:, :neighbours].mean(axis=1)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("count", "features"), [(200, 16), (40, 64), (30, 512)])
@pytest.mark.parametrize("neighbours", [1, 4, 30])
def test_the_score_is_the_mean_of_scipys_mahalanobis_distances(
    backend: Any, count: int, features: int, neighbours: int, tolerances: Any
) -> None:
    training, queries = embeddings(count, features), embeddings(50, features, seed=1)
    model = MahalanobisKNN(neighbours, backend).fit(training)
    expected = scipy_score(training, queries, neighbours)
    np.testing.assert_allclose(model.anomaly_score(queries), expected, rtol=tolerances.mahalanobis)
    np.testing.assert_array_equal(model.score_samples(queries), -model.anomaly_score(queries))
    assert model.backend_ == backend


@pytest.mark.parametrize("backend", BACKENDS)
def test_near_coincidences_keep_their_distance(backend: Any, tolerances: Any) -> None:
    training = embeddings(120, 32)
    shift = np.logspace(-5, 0, 120)[:, None] * np.random.default_rng(3).standard_normal((120, 32))
    model = MahalanobisKNN(1, backend).fit(training)
    np.testing.assert_array_equal(model.anomaly_score(training), 0)
    np.testing.assert_allclose(
        model.anomaly_score(training + shift),
        scipy_score(training, training + shift, 1),
        rtol=tolerances.mahalanobis,
        atol=tolerances.coincidence_absolute,
    )


@needs_faiss
@pytest.mark.parametrize("neighbours", [1, 8])
def test_faiss_and_numpy_give_the_same_scores(neighbours: int, tolerances: Any) -> None:
    training, queries = embeddings(300, 48), embeddings(130, 48, seed=1)
    by_faiss = MahalanobisKNN(neighbours, "faiss").fit(training).anomaly_score(queries)
    by_numpy = MahalanobisKNN(neighbours, "numpy").fit(training).anomaly_score(queries)
    np.testing.assert_allclose(by_faiss, by_numpy, rtol=tolerances.backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_score_of_a_row_does_not_depend_on_the_other_rows(backend: Any) -> None:
    training, queries = embeddings(300, 100), embeddings(130, 100, seed=1)
    model = MahalanobisKNN(4, backend).fit(training)
    together = model.anomaly_score(queries)
    alone = np.concatenate([model.anomaly_score(row[None]) for row in queries])
    np.testing.assert_array_equal(alone, together)
    np.testing.assert_array_equal(model.anomaly_score(queries[::-1])[::-1], together)


def test_scores_do_not_depend_on_unit_or_origin(tolerances: Any) -> None:
    training, queries = embeddings(300, 8), embeddings(40, 8, seed=1)
    expected = MahalanobisKNN(2).fit(training).anomaly_score(queries)
    for scale in (1e-9, 1.0, 1e9):
        scaled = MahalanobisKNN(2).fit(scale * training).anomaly_score(scale * queries)
        np.testing.assert_allclose(scaled, expected, rtol=tolerances.mahalanobis)
    moved = MahalanobisKNN(2).fit(training + 1e3).anomaly_score(queries + 1e3)
    np.testing.assert_allclose(moved, expected, rtol=tolerances.mahalanobis)


def test_scores_do_not_depend_on_a_rotation_and_with_many_vectors_on_no_invertible_map(tolerances: Any) -> None:
    training, queries = np.random.default_rng(0).standard_normal((2, 20_000, 6))
    queries = queries[:40]
    expected = MahalanobisKNN(2).fit(training).anomaly_score(queries)
    rotation = np.linalg.qr(np.random.default_rng(1).standard_normal((6, 6)))[0]
    rotated = MahalanobisKNN(2).fit(training @ rotation).anomaly_score(queries @ rotation)
    np.testing.assert_allclose(rotated, expected, rtol=tolerances.mahalanobis)
    # Shrinkage towards a sphere knows the axes' lengths; with so many vectors it has nearly vanished.
    skew = rotation @ np.diag([1.0, 2, 3, 4, 5, 6]) @ np.triu(np.ones((6, 6)))
    skewed = MahalanobisKNN(2).fit(training @ skew).anomaly_score(queries @ skew)
    np.testing.assert_allclose(skewed, expected, rtol=tolerances.vanishing_shrinkage)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("size", [1e25, 1e39, 1e300])
def test_a_vector_that_overflows_float32_is_named_and_not_scored_inf(backend: Any, size: float) -> None:
    model = MahalanobisKNN(2, backend).fit(embeddings(50, 8))
    queries = embeddings(3, 8)
    queries[1] = size
    with pytest.raises(ValueError, match=r"X\[1\] lies so far .* float32 overflows"):
        model.anomaly_score(queries)


def test_training_vectors_whose_squares_overflow_are_refused() -> None:
    for size in (1e200, 1e307):
        with pytest.raises(ValueError, match="X holds numbers whose squares overflow"):
            MahalanobisKNN().fit(size * embeddings(50, 8))


def test_the_order_of_training_vectors_does_not_matter(tolerances: Any) -> None:
    training, queries = embeddings(100, 16), embeddings(20, 16, seed=1)
    expected = MahalanobisKNN(3).fit(training).anomaly_score(queries)
    shuffled = MahalanobisKNN(3).fit(training[::-1]).anomaly_score(queries)
    np.testing.assert_allclose(shuffled, expected, rtol=tolerances.backend)


def test_neighbours_may_change_after_fit_without_fitting_again() -> None:
    training, queries = embeddings(100, 16), embeddings(20, 16, seed=1)
    model = MahalanobisKNN(1).fit(training)
    for neighbours in (2, 32):
        expected = MahalanobisKNN(neighbours).fit(training).anomaly_score(queries)
        np.testing.assert_array_equal(model.set_params(neighbours=neighbours).anomaly_score(queries), expected)
    with pytest.raises(ValueError, match="got 101"):
        model.set_params(neighbours=101).anomaly_score(queries)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "training",
    [
        np.ones((5, 4)),
        np.repeat(embeddings(3, 6), 4, axis=0),
        np.array([[0.0, 0, 0], [1, 2, 3]]),
        np.column_stack([embeddings(30, 5), np.full(30, 7.0)]),
        embeddings(30, 5).astype(np.float32),
    ],
    ids=["all equal", "duplicate rows", "two vectors", "constant feature", "float32"],
)
def test_degenerate_training_vectors_give_finite_scores(backend: Any, training: NDArray[Any]) -> None:
    model = MahalanobisKNN(2, backend).fit(training)
    far = model.anomaly_score(training + 100)
    assert np.isfinite(far).all()
    assert (far > model.anomaly_score(training)).all()


def test_more_neighbours_than_vectors_is_an_error_at_fit() -> None:
    with pytest.raises(ValueError, match=r"neighbours must be at most .* got 9 with n_samples = 8"):
        MahalanobisKNN(9).fit(embeddings(8, 4))


@pytest.mark.parametrize("neighbours", [0, -1, 1.5, True, "1"])
def test_a_wrong_number_of_neighbours_is_named(neighbours: Any) -> None:
    with pytest.raises(ValueError, match="neighbours must be an int"):
        MahalanobisKNN(neighbours).fit(embeddings(8, 4))


def test_wrong_input_and_backend_are_named() -> None:
    with pytest.raises(ValueError, match="backend must be"):
        MahalanobisKNN(backend="gpu").fit(embeddings(8, 4))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="NaN"):
        MahalanobisKNN().fit([[1.0, np.nan], [1, 2]])
    with pytest.raises(ValueError, match="Expected 2D array"):
        MahalanobisKNN().fit(embeddings(8, 4)).anomaly_score(np.ones(4))
    with pytest.raises(NotFittedError):
        MahalanobisKNN().anomaly_score(embeddings(8, 4))


def test_without_faiss_auto_takes_numpy_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    assert MahalanobisKNN(backend="auto").fit(embeddings(8, 4)).backend_ == "numpy"
    with pytest.raises(ImportError, match=r"pip install faiss-cpu"):
        MahalanobisKNN(backend="faiss").fit(embeddings(8, 4))


@needs_faiss
def test_with_faiss_auto_takes_faiss_and_says_so() -> None:
    assert MahalanobisKNN(backend="auto").fit(embeddings(8, 4)).backend_ == "faiss"


def test_fit_is_reproducible_and_clone_forgets_it() -> None:
    training = embeddings(60, 32)
    first, second = MahalanobisKNN(2).fit(training), MahalanobisKNN(2).fit(training)
    np.testing.assert_array_equal(first.training_, second.training_)
    plain = {"neighbours": 2, "backend": "auto", "standardise": False, "local_density": None}
    assert clone(first).get_params() == plain
    assert not hasattr(clone(first), "training_")
