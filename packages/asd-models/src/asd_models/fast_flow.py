"""FastFlow: an invertible network that turns the encoder's map into independent normal latents (Fujimura 2023, Sec. 3).

A chain of coupling steps on two-dimensional maps (Yu et al. 2021), whose sub-networks have 3x3 and 1x1 kernels in turn.
A step follows FrEIA's all-in-one block, which the public FastFlow implementations use:

    passive, active = halves of the channels, shuffled by a fixed permutation
    s, t            = sub-network(passive) / 10
    active          = active * exp(clamp * tanh(s)) + t
    output          = (passive, active) * exp(channel log-scale) + channel offset

The division by 10, the soft clamp, clamp * tanh(s), and the exponential channel scale (one of three kinds) are FrEIA's.
Unlike FrEIA, no permutation follows the last step. So the first channels of the latent, which carry the parameter in
`DomainInvariantPrior`, are passive in the last step, which can remove their information from the active ones.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from asd_models.channel_whitening import ChannelWhitening
from asd_models.layer_init import biased_conv2d

COEFFICIENT_SCALE = 0.1  # as in FrEIA: a new sub-network changes its input little, so the flow starts near the identity


class FlowOutput(NamedTuple):
    """Latent (B, C, H, W), and each sample's logarithm of the absolute Jacobian determinant (B,)."""

    latent: Tensor
    log_determinant: Tensor


class FastFlow(nn.Module):
    """An invertible map of (B, C, H, W) onto itself, for any H and W.

    Args:
        channels: channels C of the map, at least 2; 512 in the encoder's last map.
        steps: number of coupling steps; the first has 3x3 kernels, the next 1x1, and so on.
        hidden_ratio: ratio of a sub-network's hidden channels to its input channels.
        clamp: a step scales a number by at most exp(-clamp) .. exp(clamp), before the channel scale.
        seed: for the permutations and the initial weights, which depend on nothing else.
        whitening: fixed linear map before the first step; None for none.

    Raises:
        ValueError: if a size or the clamp is out of range, or the whitening is for another number of channels.
    """

    def __init__(
        self,
        channels: int = 512,
        *,
        steps: int = 8,
        hidden_ratio: float = 1.0,
        clamp: float = 2.0,
        seed: int = 0,
        whitening: ChannelWhitening | None = None,
    ) -> None:
        super().__init__()
        if channels < 2:
            raise ValueError(f"channels must be at least 2, to be split into halves; got {channels}.")
        if steps < 1:
            raise ValueError(f"steps must be at least 1; got {steps}.")
        for name, value in (("hidden_ratio", hidden_ratio), ("clamp", clamp)):
            if not 0 < value < float("inf"):
                raise ValueError(f"{name} must be above 0 and finite; got {value}.")
        if whitening is not None and len(whitening.mean) != channels:
            raise ValueError(f"whitening must be for {channels} channels; got one for {len(whitening.mean)}.")
        self.channels = channels
        self.whitening = whitening
        generator = torch.Generator().manual_seed(seed)
        self.steps = nn.ModuleList(
            CouplingStep(channels, 1 if number % 2 else 3, hidden_ratio, clamp, generator) for number in range(steps)
        )

    def forward(self, maps: Tensor, noise: Tensor | None = None) -> FlowOutput:
        """Latent and log-determinant, at least in float32; under autocast only the convolutions are in low precision.

        Args:
            maps: (B, C, H, W) floating point; B may be 0.
            noise: like maps, added to what the first step sees; for training on maps with point masses, such as the
                zeros of a ReLU, on which the likelihood of a flow has no bound.

        Raises:
            ValueError: if maps has another number of dimensions or channels.
        """
        x, constant = self._whitened(maps)
        if noise is not None:
            x = x + noise
        positions = x.shape[2] * x.shape[3]
        log_determinant = x.new_zeros(len(x)) + positions * constant
        for step in self.chain():
            x, log_scale = step(x)
            log_determinant = log_determinant + (log_scale.sum((1, 2, 3)) + positions * step.log_scale.sum())
        return FlowOutput(x, log_determinant)

    def by_position(self, maps: Tensor) -> FlowOutput:
        """As `forward`, with the log-determinant (B, H, W) of each position: the sum of its channels' log-scales."""
        x, constant = self._whitened(maps)
        log_determinant = x.new_zeros(len(x), *x.shape[2:]) + constant
        for step in self.chain():
            x, log_scale = step(x)
            log_determinant = log_determinant + (log_scale.sum(1) + step.log_scale.sum())
        return FlowOutput(x, log_determinant)

    def inverse(self, latent: Tensor) -> Tensor:
        """The maps (B, C, H, W) whose latent this is; the arguments and errors are those of `forward`."""
        x = self._checked("latent", latent)
        for step in reversed(self.chain()):
            x = step.inverse(x)
        return x if self.whitening is None else self.whitening.inverse(x)

    def chain(self) -> "list[CouplingStep]":
        """The coupling steps, the first one first."""
        return [step for step in self.steps if isinstance(step, CouplingStep)]

    def _whitened(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """What the first step sees, and the log-determinant of what was done to it, at one position."""
        x = self._checked("maps", maps)
        return self.whitening(x) if self.whitening is not None else (x, x.new_zeros(()))

    def _checked(self, name: str, x: Tensor) -> Tensor:
        if x.dim() != 4 or x.shape[1] != self.channels:
            raise ValueError(f"{name} must be (B, {self.channels}, H, W); got shape {tuple(x.shape)}.")
        return x.to(torch.promote_types(x.dtype, torch.float32))


class CouplingStep(nn.Module):
    """Permutation, affine coupling, channel scale and offset."""

    permutation: Tensor

    def __init__(
        self, channels: int, kernel: int, hidden_ratio: float, clamp: float, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.clamp = clamp
        self.active = channels // 2
        self.passive = channels - self.active
        hidden = max(1, round(hidden_ratio * self.passive))
        self.register_buffer("permutation", torch.randperm(channels, generator=generator))
        self.subnetwork = nn.Sequential(
            biased_conv2d(self.passive, hidden, kernel=kernel, generator=generator),
            nn.ReLU(inplace=True),
            biased_conv2d(hidden, 2 * self.active, kernel=kernel, generator=generator),
        )
        self.log_scale = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.offset = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The step's output, and the log-scales (B, active channels, H, W) of its coupling."""
        passive, active = _PermutedSplit.apply(x, self.permutation, self.passive)  # type: ignore[no-untyped-call]
        log_scale, shift = self._coefficients(passive)
        active = torch.addcmul(shift, active, log_scale.exp())
        x = torch.addcmul(self.offset, torch.cat((passive, active), 1), self.log_scale.exp())
        return x, log_scale

    def inverse(self, x: Tensor) -> Tensor:
        x = (x - self.offset) * (-self.log_scale).exp()
        passive, active = x[:, : self.passive], x[:, self.passive :]
        log_scale, shift = self._coefficients(passive)
        active = (active - shift) * (-log_scale).exp()
        return torch.cat((passive, active), 1).index_select(1, self.permutation.argsort())

    def _coefficients(self, passive: Tensor) -> tuple[Tensor, Tensor]:
        """Log-scale within -clamp .. clamp and shift of the active half, in the dtype of the passive one."""
        raw: Tensor = self.subnetwork(passive).to(passive.dtype) * COEFFICIENT_SCALE
        log_scale, shift = raw.chunk(2, 1)
        return self.clamp * log_scale.tanh(), shift


class _PermutedSplit(torch.autograd.Function):
    """x[:, permutation] as two dense parts; its gradient is a gather, while autograd's own would add into zeros.

    Dense parts save the convolutions a copy; a gather is exact and deterministic on every device.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, permutation: Tensor, first: int) -> tuple[Tensor, Tensor]:
        ctx.save_for_backward(permutation)
        return x.index_select(1, permutation[:first]), x.index_select(1, permutation[first:])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[override, unused-ignore]
        (permutation,) = ctx.saved_tensors
        return torch.cat(gradients, 1).index_select(1, permutation.argsort()), None, None
