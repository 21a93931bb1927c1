"""The tolerances of this package's tests, in one table with reasons."""

import pytest


class Tolerances:
    """Relative unless the name says otherwise."""

    # float64 logits against float64 NumPy: rounding of log and exp
    loss = 1e-12
    # float32 sums over a batch in another order
    order = 1e-6
    # float32 convolutions pick another algorithm for another batch size or memory format; absolute, outputs are about 1
    batch_absolute = 1e-4
    # five standard errors of a mean, and of a variance, over 200,000 Beta(0.2, 0.2) variates
    moment_absolute = 5e-3


@pytest.fixture(scope="session")
def tolerances() -> type[Tolerances]:
    return Tolerances
