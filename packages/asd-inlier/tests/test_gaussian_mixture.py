"""Laws of GaussianMixtureInlier: scikit-learn's likelihood, the same bits again, and no crash on poor data."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import multivariate_normal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from asd_inlier import GaussianMixtureInlier


def embeddings(count: int, features: int, *, seed: int = 0, centres: int = 3) -> NDArray[np.float64]:
    """Vectors around a few centres, correlated and cut at zero, as a ReLU network's embeddings are."""
    fixed = np.random.default_rng(99)
    mixing = fixed.standard_normal((features, features)) * np.logspace(0, -1.5, features)[:, None]
    middles = 3 * fixed.standard_normal((centres, features))
    generator = np.random.default_rng(seed)
    vectors = generator.standard_normal((count, features)) @ mixing
    return np.maximum(vectors + middles[generator.integers(centres, size=count)], 0)


def in_float64(model: GaussianMixtureInlier) -> GaussianMixture:
    """The model's mixture as scikit-learn's own estimator in float64, in the units of the data."""
    reference = GaussianMixture(len(model.weights_))
    factors = model.precisions_cholesky_.astype(np.float64) / model.scale_
    reference.weights_ = model.weights_ / model.weights_.sum()
    reference.means_ = model.means_.astype(np.float64) * model.scale_ + model.location_
    reference.precisions_cholesky_ = factors
    reference.covariances_ = np.linalg.inv(factors @ factors.transpose(0, 2, 1))
    return reference


@pytest.mark.parametrize(("count", "features", "components"), [(300, 8, 4), (60, 64, 16), (30, 512, 16)])
def test_scores_are_scikit_learns_log_likelihood_in_float64(
    count: int, features: int, components: int, tolerances: Any
) -> None:
    training, queries = embeddings(count, features), embeddings(70, features, seed=1)
    model = GaussianMixtureInlier(components).fit(training)
    np.testing.assert_allclose(
        model.score_samples(queries),
        in_float64(model).score_samples(queries),
        rtol=tolerances.likelihood,
        atol=tolerances.likelihood_absolute,
    )
    np.testing.assert_array_equal(model.anomaly_score(queries), -model.score_samples(queries))


@pytest.mark.parametrize(("count", "features", "components"), [(400, 12, 3), (150, 300, 3), (150, 300, 12)])
def test_the_fit_is_scikit_learns_in_float64(count: int, features: int, components: int, tolerances: Any) -> None:
    training, queries = embeddings(count, features), embeddings(70, features, seed=1)
    model = GaussianMixtureInlier(components, regularisation=1e-2).fit(training)
    variance = training.var(axis=0).mean()
    reference = GaussianMixture(components, reg_covar=1e-2 * variance, random_state=0, max_iter=50).fit(training)
    assert (model.converged_, model.n_iter_) == (reference.converged_, reference.n_iter_)
    means = model.means_ * model.scale_ + model.location_
    np.testing.assert_allclose(means, reference.means_, atol=tolerances.likelihood * model.scale_)
    np.testing.assert_allclose(model.weights_, reference.weights_, rtol=tolerances.fit)
    np.testing.assert_allclose(
        model.score_samples(queries),
        reference.score_samples(queries),
        rtol=tolerances.likelihood,
        atol=tolerances.likelihood_absolute,
    )


def test_one_component_is_the_normal_density_of_mean_and_regularised_covariance(tolerances: Any) -> None:
    training, queries = embeddings(200, 6), embeddings(40, 6, seed=1)
    covariance = np.cov(training.T, bias=True)
    covariance += 0.05 * np.trace(covariance) / 6 * np.eye(6)
    expected = multivariate_normal(training.mean(axis=0), covariance).logpdf(queries)
    model = GaussianMixtureInlier(regularisation=0.05).fit(training)
    np.testing.assert_allclose(model.score_samples(queries), expected, rtol=tolerances.likelihood)


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_unit_and_origin_add_only_a_constant(scale: float, tolerances: Any) -> None:
    training, queries = embeddings(100, 10), embeddings(40, 10, seed=1)
    expected = GaussianMixtureInlier(3).fit(training).score_samples(queries)
    moved = GaussianMixtureInlier(3).fit(scale * (training + 50)).score_samples(scale * (queries + 50))
    np.testing.assert_allclose(moved + 10 * np.log(scale), expected, rtol=tolerances.likelihood, atol=0.01)


# At the second size OpenBLAS splits the factors' sums between threads: without a limit the bits differ.
@pytest.mark.parametrize(("count", "features", "components"), [(150, 64, 8), (300, 512, 2)])
def test_the_same_seed_gives_the_same_bits_whatever_the_number_of_threads(
    count: int, features: int, components: int
) -> None:
    training, queries = embeddings(count, features), embeddings(40, features, seed=1)
    found = []
    for threads in (1, 2, 2):
        with threadpool_limits(threads):
            model = GaussianMixtureInlier(components, random_state=5).fit(training)
            found.append((model.anomaly_score(queries), model.precisions_cholesky_))
    for other in found[1:]:
        np.testing.assert_array_equal(other[0], found[0][0])
        np.testing.assert_array_equal(other[1], found[0][1])


# With 100 features OpenBLAS rounds a row by the number of rows, if it is not kept the same; with 300 a row's likely
# components are found before the others are left out.
@pytest.mark.parametrize(("features", "components"), [(100, 4), (300, 20)])
def test_the_score_of_a_row_does_not_depend_on_the_other_rows(features: int, components: int) -> None:
    queries = embeddings(130, features, seed=1)
    model = GaussianMixtureInlier(components).fit(embeddings(200, features))
    together = model.anomaly_score(queries)
    alone = np.concatenate([model.anomaly_score(row[None]) for row in queries])
    np.testing.assert_array_equal(alone, together)
    np.testing.assert_array_equal(model.anomaly_score(queries[::-1])[::-1], together)


@pytest.mark.parametrize("components", [1, 2, 4, 16, 30])
def test_512_dimensions_hold_with_30_samples(components: int) -> None:
    training = embeddings(30, 512)
    model = GaussianMixtureInlier(components).fit(training)
    scores = model.anomaly_score(np.concatenate([training, training + 1]))
    assert np.isfinite(scores).all()
    assert scores[30:].min() > scores[:30].max()


def test_512_dimensions_hold_when_one_direction_has_all_the_variance() -> None:
    generator = np.random.default_rng(0)
    line = 1e3 * generator.standard_normal((40, 1)) * np.abs(generator.standard_normal(512))
    model = GaussianMixtureInlier(2).fit(line + 1e-3 * generator.standard_normal((40, 512)))
    assert np.isfinite(model.anomaly_score(line)).all()


@pytest.mark.parametrize(
    "training",
    [
        np.ones((6, 4)),
        np.repeat(embeddings(2, 6), 5, axis=0),
        np.column_stack([embeddings(30, 5), np.full(30, 7.0)]),
        embeddings(30, 5).astype(np.float32),
    ],
    ids=["all equal", "duplicate rows", "constant feature", "float32"],
)
def test_degenerate_training_vectors_give_finite_scores(training: NDArray[Any]) -> None:
    model = GaussianMixtureInlier(4).fit(training)
    far = model.anomaly_score(training + 100)
    assert np.isfinite(far).all()
    assert (far > model.anomaly_score(training)).all()


def test_a_vector_far_from_all_components_has_a_finite_score() -> None:
    model = GaussianMixtureInlier(2).fit(embeddings(50, 8))
    assert np.isfinite(model.anomaly_score(np.full((1, 8), 1e25))).all()


@pytest.mark.parametrize("size", [1e39, 1e300])
def test_a_vector_that_overflows_float32_is_named_and_not_scored_nan(size: float) -> None:
    model = GaussianMixtureInlier(2).fit(embeddings(50, 8))
    queries = embeddings(3, 8)
    queries[1] = size
    with pytest.raises(ValueError, match=r"X\[1\] lies so far .* float32 overflows"):
        model.anomaly_score(queries)


def test_training_vectors_whose_squares_overflow_are_refused() -> None:
    for size in (1e200, 1e307):
        with pytest.raises(ValueError, match="X holds numbers whose squares overflow"):
            GaussianMixtureInlier().fit(size * embeddings(50, 8))


def test_convergence_is_told_by_an_attribute_and_not_by_a_warning() -> None:
    training = embeddings(300, 6)
    assert GaussianMixtureInlier(3).fit(training).converged_
    stopped = GaussianMixtureInlier(3, max_iter=1).fit(training)
    assert not stopped.converged_
    assert stopped.n_iter_ == 1


def test_more_components_than_samples_is_a_clear_error() -> None:
    with pytest.raises(ValueError, match=r"components must be at most .* got 32 with n_samples = 30"):
        GaussianMixtureInlier(32).fit(embeddings(30, 512))


@pytest.mark.parametrize("regularisation", [1e-12, 1e-20, 1e-100, 5e-324])
@pytest.mark.parametrize("count", [20, 50])
def test_a_regularisation_too_small_for_float32_is_named(regularisation: float, count: int) -> None:
    message = f"regularisation is too small for float32 at 64 dimensions; got {regularisation}"
    for training in (embeddings(count, 64), np.ones((count, 64))):
        with pytest.raises(ValueError, match=message):
            GaussianMixtureInlier(2, regularisation=regularisation).fit(training)


# Where the vectors' own covariance is sound the regularisation may be next to nothing.
@pytest.mark.parametrize(
    ("regularisation", "vectors"),
    [(1e-6, embeddings(100, 64)), (1e-12, np.random.default_rng(0).standard_normal((4000, 6)))],
)
def test_scores_are_sound_at_the_smallest_regularisation_that_is_accepted(
    regularisation: float, vectors: NDArray[np.float64], tolerances: Any
) -> None:
    model, queries = GaussianMixtureInlier(3, regularisation=regularisation).fit(vectors[:-20]), vectors[-20:]
    np.testing.assert_allclose(
        model.score_samples(queries),
        in_float64(model).score_samples(queries),
        rtol=tolerances.likelihood,
        atol=tolerances.likelihood_absolute,
    )


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"components": 0}, "components must be an int"),
        ({"components": 2.0}, "components must be an int"),
        ({"max_iter": 0}, "max_iter must be an int"),
        ({"regularisation": 0.0}, "regularisation must be above 0"),
        ({"regularisation": float("nan")}, "regularisation must be above 0"),
        ({"random_state": "one"}, "random_state"),
    ],
)
def test_wrong_parameters_are_named(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GaussianMixtureInlier(**parameters).fit(embeddings(20, 4))


def test_clone_forgets_the_fit_and_an_unfitted_model_says_so() -> None:
    model = GaussianMixtureInlier(2, random_state=3).fit(embeddings(20, 4))
    assert clone(model).get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        clone(model).anomaly_score(embeddings(20, 4))
