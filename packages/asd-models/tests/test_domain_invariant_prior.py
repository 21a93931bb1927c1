"""Laws of the domain-invariant latents, and what they are for: less of a nuisance parameter in the scored channels."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from asd_models import DomainInvariantPrior, FastFlow, category_values, flow_loss

CHANNELS, DEPENDENT = 12, 2


@pytest.mark.parametrize(
    ("values", "k"),
    [([0, 1, 2], 5), ([6, 12, 8, 6, 8], 2.5), ([0.3, 0.1], 25), ([26.0], 0), ([3, 3, 3], 0), ([-1, 9], 0.5)],
)
def test_k_is_5_over_the_smallest_distance_between_distinct_values(values: list[float], k: float) -> None:
    assert DomainInvariantPrior(values).k == pytest.approx(k)


def test_the_mean_is_k_v_in_the_dependent_channels_and_0_in_the_others() -> None:
    mean = DomainInvariantPrior([6, 8, 12]).mean(torch.tensor([6.0, 12.0]))
    assert mean.shape == (2, 512, 1, 1)
    assert mean.dtype == torch.float32
    assert mean[0, :8].unique().tolist() == [15.0]
    assert mean[1, :8].unique().tolist() == [30.0]
    assert not mean[:, 8:].any()


def test_centred_the_means_of_the_training_clips_are_0_on_average_and_as_far_apart() -> None:
    values = [6.0, 6.0, 6.0, 8.0, 12.0]
    literal, centred = (DomainInvariantPrior(values, centred=centred).mean(torch.tensor(values)) for centred in (0, 1))
    assert centred[:, :8].mean(0).abs().max() < 1e-5
    torch.testing.assert_close(centred[:, :8].diff(dim=0), literal[:, :8].diff(dim=0))
    assert not centred[:, 8:].any()


def test_where_a_parameter_s_scale_begins_does_not_move_the_centred_means() -> None:
    near, far = (DomainInvariantPrior([v, v + 1, v + 5], centred=True).mean(torch.tensor([v + 1.0])) for v in (0, 1000))
    assert near[0, 0].item() == -5
    assert torch.equal(near, far)


def test_of_one_value_the_prior_is_the_standard_normal_one() -> None:
    assert not DomainInvariantPrior([26.0]).mean(torch.tensor([26.0, 28.0])).any()


def test_categories_are_numbered_in_sorted_order_whatever_the_order_they_come_in() -> None:
    labels = ["B", "C", "A", "B"]
    assert category_values(labels) == category_values(reversed(labels)) == {"A": 0.0, "B": 1.0, "C": 2.0}
    assert list(category_values(labels)) == ["A", "B", "C"]


def test_wrong_arguments_are_named() -> None:
    for wrong in ([], [1.0, math.nan], [1.0, math.inf]):
        with pytest.raises(ValueError, match="values must be finite and not empty"):
            DomainInvariantPrior(wrong)
    for dependent in (0, 4):
        with pytest.raises(ValueError, match="dependent must be within 1 and channels - 1 = 3"):
            DomainInvariantPrior([0, 1], channels=4, dependent=dependent)
    with pytest.raises(ValueError, match=r"values must be \(B,\)"):
        DomainInvariantPrior([0, 1]).mean(torch.zeros(3, 1))
    with pytest.raises(TypeError, match=r"Pass values\.float\(\)"):
        DomainInvariantPrior([0, 1]).mean(torch.arange(2))


def shifted_samples(count: int, *, mixing_seed: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Maps (N, C, 1, 1) of four hidden sources and noise, shifted along a direction by a parameter of three values."""
    mixing = torch.Generator().manual_seed(mixing_seed)
    sources, direction = torch.randn(CHANNELS, 4, generator=mixing) / 2, torch.randn(CHANNELS, generator=mixing)
    values = torch.randint(3, (count,), generator=generator).float()
    content = torch.randn(count, 4, generator=generator) @ sources.T
    noise = 0.3 * torch.randn(count, CHANNELS, generator=generator)
    return (content + noise + (values - 1)[:, None] * direction)[:, :, None, None], values


def trained_flow(maps: Tensor, values: Tensor, prior: DomainInvariantPrior | None, *, seed: int) -> FastFlow:
    flow, generator, steps = FastFlow(CHANNELS, hidden_ratio=4, seed=seed), torch.Generator().manual_seed(seed), 150
    optimiser = torch.optim.Adam(flow.parameters(), lr=0.03)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        rows = torch.randint(len(maps), (128,), generator=generator)
        optimiser.zero_grad()
        flow_loss(flow(maps[rows]), None if prior is None else prior.mean(values[rows])).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    return flow


def probe_r2(flow: FastFlow, training: tuple[Tensor, Tensor], held_out: tuple[Tensor, Tensor]) -> float:
    """R^2, on held-out samples, of a ridge regression of the parameter on the invariant channels z_c."""

    def design(maps: Tensor) -> NDArray[np.float64]:
        with torch.no_grad():
            invariant = flow(maps).latent[:, DEPENDENT:].flatten(1).double().numpy()
        return np.column_stack((invariant, np.ones(len(invariant))))

    x, y = design(training[0]), training[1].double().numpy()
    coefficients = np.linalg.solve(x.T @ x + np.eye(x.shape[1]), x.T @ y)
    truth = held_out[1].double().numpy()
    residual = truth - design(held_out[0]) @ coefficients
    return float(1 - (residual**2).sum() / ((truth - truth.mean()) ** 2).sum())


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("seed", [0])
def test_the_invariant_channels_carry_less_of_the_parameter_than_those_of_a_plain_flow(seed: int) -> None:
    generator = torch.Generator().manual_seed(100 + seed)
    training = shifted_samples(512, mixing_seed=seed, generator=generator)
    held_out = shifted_samples(2000, mixing_seed=seed, generator=generator)
    prior = DomainInvariantPrior(training[1].tolist(), channels=CHANNELS, dependent=DEPENDENT)
    plain = probe_r2(trained_flow(*training, None, seed=seed), training, held_out)
    invariant = probe_r2(trained_flow(*training, prior, seed=seed), training, held_out)
    print(f"seed {seed}: R^2 of the parameter from z_c: plain flow {plain:.3f}, domain-invariant flow {invariant:.3f}")
    assert plain > 0.4, "the plain flow was meant to carry the parameter: otherwise the comparison says nothing"
    assert invariant < plain / 2
