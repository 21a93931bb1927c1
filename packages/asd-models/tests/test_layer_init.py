"""Laws of the layers' initial weights: they depend only on the generator, and are quick to make."""

import math
import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
from torch import nn

from asd_models import FastFlow, OutlierExposureNet
from asd_models.layer_init import biased_conv2d, conv2d, linear


def _by_torch(layer: nn.Module) -> nn.Module:
    """PyTorch's own way to make a layer with uninitialised weights on the CPU."""
    return layer.to_empty(device="cpu")


def _uniform(layer: nn.Module, fan_in: int, generator: torch.Generator) -> nn.Module:
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, -1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in), generator=generator)
    return layer


def _reference_conv2d(generator: torch.Generator) -> nn.Module:
    layer = _by_torch(nn.Conv2d(3, 8, 5, stride=2, padding=2, bias=False, device="meta"))
    nn.init.kaiming_normal_(layer.get_parameter("weight"), mode="fan_out", nonlinearity="relu", generator=generator)
    return layer


def _reference_biased(generator: torch.Generator) -> nn.Module:
    return _uniform(_by_torch(nn.Conv2d(6, 4, 3, padding=1, device="meta")), 6 * 9, generator)


def _reference_linear(generator: torch.Generator) -> nn.Module:
    return _uniform(_by_torch(nn.Linear(16, 7, device="meta")), 16, generator)


@pytest.mark.parametrize(
    ("ours", "reference"),
    [
        (lambda g: conv2d(3, 8, kernel=5, stride=2, generator=g), _reference_conv2d),
        (lambda g: biased_conv2d(6, 4, kernel=3, generator=g), _reference_biased),
        (lambda g: linear(16, 7, generator=g), _reference_linear),
    ],
    ids=["conv2d", "biased_conv2d", "linear"],
)
def test_a_seed_gives_the_bytes_of_torch_s_own_initialisation_and_moves_no_other_generator(
    ours: Callable[[torch.Generator], nn.Module], reference: Callable[[torch.Generator], nn.Module]
) -> None:
    before = torch.get_rng_state()
    made = ours(torch.Generator().manual_seed(11))
    assert torch.equal(torch.get_rng_state(), before)
    expected = reference(torch.Generator().manual_seed(11))
    assert str(made) == str(expected)
    assert list(made.state_dict()) == list(expected.state_dict())
    for name, tensor in expected.state_dict().items():
        assert (made.state_dict()[name].dtype, made.state_dict()[name].device) == (tensor.dtype, tensor.device)
        assert torch.equal(made.state_dict()[name], tensor)
        assert made.get_parameter(name).requires_grad


def test_on_the_meta_device_a_network_has_its_shapes_and_nothing_is_drawn() -> None:
    before = torch.get_rng_state()
    with torch.device("meta"):
        network = OutlierExposureNet(3, FastFlow(steps=2))
    assert torch.equal(torch.get_rng_state(), before)
    assert {tensor.device.type for tensor in network.state_dict().values()} == {"meta"}
    expected = OutlierExposureNet(3, FastFlow(steps=2)).state_dict()
    assert {name: (tensor.shape, tensor.dtype) for name, tensor in network.state_dict().items()} == {
        name: (tensor.shape, tensor.dtype) for name, tensor in expected.items()
    }


def test_a_network_is_made_without_torch_s_compiler() -> None:
    """Importing the compiler takes longer than scoring a recording."""
    check = (
        "import sys; from asd_models import Autoencoder, FastFlow, OutlierExposureNet; Autoencoder(); "
        "OutlierExposureNet(2, FastFlow(steps=1)); import torch; torch.device('meta').__enter__(); "
        "OutlierExposureNet(2); sys.exit('sympy' in sys.modules or 'torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
