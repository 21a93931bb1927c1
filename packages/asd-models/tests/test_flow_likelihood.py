"""Laws of the flow's likelihood: the paper's equations in plain NumPy, and a density that integrates to 1."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from asd_models import DomainInvariantPrior, FastFlow, FlowOutput, flow_log_likelihood, flow_loss, flow_score_map


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def log_normal(z: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of the density of N(mean, 1) at each number."""
    return np.log(np.exp(-((z - mean) ** 2) / 2) / np.sqrt(2 * np.pi))


def equation_7(z: NDArray[np.float64], log_determinant: float, mean: NDArray[np.float64]) -> float:
    """log p_X of one sample: the sum over channels, mel and time of log p_Z, and the log-determinant."""
    total = 0.0
    for channel in range(z.shape[0]):
        total += log_normal(z[channel], mean[channel]).sum()
    return total + log_determinant


def equation_6(log_likelihoods: list[float]) -> float:
    return -sum(log_likelihoods) / len(log_likelihoods)


@pytest.mark.parametrize("with_prior", [False, True])
def test_likelihood_and_loss_are_equations_7_and_6(with_prior: bool, tolerances: Any) -> None:
    output = FlowOutput(drawn(5, 4, 3, 2), drawn(5, seed=1))
    values = torch.tensor([0.0, 1, 2, 1, 0], dtype=torch.float64)
    prior_mean = DomainInvariantPrior([0, 1, 2], channels=4, dependent=2).mean(values) if with_prior else None
    means = torch.zeros(5, 4, 1, 1) if prior_mean is None else prior_mean
    expected = [
        equation_7(z.numpy(), log_determinant.item(), mean.numpy())
        for z, log_determinant, mean in zip(*output, means, strict=True)
    ]
    np.testing.assert_allclose(flow_log_likelihood(output, prior_mean), expected, rtol=tolerances.loss)
    assert flow_loss(output, prior_mean).item() == pytest.approx(equation_6(expected), rel=tolerances.loss)


def trained_pair_flow(prior: DomainInvariantPrior | None) -> tuple[FastFlow, Tensor, Tensor]:
    """A flow of two channels at one position, trained for some steps on a bent and shifted cloud; data and values."""
    values = (torch.arange(400) % 2).double()
    first = drawn(400)
    second = 0.7 * first**2 + 0.3 * drawn(400, seed=1) - 1 + values
    cloud = torch.stack((first, second), 1)[:, :, None, None]
    flow = FastFlow(2, steps=4, hidden_ratio=16).double()
    optimiser = torch.optim.Adam(flow.parameters(), lr=0.03)
    for _ in range(60):
        optimiser.zero_grad()
        flow_loss(flow(cloud), None if prior is None else prior.mean(values)).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return flow, cloud, values


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("with_prior", [False, True])
def test_the_density_of_a_trained_flow_integrates_to_1(with_prior: bool, tolerances: Any) -> None:
    prior = DomainInvariantPrior([0, 1], channels=2, dependent=1) if with_prior else None
    flow, cloud, values = trained_pair_flow(prior)
    axis = torch.linspace(-25, 25, 501, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)[:, :, None, None]
    with torch.no_grad():
        for value in (0.0, 1.0) if with_prior else (0.0,):
            mean = None if prior is None else prior.mean(torch.tensor([value], dtype=torch.float64))
            density = flow_log_likelihood(flow(grid), mean).exp()
            integral = density.sum() * (axis[1] - axis[0]) ** 2
            assert integral.item() == pytest.approx(1, abs=tolerances.integral_absolute)
        fitted = flow_loss(flow(cloud), None if prior is None else prior.mean(values))
        fresh = flow_loss(FlowOutput(cloud, torch.zeros(400, dtype=torch.float64)))
    assert fitted < fresh - 0.3, "the flow was meant to have learned something"


def test_the_loss_of_no_sample_is_0_and_can_be_differentiated() -> None:
    flow = FastFlow(4)
    for maps in (torch.zeros(0, 4, 3, 2), torch.zeros(0, 4, 3, 2).to(memory_format=torch.channels_last)):
        maps.requires_grad_()
        loss = flow_loss(flow(maps), DomainInvariantPrior([0, 1], channels=4, dependent=2).mean(torch.zeros(0)))
        assert loss.item() == 0
        loss.backward()  # type: ignore[no-untyped-call]
        assert maps.grad is not None
    assert all(p.grad is None or not p.grad.any() for p in flow.parameters())


@pytest.mark.parametrize("dependent", [0, 2])
def test_the_score_is_the_negative_log_prior_of_the_invariant_channels_up_to_a_constant(
    dependent: int, tolerances: Any
) -> None:
    latent = drawn(3, 5, 2, 4)
    z = latent[:, dependent:].numpy()
    constant = (5 - dependent) * np.log(2 * np.pi) / 2
    expected = -log_normal(z, np.zeros_like(z)).sum(1) - constant
    np.testing.assert_allclose(flow_score_map(latent, dependent=dependent), expected, rtol=tolerances.loss, atol=1e-12)


def test_with_the_log_determinant_the_scores_of_all_positions_add_up_to_the_likelihood(tolerances: Any) -> None:
    flow, maps = FastFlow(4, steps=3).double(), drawn(2, 4, 3, 2)
    score = flow_score_map(*flow.by_position(maps)).sum((1, 2))
    constant = 0.5 * maps[0].numel() * np.log(2 * np.pi)
    torch.testing.assert_close(-score - constant, flow_log_likelihood(flow(maps)), rtol=tolerances.loss * 100, atol=0)


def test_the_score_of_a_shifted_domain_stays_when_only_the_dependent_channels_shift() -> None:
    latent = drawn(2, 6, 3, 3)
    shifted = latent.clone()
    shifted[:, :2] += 5
    assert torch.equal(flow_score_map(shifted, dependent=2), flow_score_map(latent, dependent=2))
    assert (flow_score_map(shifted) != flow_score_map(latent)).all()


@pytest.mark.parametrize("wrong", [-1, 4])
def test_a_score_without_channels_is_refused(wrong: int) -> None:
    with pytest.raises(ValueError, match="dependent must be within 0 and 3"):
        flow_score_map(torch.zeros(1, 4, 2, 2), dependent=wrong)
