"""Laws of the outlier-exposure network and its losses (Fujimura 2023, Eqs. 2, 3 and 8)."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from asd_models import OutlierExposureNet, attribute_loss, machine_loss


def sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-x))


def equation_2(g: NDArray[np.float64], t: NDArray[np.float64]) -> float:
    """L_machine as the paper writes it, sample by sample."""
    total = 0.0
    for g_i, t_i in zip(g, t, strict=True):
        total += t_i * np.log(sigmoid(g_i)) + (1 - t_i) * np.log(1 - sigmoid(g_i))
    return -total / len(g)


def equation_8(g: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """L_att as the paper writes it."""
    total = 0.0
    for i in range(g.shape[0]):
        for k in range(g.shape[1]):
            total += y[i, k] * np.log(sigmoid(g[i, k])) + (1 - y[i, k]) * np.log(1 - sigmoid(g[i, k]))
    return -total / (g.shape[1] * g.shape[0])


def drawn(*shape: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(shape, generator=generator, dtype=torch.float64)
    return logits, torch.rand(shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("soft", [True, False])
def test_the_machine_loss_is_equation_2(soft: bool, tolerances: Any) -> None:
    logits, targets = drawn(17)
    targets = targets if soft else targets.round()
    expected = equation_2(logits.numpy(), targets.numpy())
    assert machine_loss(logits, targets).item() == pytest.approx(expected, rel=tolerances.loss)


@pytest.mark.parametrize("soft", [True, False])
def test_the_attribute_loss_is_equation_8(soft: bool, tolerances: Any) -> None:
    logits, targets = drawn(11, 4)
    targets = targets if soft else targets.round()
    expected = equation_8(logits.numpy(), targets.numpy())
    assert attribute_loss(logits, targets).item() == pytest.approx(expected, rel=tolerances.loss)


def test_the_losses_do_not_depend_on_the_order_of_samples_or_values(tolerances: Any) -> None:
    logits, targets = (tensor.float() for tensor in drawn(64, 5))
    order, values = torch.randperm(64), torch.randperm(5)
    expected = attribute_loss(logits, targets).item()
    assert attribute_loss(logits[order], targets[order]).item() == pytest.approx(expected, rel=tolerances.order)
    assert attribute_loss(logits[:, values], targets[:, values]).item() == pytest.approx(expected, rel=tolerances.order)
    expected = machine_loss(logits[:, 0], targets[:, 0]).item()
    assert machine_loss(logits[order, 0], targets[order, 0]).item() == pytest.approx(expected, rel=tolerances.order)


def test_a_sure_and_wrong_logit_costs_its_size_and_not_infinity() -> None:
    assert machine_loss(torch.tensor([1e4]), torch.tensor([0.0])).item() == 1e4


def test_bfloat16_logits_give_a_float32_loss() -> None:
    logits, targets = (tensor.bfloat16() for tensor in drawn(8))
    assert machine_loss(logits, targets).dtype == torch.float32


@pytest.mark.parametrize(("logits", "targets"), [((3,), (4,)), ((3, 1), (3, 1)), ((0,), (0,))])
def test_the_machine_loss_names_wrong_shapes(logits: tuple[int, ...], targets: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"must both be \(B,\)"):
        machine_loss(torch.zeros(logits), torch.zeros(targets))


@pytest.mark.parametrize(("logits", "targets"), [((3, 2), (3, 1)), ((3,), (3,)), ((3, 0), (3, 0))])
def test_the_attribute_loss_names_wrong_shapes(logits: tuple[int, ...], targets: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"must both be \(B, K\)"):
        attribute_loss(torch.zeros(logits), torch.zeros(targets))


def test_gradients_reach_every_parameter() -> None:
    net = OutlierExposureNet(3, generator=torch.Generator().manual_seed(0))
    output = net(torch.randn(4, 64, 64, generator=torch.Generator().manual_seed(1)))
    assert output.attribute_logits is not None
    loss = machine_loss(output.machine_logit, torch.tensor([1.0, 1, 0, 0]))
    (loss + 5 * attribute_loss(output.attribute_logits, torch.eye(4, 3))).backward()
    silent = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert silent == []


def test_shapes_are_the_contract() -> None:
    with torch.no_grad():
        output = OutlierExposureNet(6).eval()(torch.randn(2, 224, 313))
        alone = OutlierExposureNet().eval()(torch.randn(1, 64, 64))
    assert output.map.shape == (2, 512, 7, 10)
    assert output.embedding.shape == (2, 512)
    assert output.machine_logit.shape == (2,)
    assert output.attribute_logits is not None
    assert output.attribute_logits.shape == (2, 6)
    assert alone.attribute_logits is None
    assert "attribute_head.weight" not in OutlierExposureNet().state_dict()


def test_the_logits_of_one_item_do_not_depend_on_its_batch(tolerances: Any) -> None:
    net = OutlierExposureNet(2, generator=torch.Generator().manual_seed(0)).eval()
    x = torch.randn(4, 64, 96, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        alone = torch.cat([net(row[None]).machine_logit for row in x])
        torch.testing.assert_close(alone, net(x).machine_logit, rtol=0, atol=tolerances.batch_absolute)


def test_the_first_weights_are_a_function_of_the_seed_alone() -> None:
    def weights(generator: torch.Generator | None) -> list[Tensor]:
        return list(OutlierExposureNet(3, generator=generator).state_dict().values())

    torch.manual_seed(5)
    from_global = weights(None)
    torch.manual_seed(6)
    state = torch.random.get_rng_state()
    from_generator = weights(torch.Generator().manual_seed(5))
    assert torch.equal(state, torch.random.get_rng_state()), "a generator of one's own leaves the global one alone"
    assert all(torch.equal(a, b) for a, b in zip(from_global, from_generator, strict=True))
    assert not torch.equal(from_global[0], weights(None)[0])


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="attributes must be 0"):
        OutlierExposureNet(-1)
    with pytest.raises(ValueError, match=r"log_mel must be \(B, M, F\)"):
        OutlierExposureNet()(torch.zeros(64, 64))


@pytest.mark.parametrize("wrong", [-1.0, 2.0, float("nan")])
def test_targets_outside_0_and_1_are_named(wrong: float) -> None:
    with pytest.raises(ValueError, match="targets must be within 0 and 1"):
        machine_loss(torch.zeros(3), torch.tensor([0.0, 1.0, wrong]))
    with pytest.raises(ValueError, match="targets must be within 0 and 1"):
        attribute_loss(torch.zeros(1, 3), torch.tensor([[0.0, 1.0, wrong]]))
