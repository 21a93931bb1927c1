"""Layers whose initial weights depend only on one random generator.

PyTorch's own constructors draw from the global generator. Here a layer is made on the meta device, which draws nothing.
Then it is initialised as PyTorch (with bias) or torchvision (without bias) would do, from the given generator, or from
the global one if that is None. This always happens on the CPU, so that a seed gives the same network for every device.

Within `torch.device("meta")` a layer stays there and nothing is drawn: for a network whose weights come from a file.
"""

import math
from typing import TypeVar

import torch
from torch import nn

Layer = TypeVar("Layer", bound=nn.Module)


def conv2d(
    in_channels: int, out_channels: int, *, kernel: int, stride: int, generator: torch.Generator | None
) -> nn.Conv2d:
    """Convolution without bias, padded to keep the size at stride 1; He initialisation by fan-out, as torchvision's."""
    layer = _with_memory(
        nn.Conv2d(in_channels, out_channels, kernel, stride=stride, padding=kernel // 2, bias=False, device="meta")
    )
    if not layer.weight.is_meta:
        nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu", generator=generator)
    return layer


def biased_conv2d(in_channels: int, out_channels: int, *, kernel: int, generator: torch.Generator | None) -> nn.Conv2d:
    """Convolution with bias that keeps the size; PyTorch's default initialisation, uniform within 1 / sqrt(fan-in)."""
    layer = _with_memory(nn.Conv2d(in_channels, out_channels, kernel, padding=kernel // 2, device="meta"))
    _draw_uniform(layer, in_channels * kernel**2, generator)
    return layer


def linear(in_features: int, out_features: int, *, generator: torch.Generator | None) -> nn.Linear:
    """Linear layer with PyTorch's default initialisation: weight and bias uniform within 1 / sqrt(in_features)."""
    layer = _with_memory(nn.Linear(in_features, out_features, device="meta"))
    _draw_uniform(layer, in_features, generator)
    return layer


def _draw_uniform(layer: nn.Conv2d | nn.Linear, fan_in: int, generator: torch.Generator | None) -> None:
    bound = 1 / math.sqrt(fan_in)
    assert layer.bias is not None
    if not layer.weight.is_meta:
        nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
        nn.init.uniform_(layer.bias, -bound, bound, generator=generator)


def _with_memory(layer: Layer) -> Layer:
    """The layer with uninitialised parameters on the default device instead of the meta device."""
    # Like layer.to_empty(device="cpu"); but that calls the Python form of empty_like for the meta device and so imports
    # torch's compiler and SymPy, which takes longer than everything else in loading a saved model.
    for name, parameter in list(layer.named_parameters()):
        setattr(layer, name, nn.Parameter(torch.empty(parameter.shape, dtype=parameter.dtype)))
    return layer
