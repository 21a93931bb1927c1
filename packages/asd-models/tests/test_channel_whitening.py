"""Laws of the fixed linear map before a flow: what it does to data, its inverse, its part in the likelihood."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from asd_models import ChannelWhitening, FastFlow, flow_log_likelihood


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def whitening(channels: int, *, full: bool) -> ChannelWhitening:
    weight = drawn(channels, channels, seed=1) if full else (2 + drawn(channels, seed=1)).exp()
    return ChannelWhitening(10 * drawn(channels, seed=2), weight)


BOTH = pytest.mark.parametrize("full", [False, True], ids=["scales", "matrix"])


@BOTH
def test_each_position_is_multiplied_on_its_own(full: bool) -> None:
    layer, maps = whitening(4, full=full), drawn(2, 4, 3, 5)
    matrix = layer.weight.numpy() if full else np.diag(layer.weight.numpy())
    actual, log_determinant = layer(maps)
    for sample in range(2):
        for row in range(3):
            for column in range(5):
                expected = matrix @ (maps[sample, :, row, column].numpy() - layer.mean.numpy())
                np.testing.assert_allclose(actual[sample, :, row, column], expected, rtol=1e-12)
    assert log_determinant.item() == pytest.approx(math.log(abs(np.linalg.det(matrix))), rel=1e-12)


@BOTH
def test_the_inverse_gives_the_maps_back(full: bool, tolerances: Any) -> None:
    flow, maps = FastFlow(5, steps=3, whitening=whitening(5, full=full)).double(), drawn(2, 5, 3, 2)
    latent, _ = flow(maps)
    torch.testing.assert_close(flow.inverse(latent), maps, rtol=0, atol=tolerances.inverse_absolute)


@BOTH
def test_the_log_determinant_of_a_flow_is_still_the_autograd_jacobians(full: bool, tolerances: Any) -> None:
    flow, maps = FastFlow(4, steps=2, whitening=whitening(4, full=full)).double(), drawn(2, 4, 2, 3)
    for sample, log_determinant in zip(maps, flow(maps).log_determinant, strict=True):
        jacobian = torch.autograd.functional.jacobian(lambda x: flow(x[None]).latent[0], sample)  # type: ignore[no-untyped-call]
        expected = torch.linalg.slogdet(jacobian.reshape(maps[0].numel(), -1)).logabsdet
        assert log_determinant.item() == pytest.approx(expected.item(), abs=tolerances.log_determinant_absolute)
        assert abs(log_determinant.item()) > 1, "else the whitening's part would not show"


def test_a_flow_behind_the_whitening_of_a_gaussian_starts_as_that_gaussian() -> None:
    """With steps that change nothing, the likelihood is the multivariate normal distribution's."""
    mixing, mean = drawn(3, 3, seed=4), drawn(3, seed=5)
    flow = FastFlow(3, steps=2, whitening=ChannelWhitening(mean, torch.linalg.inv(mixing))).double()
    with torch.no_grad():
        for parameter in flow.parameters():
            parameter.zero_()
    maps = drawn(4, 3, 1, 2)
    gaussian = torch.distributions.MultivariateNormal(mean, mixing @ mixing.T)
    expected = gaussian.log_prob(maps.permute(0, 2, 3, 1)).sum((1, 2))
    torch.testing.assert_close(flow_log_likelihood(flow(maps)), expected)


@BOTH
def test_autocast_does_not_touch_it(full: bool) -> None:
    layer = whitening(64, full=full).float()
    maps = drawn(2, 64, 3, 4).float()
    exact = layer(maps)[0]
    with torch.autocast("cpu", torch.bfloat16):
        latent, log_determinant = layer(maps)
        back = layer.inverse(latent)
    assert latent.dtype == log_determinant.dtype == back.dtype == torch.float32
    assert torch.equal(latent, exact)


@BOTH
def test_it_is_saved_with_the_flow_and_does_not_learn(full: bool) -> None:
    flow = FastFlow(4, steps=1, whitening=whitening(4, full=full)).double()
    nothing = ChannelWhitening(torch.zeros(4), torch.eye(4) if full else torch.ones(4))
    other = FastFlow(4, steps=1, whitening=nothing).double()
    other.load_state_dict(flow.state_dict())
    maps = drawn(2, 4, 2, 2)
    assert torch.equal(other(maps).latent, flow(maps).latent)
    assert torch.equal(other(maps).log_determinant, flow(maps).log_determinant)
    assert not [name for name, _ in flow.named_parameters() if name.startswith("whitening")]


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_the_memory_format_changes_no_number(memory_format: torch.memory_format, tolerances: Any) -> None:
    layer, maps = whitening(16, full=True).float(), drawn(2, 16, 3, 4).float()
    actual, _ = layer(maps.contiguous(memory_format=memory_format))
    torch.testing.assert_close(actual, layer(maps)[0], rtol=0, atol=tolerances.batch_absolute)
    assert actual.is_contiguous(memory_format=torch.channels_last), "what the training's convolutions take"


def test_wrong_arguments_are_named() -> None:
    for mean, weight in ((drawn(3, 1), drawn(3)), (drawn(3), drawn(4)), (drawn(3), drawn(3, 4)), (drawn(0), drawn(0))):
        with pytest.raises(ValueError, match=r"mean must be \(C,\)"):
            ChannelWhitening(mean, weight)
    zeros = torch.zeros(2)
    for mean, weight in (
        (zeros, torch.ones(2, 2)),
        (zeros, torch.tensor([1.0, 0.0])),
        (zeros, torch.tensor([1.0, math.inf])),
        (torch.tensor([0.0, math.nan]), torch.ones(2)),
    ):
        with pytest.raises(ValueError, match="finite and invertible"):
            ChannelWhitening(mean, weight)
    with pytest.raises(ValueError, match="whitening must be for 4 channels; got one for 3"):
        FastFlow(4, whitening=ChannelWhitening(torch.zeros(3), torch.ones(3)))
