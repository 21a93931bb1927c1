"""Laws of the autoencoder: the layers of the official DCASE 2023 Task 2 baseline."""

from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import nn

from asd_models import Autoencoder


def test_the_layers_are_the_official_baselines() -> None:
    net = Autoencoder()
    linear = [(m.in_features, m.out_features) for m in net.modules() if isinstance(m, nn.Linear)]
    sizes = [640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640]
    assert linear == list(pairwise(sizes))
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm1d)]
    assert [m.num_features for m in norms] == sizes[1:-1]
    assert {(m.eps, m.momentum) for m in norms} == {(1e-3, 0.01)}
    kinds = [type(m).__name__ for part in (net.encoder, net.decoder) for m in part]
    assert kinds == ["Linear", "BatchNorm1d", "ReLU"] * 9 + ["Linear"]


def test_parameter_names_are_the_official_baselines() -> None:
    names = {name for name, _ in Autoencoder().named_parameters()}
    expected = {
        f"{part}.{index}.{kind}"
        for part, layers in (("encoder", 5), ("decoder", 4))
        for layer in range(layers)
        for index in (3 * layer, 3 * layer + 1)
        for kind in ("weight", "bias")
    }
    assert names == expected | {"decoder.12.weight", "decoder.12.bias"}


def test_first_weights_are_pytorchs_default_and_a_function_of_the_seed() -> None:
    first = Autoencoder(generator=torch.Generator().manual_seed(0))
    again = Autoencoder(generator=torch.Generator().manual_seed(0))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    torch.manual_seed(4)
    reference = nn.Linear(640, 128)
    torch.manual_seed(4)
    ours = next(iter(Autoencoder().encoder))
    assert isinstance(ours, nn.Linear)
    assert torch.equal(ours.weight, reference.weight)
    assert torch.equal(ours.bias, reference.bias)


def test_gradients_reach_every_parameter() -> None:
    net = Autoencoder(20, 16, 4, generator=torch.Generator().manual_seed(0))
    x = torch.randn(32, 20, generator=torch.Generator().manual_seed(1))
    nn.functional.mse_loss(net(x), x).backward()
    assert all(parameter.grad is not None for parameter in net.parameters())
    # Batch norm takes the mean out, so a linear bias before it moves nothing: its gradient is 0 but for rounding.
    silent = [n for n, p in net.named_parameters() if n.endswith("weight") and not p.grad.abs().sum() > 0]
    assert silent == []


def test_one_item_does_not_depend_on_its_batch_and_the_latent_is_the_encoders(tolerances: Any) -> None:
    net = Autoencoder(generator=torch.Generator().manual_seed(0)).eval()
    x = torch.randn(9, 640, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        together = net(x)
        alone = torch.cat([net(row[None]) for row in x])
        assert net.encoder(x).shape == (9, 8)
    assert together.shape == x.shape
    torch.testing.assert_close(alone, together, rtol=0, atol=tolerances.batch_absolute)


@pytest.mark.usefixtures("one_thread")
def test_training_lowers_the_reconstruction_error() -> None:
    generator = torch.Generator().manual_seed(0)
    net = Autoencoder(12, 16, 4, generator=generator)
    x = torch.randn(256, 3, generator=generator) @ torch.randn(3, 12, generator=generator)
    optimiser = torch.optim.Adam(net.parameters(), 1e-2)
    losses = []
    for _ in range(60):
        optimiser.zero_grad()
        loss = nn.functional.mse_loss(net(x), x)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="bottleneck must be at least 1"):
        Autoencoder(bottleneck=0)
    with pytest.raises(ValueError, match=r"x must be \(B, 640\)"):
        Autoencoder()(torch.zeros(2, 128))
