"""ResNet-18, the feature extractor of outlier exposure (Fujimura 2023, Sec. 4.2; He et al. 2015).

Written here so that torchvision is not needed. Parameters and buffers have torchvision's names and shapes,
without the classifier `fc`, so that its weights can be loaded (`load_torchvision_weights`). Works in either memory
format: `encoder.to(memory_format=torch.channels_last)`.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from asd_models.layer_init import conv2d

_STAGES = ((64, 1), (128, 2), (256, 2), (512, 2))  # output channels and first stride of layer1 .. layer4
_BLOCKS = 2  # residual blocks per stage


class EncoderOutput(NamedTuple):
    """Output of the encoder: map (B, 512, m, f) with m = ceil(M / 32), f = ceil(F / 32), and embedding (B, 512).

    The embedding is of the map after the last ReLU, also if `map` is the one before it.
    """

    map: Tensor
    embedding: Tensor


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut; a 1x1 convolution in the shortcut if the shape changes."""

    def __init__(self, in_channels: int, channels: int, stride: int, generator: torch.Generator | None) -> None:
        super().__init__()
        self.conv1 = conv2d(in_channels, channels, kernel=3, stride=stride, generator=generator)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv2d(channels, channels, kernel=3, stride=1, generator=generator)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or in_channels != channels:
            shortcut = conv2d(in_channels, channels, kernel=1, stride=stride, generator=generator)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.relu(self.before_relu(x))
        return result

    def before_relu(self, x: Tensor) -> Tensor:
        """The sum of both branches."""
        shortcut: Tensor = x if self.downsample is None else self.downsample(x)
        wide = _two_points_wide(x) if self.conv1.stride[1] == 2 and x.shape[3] == 1 else x
        out = self.relu(self.bn1(self.conv1(wide)))
        summed: Tensor = self.bn2(self.conv2(out)) + shortcut
        return summed


def _two_points_wide(x: Tensor) -> Tensor:
    """A map that is one point wide, with a zero beside it, which a 3x3 convolution of stride 2 would pad anyway."""
    # oneDNN (torch 2.13, bfloat16) does not write the gradient of the kernel's outer columns here. It should be zero,
    # but is whatever was in memory: weights would differ from run to run, or become NaN.
    return nn.functional.pad(x, (0, 1))


class ResNet18(nn.Module):
    """ResNet-18 without its classifier.

    Args:
        in_channels: channels C of the input; 1 for a spectrogram.
        pre_relu_map: whether `map` is the last one before its ReLU, which makes many numbers exactly 0.
        generator: CPU source of the initial weights; None takes torch's global one.

    Raises:
        ValueError: if in_channels is below 1.
    """

    def __init__(
        self, in_channels: int = 1, *, pre_relu_map: bool = False, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        if in_channels < 1:
            raise ValueError(f"in_channels must be at least 1; got {in_channels}. A log-mel spectrogram has 1.")
        self.in_channels = in_channels
        self.pre_relu_map = pre_relu_map
        self.conv1 = conv2d(in_channels, 64, kernel=7, stride=2, generator=generator)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        width = 64
        for number, (channels, stride) in enumerate(_STAGES, start=1):
            blocks: list[nn.Module] = []
            for block in range(_BLOCKS):
                blocks.append(BasicBlock(width, channels, stride if block == 0 else 1, generator))
                width = channels
            self.add_module(f"layer{number}", nn.Sequential(*blocks))

    def forward(self, x: Tensor) -> EncoderOutput:
        """Map and embedding of a batch.

        Args:
            x: (B, C, M, F) floating point, C = in_channels.

        Returns:
            The last map (B, 512, ceil(M / 32), ceil(F / 32)) and its mean over mel and time (B, 512). The mean is
            computed at least in float32, so that an embedding keeps its precision under bfloat16.

        Raises:
            ValueError: if x has another number of dimensions or channels.
        """
        if x.dim() != 4 or x.shape[1] != self.in_channels:
            raise ValueError(
                f"x must be (B, {self.in_channels}, M, F); got shape {tuple(x.shape)}. "
                "For spectrograms (B, M, F) pass x[:, None]."
            )
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        *blocks, last = [block for number in range(1, len(_STAGES) + 1) for block in self._stage(number)]
        for block in blocks:
            x = block(x)
        summed = last.before_relu(x)
        final = summed.relu() if self.pre_relu_map else last.relu(summed)  # the latter writes over its argument
        embedding = final.mean(dim=(2, 3), dtype=torch.promote_types(final.dtype, torch.float32))
        return EncoderOutput(summed if self.pre_relu_map else final, embedding)

    def _stage(self, number: int) -> list[BasicBlock]:
        return [block for block in self.get_submodule(f"layer{number}").children() if isinstance(block, BasicBlock)]
