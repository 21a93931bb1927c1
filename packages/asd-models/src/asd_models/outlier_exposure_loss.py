"""The losses of outlier exposure: binary cross-entropies of the heads (Fujimura 2023, Eqs. 2 and 8).

Targets may be soft, as after mixup. The losses are computed at least in float32, also from bfloat16 logits. The paper's
L_section (Eq. 3) is left out: DCASE 2023 has one section per machine, and `attribute_loss` takes its place.
"""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

_ROUNDING = 1e-6  # what float32 rounding may add to a 1 in mixup


def machine_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """L_machine: is a sample from the target machine (1) or a pseudo-anomaly (0)? (Eq. 2)

    Args:
        logits: (B,) output of the machine head.
        targets: (B,) within 0 and 1.

    Returns:
        Scalar: the mean over the batch.

    Raises:
        ValueError: if the shapes are not (B,), or differ, or B is 0; on the CPU also if a target is outside 0 and 1 (on
            another device values are not checked, because the CPU would have to wait for them).
    """
    return _mean_cross_entropy(logits, targets, dimensions=1)


def attribute_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """L_att: which attribute value does a sample have? One binary decision per value (Eq. 8).

    Args:
        logits: (B, K) output of the attribute head.
        targets: (B, K) within 0 and 1; a row of zeros for a pseudo-anomaly.

    Returns:
        Scalar: the mean over all B x K decisions.

    Raises:
        ValueError: if the shapes are not (B, K), or differ, or B or K is 0; on the CPU also if a target is
            outside 0 and 1, as for `machine_loss`.
    """
    return _mean_cross_entropy(logits, targets, dimensions=2)


def _mean_cross_entropy(logits: Tensor, targets: Tensor, *, dimensions: int) -> Tensor:
    if logits.dim() != dimensions or targets.shape != logits.shape or logits.numel() == 0:
        shape = "(B,)" if dimensions == 1 else "(B, K)"
        raise ValueError(
            f"logits and targets must both be {shape}, not empty; got {tuple(logits.shape)} and {tuple(targets.shape)}."
        )
    if targets.device.type == "cpu" and not ((targets >= -_ROUNDING) & (targets <= 1 + _ROUNDING)).all():
        raise ValueError(
            f"targets must be within 0 and 1; got {targets.min()} to {targets.max()}. For classes pass one-hot rows."
        )
    dtype = torch.promote_types(logits.dtype, torch.float32)
    return binary_cross_entropy_with_logits(logits.to(dtype), targets.to(dtype), reduction="none").mean()
