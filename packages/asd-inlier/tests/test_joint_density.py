"""Joint densities are exact where they matter, and left out only where no sum would change."""

from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from asd_inlier.joint_density import Mixture, log_joint
from asd_inlier.single_thread import single_thread


def mixture(components: int, features: int, *, distance: float) -> Mixture:
    generator = np.random.default_rng(components * features)
    factors = np.triu(0.3 * generator.standard_normal((components, features, features)) / np.sqrt(features))
    factors += np.eye(features)
    weights = generator.random(components) + 0.1
    means = distance * generator.standard_normal((components, features))
    return Mixture(weights / weights.sum(), means, factors)


# One block of 128 features, exactly one, and several; components that all matter, some, and one alone.
@pytest.mark.parametrize("features", [3, 128, 129, 300])
@pytest.mark.parametrize("distance", [0.0, 0.5, 5.0])
def test_what_is_left_out_is_beyond_the_sums_resolution(features: int, distance: float, tolerances: Any) -> None:
    model = mixture(6, features, distance=distance)
    generator = np.random.default_rng(1)
    vectors = model.means[generator.integers(6, size=700)] + generator.standard_normal((700, features))
    with single_thread():
        joint = log_joint(vectors, model)
    covariances = np.linalg.inv(model.factors @ model.factors.transpose(0, 2, 1))
    exact = np.column_stack(
        [
            np.log(weight) + multivariate_normal(mean, covariance).logpdf(vectors)
            for weight, mean, covariance in zip(model.weights, model.means, covariances, strict=True)
        ]
    )
    kept = np.isfinite(joint)
    np.testing.assert_allclose(joint[kept], exact[kept], rtol=tolerances.fit)
    below = exact.max(axis=1, keepdims=True) - exact
    assert (below[~kept] > 60 - 1e-6).all()
    assert (below[kept] < 60 + 1e-6).all()
    if distance in (0.0, 5.0):
        assert kept.all() == (distance == 0.0), "the case is not what it is meant to be"
    np.testing.assert_allclose(logsumexp(joint, axis=1), logsumexp(exact, axis=1), rtol=tolerances.fit)


def test_a_vector_that_overflows_in_later_features_is_not_given_up_as_unlikely() -> None:
    model = mixture(3, 300, distance=1.0)
    single = Mixture(model.weights, model.means.astype(np.float32), model.factors.astype(np.float32))
    vectors = np.zeros((2, 300), np.float32)
    vectors[1, 299] = np.inf
    with single_thread(), np.errstate(over="ignore", invalid="ignore"):
        sums = logsumexp(log_joint(vectors, single), axis=1)
    np.testing.assert_array_equal(np.isfinite(sums), [True, False])
