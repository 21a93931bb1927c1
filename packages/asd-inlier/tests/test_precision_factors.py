"""A precision factor is the inverse Cholesky factor of the covariance, computed either way."""

from typing import Any

import numpy as np
import pytest
from scipy.linalg import solve_triangular

from asd_inlier.precision_factors import packed, precision_factor, unpacked


# None, few, a quarter of the features and one more (where the way changes), many; features around blocks of 64.
@pytest.mark.parametrize("features", [1, 2, 63, 64, 65, 130, 200])
@pytest.mark.parametrize("share", [0, 0.02, 0.25, 0.26, 1, 3])
@pytest.mark.parametrize("size", [1e-3, 1.0, 1e2])
def test_the_factor_is_the_inverse_of_the_cholesky_factor(
    features: int, share: float, size: float, tolerances: Any
) -> None:
    generator = np.random.default_rng(features)
    deviations = size * generator.standard_normal((int(share * features), features))
    factor = precision_factor(deviations, 1e-2)
    lower = np.linalg.cholesky(deviations.T @ deviations + 1e-2 * np.eye(features))
    expected = solve_triangular(lower, np.eye(features), lower=True).T
    np.testing.assert_allclose(factor, expected, rtol=0, atol=tolerances.fit * expected.max())
    np.testing.assert_array_equal(factor, np.triu(factor))


@pytest.mark.parametrize("count", [3, 200])
def test_a_regularisation_that_rounding_loses_is_refused(count: int) -> None:
    deviations = np.ones((count, 100))
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        precision_factor(deviations, 1e-20)


def test_unpacked_is_the_inverse_of_packed() -> None:
    factors = np.triu(np.random.default_rng(0).standard_normal((3, 7, 7))).astype(np.float32)
    assert packed(factors).shape == (3, 28)
    np.testing.assert_array_equal(unpacked(packed(factors), 7), factors)
