"""The tolerances of this package's tests, in one table with reasons."""

from collections.abc import Iterator

import pytest
import torch


class Tolerances:
    """Relative unless the name says otherwise."""

    # float64 logits against float64 NumPy: rounding of log and exp
    loss = 1e-12
    # float32 sums over a batch in another order
    order = 1e-6
    # float32 convolutions pick another algorithm for another batch size or memory format; absolute, outputs are about 1
    batch_absolute = 1e-4
    # absolute, float64: rounding through up to five coupling steps whose scales reach exp(2) each, and back
    inverse_absolute = 1e-8
    # absolute, float64: LU of a Jacobian of up to 100 rows against a sum of logarithms
    log_determinant_absolute = 1e-6
    # absolute: a sum over a grid, for a density with the kinks of ReLU, that falls to nothing before the grid's edge
    integral_absolute = 1e-4
    # relative to the largest number: float32 convolutions of another library, batch normalisation within them
    onnx = 1e-5
    # relative to the largest number: eight significant bits of bfloat16, over eight steps
    bfloat16 = 0.05
    # five standard errors of a mean, and of a variance, over 200,000 Beta(0.2, 0.2) variates
    moment_absolute = 5e-3


@pytest.fixture(scope="session")
def tolerances() -> type[Tolerances]:
    return Tolerances


@pytest.fixture
def one_thread() -> Iterator[None]:
    """For trainings of tiny networks: torch's threads would spend far more time waiting for each other than working."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
