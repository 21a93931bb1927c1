"""The tolerances of this package's tests, in one table with reasons."""

import pytest


class Tolerances:
    """Relative unless the name says otherwise."""

    # float32 whitened vectors against SciPy in float64
    mahalanobis = 1e-4
    # the same where a query nearly coincides with a training vector: float32 resolution of whitened vectors; absolute
    coincidence_absolute = 1e-4
    # FAISS and NumPy pick the same neighbours, and one routine measures them
    backend = 1e-5
    # what is left of the shrinkage after 20,000 vectors
    vanishing_shrinkage = 1e-2
    # float32 products of 512 terms against scikit-learn in float64, of a log-likelihood; absolute where it is near
    # zero: 8e-4 nats measured at worst
    likelihood = 1e-3
    likelihood_absolute = 2e-3
    # float64 against float64 by another way: 3e-9 of the largest entry measured at worst, of inverse covariances
    fit = 1e-7
    # moments of 20,000 Beta(0.2, 0.2) variates: four standard errors; absolute
    moment_absolute = 0.012
    # asd-native's scores, which sum in another order and partly in float64, against ours; promised is 1e-4. Measured at
    # worst: 1.3e-7 of a distance, 1.6e-7 of a negative log-likelihood's size plus 1
    native = 1e-5
    native_absolute = 1e-5
    # weighted means in float64, summed in another order
    mean = 1e-12


@pytest.fixture(scope="session")
def tolerances() -> type[Tolerances]:
    return Tolerances
