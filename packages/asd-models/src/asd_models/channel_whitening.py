"""A linear step over a map's channels, with which a flow may begin.

A flow with few training steps cannot learn by itself that one channel varies a hundred times as much as another, or
that two channels are nearly the same. Measured on the training data before the first step, mean and scale of each
channel are right from the start, as in Glow's data-dependent initialisation (Kingma and Dhariwal 2018, Sec. 3.1); with
a whole matrix the channels are uncorrelated too. No gradient changes them; they are saved with the flow.
"""

import torch
from torch import Tensor, nn


class ChannelWhitening(nn.Module):
    """W (x - mean) at each position of a map.

    Args:
        mean: (C,) floating point, finite.
        weight: W: (C,) for a scale of each channel, or (C, C), invertible.

    Raises:
        ValueError: if a shape is wrong, a number is not finite, or W is not invertible.
    """

    mean: Tensor
    weight: Tensor
    log_determinant: Tensor  # at one position

    def __init__(self, mean: Tensor, weight: Tensor) -> None:
        super().__init__()
        channels = len(mean) if mean.dim() == 1 else 0
        if not channels or weight.shape not in ((channels,), (channels, channels)):
            raise ValueError(
                f"mean must be (C,) and weight (C,) or (C, C); got {tuple(mean.shape)} and {tuple(weight.shape)}."
            )
        self.register_buffer("mean", mean.detach().clone())
        self.register_buffer("weight", weight.detach().clone())
        self.register_buffer("log_determinant", _log_determinant(weight))
        if not (mean.is_meta or (torch.isfinite(mean).all() and torch.isfinite(self.log_determinant))):
            raise ValueError("mean must be finite, and weight finite and invertible.")

    def forward(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """W (x - mean), and its log-determinant at one position, a scalar; at least in float32, under autocast too.

        Args:
            maps: (B, C, H, W) floating point.
        """
        with torch.autocast(maps.device.type, enabled=False):
            x = maps - self.mean[:, None, None]
            if self.weight.dim() == 1:
                return x * self.weight[:, None, None], self.log_determinant
            return _at_each_position(x, self.weight), self.log_determinant

    def inverse(self, maps: Tensor) -> Tensor:
        """The maps (B, C, H, W) that `forward` turns into these."""
        with torch.autocast(maps.device.type, enabled=False):
            if self.weight.dim() == 1:
                x = maps / self.weight[:, None, None]
            else:
                x = _at_each_position(maps, torch.linalg.inv(self.weight.double())).to(maps.dtype)
            return x + self.mean[:, None, None]


def _log_determinant(weight: Tensor) -> Tensor:
    """Computed in float64, in the dtype of the weight: a sum over hundreds of channels keeps its digits."""
    exact = weight.detach().double()
    exact = exact.abs().log().sum() if weight.dim() == 1 else torch.linalg.slogdet(exact).logabsdet
    return exact.to(weight.dtype)


def _at_each_position(x: Tensor, matrix: Tensor) -> Tensor:
    """(C, C) times the channels (B, C, H, W)."""
    # As (B, H, W, C), a matrix product reads and writes channels-last maps, the training's, without a copy.
    return (x.to(matrix.dtype).permute(0, 2, 3, 1) @ matrix.T).permute(0, 3, 1, 2)
