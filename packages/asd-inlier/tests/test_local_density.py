"""Laws of MahalanobisKNN with `standardise` and `local_density`: slow references, and no division by zero."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.covariance import LedoitWolf

from asd_inlier import MahalanobisKNN, ModelFileError, load_inlier_model, save_inlier_model
from asd_inlier.local_density import local_distances

RNG = np.random.default_rng(5)


def vectors(count: int, features: int, *, seed: int = 0) -> NDArray[np.float64]:
    """A dense and a sparse cluster, dimensions in different units."""
    rng = np.random.default_rng(seed)
    dense = rng.random(count) < 0.7
    centred = rng.standard_normal((count, features)) * np.where(dense, 0.1, 2.0)[:, None] + 3 * ~dense[:, None]
    return centred * np.logspace(0, 3, features) + 5


def slow_score(
    training: NDArray[Any], queries: NDArray[Any], neighbours: int, *, standardise: bool, density: int | None
) -> NDArray[np.float64]:
    """From the formulas, a distance at a time."""
    scale = training.std(axis=0) if standardise else np.ones(training.shape[1])
    precision = LedoitWolf().fit(training / scale).precision_
    to_training = cdist(queries / scale, training / scale, "mahalanobis", VI=precision)
    if density is not None:
        between = cdist(training / scale, training / scale, "mahalanobis", VI=precision)
        for y in range(len(training)):
            others = sorted(between[y, other] for other in range(len(training)) if other != y)
            to_training[:, y] /= sum(others[:density]) / density
    return np.sort(to_training, axis=1)[:, :neighbours].mean(axis=1)


@pytest.mark.parametrize(("count", "features"), [(60, 4), (150, 24), (20, 40)])
@pytest.mark.parametrize("neighbours", [1, 5])
@pytest.mark.parametrize("standardise", [False, True])
@pytest.mark.parametrize("density", [None, 1, 4])
def test_scores_equal_the_slow_reference(
    count: int, features: int, neighbours: int, standardise: bool, density: int | None, tolerances: Any
) -> None:
    training, queries = vectors(count, features), vectors(40, features, seed=1)
    model = MahalanobisKNN(neighbours, standardise=standardise, local_density=density).fit(training)
    expected = slow_score(training, queries, neighbours, standardise=standardise, density=density)
    np.testing.assert_allclose(model.anomaly_score(queries), expected, rtol=tolerances.mahalanobis)


def test_a_row_does_not_depend_on_its_company() -> None:
    training, queries = vectors(150, 24), vectors(70, 24, seed=1)
    model = MahalanobisKNN(3, standardise=True, local_density=4).fit(training)
    together = model.anomaly_score(queries)
    np.testing.assert_array_equal(np.concatenate([model.anomaly_score(row[None]) for row in queries]), together)


def test_standardised_scores_do_not_depend_on_the_units(tolerances: Any) -> None:
    training, queries = vectors(150, 24), vectors(40, 24, seed=1)
    units = np.logspace(-6, 6, 24)
    expected = MahalanobisKNN(2, standardise=True).fit(training).anomaly_score(queries)
    other = MahalanobisKNN(2, standardise=True).fit(training * units).anomaly_score(queries * units)
    np.testing.assert_allclose(other, expected, rtol=tolerances.mahalanobis)


def test_local_density_levels_a_dense_and_a_sparse_cluster() -> None:
    """The same cloud ten times as wide: without local density its own members score ten times as high."""
    cloud, more = RNG.standard_normal((2, 200, 3))
    wide = 10 * cloud + 200
    training, queries = np.concatenate([cloud, wide]), np.concatenate([more, 10 * more + 200])
    plain = MahalanobisKNN(1).fit(training).anomaly_score(queries)
    levelled = MahalanobisKNN(1, local_density=8).fit(training).anomaly_score(queries)
    assert 8 < np.median(plain[200:]) / np.median(plain[:200]) < 12
    assert 0.8 < np.median(levelled[200:]) / np.median(levelled[:200]) < 1.25


@pytest.mark.parametrize(
    "training",
    [
        np.ones((6, 4)),
        np.repeat(vectors(3, 6), 5, axis=0),
        np.column_stack([vectors(30, 5), np.full(30, 7.1)]),
        np.concatenate([vectors(20, 5), vectors(1, 5) + np.zeros((20, 1))]),
    ],
    ids=["all equal", "duplicate rows", "constant dimension", "one vector twenty times"],
)
def test_duplicates_and_constant_dimensions_do_not_divide_by_zero(training: NDArray[Any]) -> None:
    model = MahalanobisKNN(1, standardise=True, local_density=3).fit(training)
    assert model.local_distance_ is not None
    assert (model.local_distance_ > 0).all()
    np.testing.assert_array_equal(model.anomaly_score(training), 0)
    scores = model.anomaly_score(training + 0.1)
    assert np.isfinite(scores).all()
    assert (scores > 0).all()


def test_copies_of_a_vector_count_once() -> None:
    line = np.array([[0.0], [1.0], [3.0]], np.float32)
    np.testing.assert_allclose(local_distances(line, 2), [2.0, 1.5, 2.5])
    copied = np.concatenate([line, line[:1], line[:1]])
    np.testing.assert_allclose(local_distances(copied, 2), [2.0, 1.5, 2.5, 2.0, 2.0])


def test_a_saved_model_gives_the_same_scores(tmp_path: Path) -> None:
    training, queries = vectors(60, 8), vectors(20, 8, seed=1)
    model = MahalanobisKNN(2, standardise=True, local_density=4).fit(training)
    save_inlier_model(model, tmp_path / "model.safetensors")
    loaded = load_inlier_model(tmp_path / "model.safetensors")
    assert loaded.get_params() == model.get_params()
    np.testing.assert_array_equal(loaded.anomaly_score(queries), model.anomaly_score(queries))


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"local_density": 0}, "at least 1"),
        ({"local_density": 2.0}, "at least 1"),
        ({"local_density": 30}, "less than the number of training vectors"),
        ({"standardise": "yes"}, "True or False"),
    ],
)
def test_bad_parameters_name_the_rule(settings: dict[str, Any], rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        MahalanobisKNN(1, **settings).fit(vectors(30, 4))


@pytest.mark.parametrize("size", [1e200, 1e-200])
def test_standardised_scores_hold_at_the_ends_of_float64(size: float, tolerances: Any) -> None:
    training, queries = vectors(60, 4), vectors(20, 4, seed=1)
    expected = MahalanobisKNN(1, standardise=True).fit(training).anomaly_score(queries)
    other = MahalanobisKNN(1, standardise=True).fit(training * size).anomaly_score(queries * size)
    np.testing.assert_allclose(other, expected, rtol=tolerances.mahalanobis)
    units = np.array([1.0, size, 1.0, 1 / size])
    mixed = MahalanobisKNN(1, standardise=True).fit(training * units).anomaly_score(queries * units)
    np.testing.assert_allclose(mixed, expected, rtol=tolerances.mahalanobis)


@pytest.mark.parametrize("value", [1.7e308, 5e-324])
def test_a_dimension_past_float64_is_refused(value: float) -> None:
    training = vectors(30, 4)
    training[:, 1] = np.where(np.arange(30) == 0, 0, value)
    with pytest.raises(ValueError, match="X holds"):
        MahalanobisKNN(1, standardise=True).fit(training)


@pytest.mark.parametrize("change", [{"local_density": 3}, {"local_density": None}, {"standardise": False}])
def test_what_fitting_depends_on_may_not_change_after_it(change: dict[str, Any], tmp_path: Path) -> None:
    model = MahalanobisKNN(1, standardise=True, local_density=2).fit(vectors(30, 4))
    model.set_params(**change)
    with pytest.raises(ValueError, match="Fit it again"):
        model.anomaly_score(vectors(3, 4))
    with pytest.raises(ValueError, match="Fit it again"):
        save_inlier_model(model, tmp_path / "model.safetensors")


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int64])
@pytest.mark.parametrize("backend", ["auto", "numpy"])
def test_any_whole_number_counts_neighbours(kind: Any, backend: Any) -> None:
    training, queries = vectors(150, 4), vectors(10, 4, seed=1)
    expected = MahalanobisKNN(120, backend, local_density=127).fit(training).anomaly_score(queries)
    found = MahalanobisKNN(kind(120), backend, local_density=kind(127)).fit(training).anomaly_score(queries)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("backend", ["auto", "numpy"])
@pytest.mark.parametrize("density", [None, 3])
def test_a_tight_cluster_far_from_the_mean_keeps_its_distances(backend: Any, density: int | None) -> None:
    """float32's expansion of squared distances does not see them; the reference is float64 on the same vectors."""
    tight = RNG.standard_normal((200, 8)) * 1e-4 + 3
    model = MahalanobisKNN(1, backend, local_density=density)
    model.fit(np.concatenate([tight, RNG.standard_normal((200, 8))]))
    whitened = model.training_.astype(np.float64)
    queries = RNG.standard_normal((40, 8)) * 1e-4 + 3
    distances = cdist(model._whitened(queries).astype(np.float64), whitened)
    if density is not None:
        between = np.sort(cdist(whitened, whitened), axis=1)
        distances = distances / between[:, 1 : density + 1].mean(axis=1)
    np.testing.assert_allclose(model.anomaly_score(queries), distances.min(axis=1), rtol=1e-4)


@pytest.mark.parametrize("wrong", [np.int32(1), np.float64(1), np.float32(1e20), np.float32(0)])
def test_a_stored_local_distance_of_another_type_or_size_is_refused(wrong: Any, tmp_path: Path) -> None:
    model = MahalanobisKNN(1, local_density=2).fit(vectors(30, 4))
    model.local_distance_ = np.full(30, wrong)
    save_inlier_model(model, tmp_path / "model.safetensors")
    with pytest.raises(ModelFileError, match="local_distance"):
        load_inlier_model(tmp_path / "model.safetensors")
