"""The autoencoder of the official DCASE 2023 Task 2 baseline (Harada et al. 2023, "First-shot anomaly detection").

Layers, sizes, batch-norm constants and parameter names (`encoder.0.weight` ...) are those of the official baseline. Its
two covariance parameters are not part of this network.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from asd_models.layer_init import linear

_HIDDEN_LAYERS = 4  # hidden layers before and after the bottleneck


class Autoencoder(nn.Module):
    """inputs - 4 x hidden - bottleneck - 4 x hidden - inputs; batch norm and ReLU after each layer except the last.

    Args:
        inputs: numbers in one input; 640 is five frames of 128 mel bands.
        hidden: units of a hidden layer.
        bottleneck: units in the middle.
        generator: CPU source of the initial weights; None takes torch's global one.

    Raises:
        ValueError: if a size is below 1.
    """

    def __init__(
        self, inputs: int = 640, hidden: int = 128, bottleneck: int = 8, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        for name, size in (("inputs", inputs), ("hidden", hidden), ("bottleneck", bottleneck)):
            if size < 1:
                raise ValueError(f"{name} must be at least 1; got {size}.")
        self.inputs = inputs
        down = [inputs, *[hidden] * _HIDDEN_LAYERS, bottleneck]
        up = [bottleneck, *[hidden] * _HIDDEN_LAYERS]
        self.encoder = nn.Sequential(*_layers(down, generator))
        self.decoder = nn.Sequential(*_layers(up, generator), linear(hidden, inputs, generator=generator))

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruction of x; the latent is `self.encoder(x)`.

        Args:
            x: (B, inputs) floating point. In training B must be at least 2, for the batch norm.

        Returns:
            (B, inputs).

        Raises:
            ValueError: if x is not (B, inputs).
        """
        if x.dim() != 2 or x.shape[1] != self.inputs:
            raise ValueError(f"x must be (B, {self.inputs}); got shape {tuple(x.shape)}.")
        result: Tensor = self.decoder(self.encoder(x))
        return result


def _layers(sizes: list[int], generator: torch.Generator | None) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for size, next_size in pairwise(sizes):
        # momentum and eps as in the official baseline: Keras's defaults, not PyTorch's
        batch_norm = nn.BatchNorm1d(next_size, eps=1e-3, momentum=0.01)
        layers += [linear(size, next_size, generator=generator), batch_norm, nn.ReLU()]
    return layers
