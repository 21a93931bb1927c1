"""EM gives the textbook's result, whatever it skips: as a slow one in float64, also if components have no vectors."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from asd_inlier.expectation_maximisation import expectation_maximisation
from asd_inlier.single_thread import single_thread

REGULARISATION = 1e-2
Float64Array = NDArray[np.float64]


@dataclass
class TextbookFit:
    weights: Float64Array
    means: Float64Array
    covariances: Float64Array
    converged: bool
    iterations: int
    softest: float  # the largest share of a vector in a component that is not its likeliest, in any step


def textbook(vectors: Float64Array, labels: NDArray[Any], components: int, max_iter: int) -> TextbookFit:
    """EM as Bishop (2006), Sec. 9.2.2, writes it: every vector, every component, every covariance."""
    shares = np.eye(components)[labels]
    weights, means, covariances = maximised(vectors, shares)
    before, softest = -np.inf, 0.0
    for iteration in range(1, max_iter + 1):
        joint = np.column_stack(
            [
                np.log(weight) + multivariate_normal(mean, covariance).logpdf(vectors)
                for weight, mean, covariance in zip(weights, means, covariances, strict=True)
            ]
        )
        shares = np.exp(joint - logsumexp(joint, axis=1, keepdims=True))
        softest = max(softest, np.sort(shares, axis=1)[:, -2].max()) if components > 1 else 0.0
        weights, means, covariances = maximised(vectors, shares)
        likelihood = logsumexp(joint, axis=1).mean()
        if abs(likelihood - before) < 1e-3:
            return TextbookFit(weights, means, covariances, True, iteration, softest)
        before = likelihood
    return TextbookFit(weights, means, covariances, False, max_iter, softest)


def maximised(vectors: Float64Array, shares: Float64Array) -> tuple[Float64Array, Float64Array, Float64Array]:
    counts = shares.sum(axis=0)
    means = shares.T @ vectors / counts[:, None]
    covariances = [
        (share[:, None] * (vectors - mean)).T @ (vectors - mean) / count + REGULARISATION * np.eye(vectors.shape[1])
        for share, mean, count in zip(shares.T, means, counts, strict=True)
    ]
    return counts / len(vectors), means, np.array(covariances)


def standard(vectors: Float64Array) -> Float64Array:
    centred = vectors - vectors.mean(axis=0)
    return centred / np.sqrt(np.mean(centred**2))


def groups(count: int, features: int, components: int, *, distance: float) -> tuple[Float64Array, NDArray[np.int64]]:
    """Vectors around centres, and a start that is wrong for a fifth of them."""
    generator = np.random.default_rng(count + features)
    labels = np.arange(count) % components
    centres = distance * generator.standard_normal((components, features))
    vectors = standard(centres[labels] + generator.standard_normal((count, features)))
    start = np.where(generator.random(count) < 0.2, generator.permutation(labels), labels)
    return vectors, start


# Few and many features (one block of 128, and several); components with more and with fewer vectors than a quarter of
# the features, the border between the two ways to a factor; groups that overlap, so that vectors are shared, or do not.
@pytest.mark.parametrize(
    ("count", "features", "components", "distance", "overlap"),
    [
        (200, 1, 2, 3.0, True),
        (300, 4, 3, 1.0, True),
        (2000, 150, 2, 0.15, True),
        (60, 200, 4, 1.0, False),
        (90, 300, 3, 0.0, False),
        (600, 130, 3, 1.0, False),
        (40, 3, 1, 0.0, False),
    ],
)
def test_the_fit_is_the_textbooks(
    count: int, features: int, components: int, distance: float, overlap: bool, tolerances: Any
) -> None:
    vectors, labels = groups(count, features, components, distance=distance)
    expected = textbook(vectors, labels, components, 50)
    assert (expected.softest > 0.01) == overlap, "the case is not what it is meant to be"
    with single_thread():
        fit = expectation_maximisation(
            vectors, labels, components=components, regularisation=REGULARISATION, max_iter=50
        )
    assert (fit.converged, fit.iterations) == (expected.converged, expected.iterations)
    np.testing.assert_allclose(fit.mixture.weights, expected.weights, rtol=tolerances.fit)
    np.testing.assert_allclose(fit.mixture.means, expected.means, atol=tolerances.fit)
    factors = fit.mixture.factors
    np.testing.assert_array_equal(factors, np.triu(factors))
    precisions = np.linalg.inv(expected.covariances)
    difference = factors @ factors.transpose(0, 2, 1) - precisions
    assert np.abs(difference).max() < tolerances.fit * np.abs(precisions).max()


def test_the_number_of_steps_is_limited() -> None:
    vectors, labels = groups(300, 4, 3, distance=1.0)
    with single_thread():
        fit = expectation_maximisation(vectors, labels, components=3, regularisation=REGULARISATION, max_iter=2)
    assert (fit.converged, fit.iterations) == (False, 2)


@pytest.mark.parametrize("features", [3, 40])
def test_a_component_without_vectors_changes_nothing_for_the_others(features: int, tolerances: Any) -> None:
    vectors, labels = groups(60, features, 2, distance=3.0)
    with single_thread():
        two, three = (
            expectation_maximisation(vectors, labels, components=k, regularisation=REGULARISATION, max_iter=50)
            for k in (2, 3)
        )
    np.testing.assert_allclose(three.mixture.weights, [*two.mixture.weights, 0], atol=tolerances.fit)
    np.testing.assert_allclose(three.mixture.means[:2], two.mixture.means, atol=tolerances.fit)
    np.testing.assert_allclose(three.mixture.factors[:2], two.mixture.factors, atol=tolerances.fit)
    np.testing.assert_allclose(three.mixture.factors[2], np.eye(features) / np.sqrt(REGULARISATION))
