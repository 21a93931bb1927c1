"""Mixup on waveforms during training (Fujimura 2023, Sec. 4.2; Zhang et al. 2018).

The paper mixes normal samples with pseudo-anomalies and samples of different attribute values, and leaves the rest
open. The defaults here: a weight lambda ~ Beta(0.2, 0.2) per sample, a permutation of the whole batch, labels mixed
with the same weight, and a probability of mixing that falls along a cosine over training.
"""

import math
from typing import Literal

import torch
from torch import Tensor

MixupSchedule = Literal["cosine", "constant", "off"]


def mixup(waves: Tensor, *labels: Tensor, weights: Tensor, permutation: Tensor) -> tuple[Tensor, ...]:
    """Mix each sample with its partner: weight * sample + (1 - weight) * partner, for waves and for labels.

    Args:
        waves: (B, T) floating point.
        labels: any number of (B, ...) floating-point labels, for example (B,) machine and (B, K) attribute targets.
        weights: (B,) lambda within 0 and 1; 1 leaves a sample as it is.
        permutation: (B,) integer within 0 and B - 1; the partner of sample i is permutation[i].

    Returns:
        (mixed waves, *mixed labels), with their shapes and dtypes.

    Raises:
        ValueError: if a first dimension is not B, or, on the CPU, a weight or partner is outside its range. On another
            device values are not checked, because the CPU would have to wait for them.
        TypeError: if waves or a label is not floating point, or permutation not integer.
    """
    check_pairs(weights, permutation, batch=len(waves))
    return tuple(
        _mixed(f"labels[{number - 1}]" if number else "waves", tensor, weights, permutation)
        for number, tensor in enumerate((waves, *labels))
    )


def check_pairs(weights: Tensor, permutation: Tensor, *, batch: int) -> None:
    """Raises the errors of `mixup` if these do not pair the samples of a batch."""
    for name, tensor in (("weights", weights), ("permutation", permutation)):
        if tensor.shape != (batch,):
            raise ValueError(f"{name} must be ({batch},), one for each sample; got shape {tuple(tensor.shape)}.")
    if permutation.dtype not in (torch.int64, torch.int32):  # True and False would select samples, not partners
        raise TypeError(f"permutation must be integer; got {permutation.dtype}. Use torch.randperm(B).")
    if weights.device.type == "cpu" and not ((weights >= 0) & (weights <= 1)).all():
        raise ValueError(f"weights must be within 0 and 1; got {weights.tolist()}.")
    if permutation.device.type == "cpu" and not ((permutation >= 0) & (permutation < len(permutation))).all():
        raise ValueError(f"permutation must be within 0 and {len(permutation) - 1}; got {permutation.tolist()}.")


def _mixed(name: str, tensor: Tensor, weights: Tensor, permutation: Tensor) -> Tensor:
    if not tensor.is_floating_point():
        raise TypeError(f"{name} must be floating point to be mixed; got {tensor.dtype}. Pass {name}.float().")
    if tensor.dim() == 0 or tensor.shape[0] != len(weights):
        raise ValueError(f"{name} must have {len(weights)} rows; got shape {tuple(tensor.shape)}.")
    weight = weights.to(tensor.dtype).reshape(-1, *[1] * (tensor.dim() - 1))
    return weight * tensor + (1 - weight) * tensor[permutation]


def mixup_weights(batch: int, *, alpha: float = 0.2, generator: torch.Generator) -> Tensor:
    """Weights lambda ~ Beta(alpha, alpha), which depend only on the generator's state.

    A Beta variate is X / (X + Y) with X, Y ~ Gamma(alpha). Drawn in float64: at alpha = 0.2 a Gamma variate is U^5 near
    zero, where float32 would underflow to 0 / 0.

    Args:
        batch: number of weights B.
        alpha: both parameters of the Beta distribution, above 0; the smaller it is, the nearer the weights are to 0 or
            1.
        generator: its device is that of the weights.

    Returns:
        (B,) float32 on the generator's device.

    Raises:
        ValueError: if alpha is not above 0, or batch is negative.
    """
    if batch < 0:
        raise ValueError(f"batch must be 0 or more; got {batch}.")
    if not (alpha > 0 and math.isfinite(alpha)):
        raise ValueError(f"alpha must be above 0 and finite; got {alpha}. To turn mixup off use the schedule 'off'.")
    shape = torch.full((2, batch), alpha, dtype=torch.float64, device=generator.device)
    # torch.distributions.Beta takes no generator; this is the sampler that it uses.
    own, partner = torch._standard_gamma(shape, generator=generator)
    weights: Tensor = own / (own + partner)
    return weights.float()


def mixup_probability(step: int, steps: int, *, schedule: MixupSchedule = "cosine") -> float:
    """Probability of mixing at a training step.

    Args:
        step: 0 .. steps.
        steps: optimiser steps of the whole training.
        schedule: "cosine" falls from 1 at step 0 to 0 at `steps`; "constant" is 1; "off" is 0.

    Raises:
        ValueError: if steps is below 1, step is outside 0 .. steps, or the schedule is unknown.
    """
    if steps < 1 or not 0 <= step <= steps:
        raise ValueError(f"step must be within 0 .. steps and steps at least 1; got step {step}, steps {steps}.")
    match schedule:
        case "cosine":
            return 0.5 * (1 + math.cos(math.pi * step / steps))
        case "constant":
            return 1.0
        case "off":
            return 0.0
    raise ValueError(f"schedule must be 'cosine', 'constant' or 'off'; got {schedule!r}.")
