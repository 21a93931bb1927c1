"""What the flow needs to know about samples that `mixup` has mixed in pairs (Fujimura 2023, Sec. 4.2)."""

import torch
from torch import Tensor

from asd_models.waveform_mixup import check_pairs


def flow_rows(targets: Tensor, weights: Tensor, permutation: Tensor) -> Tensor:
    """Which mixed samples have no pseudo-anomalous part: the flow is trained only with these.

    Args:
        targets: (B,) before mixup, 1 for the target machine and 0 for a pseudo-anomaly.
        weights: (B,) as for `mixup`; 1 for a sample that is not mixed.
        permutation: (B,) as for `mixup`.

    Returns:
        (B,) bool: both samples of the pair are of the target machine, or the only one with a weight above 0 is.

    Raises:
        ValueError: if a shape is not (B,), or, on the CPU, a value is outside its range.
        TypeError: if permutation is not integer.
    """
    check_pairs(weights, permutation, batch=len(targets))
    if targets.device.type == "cpu" and not ((targets == 0) | (targets == 1)).all():
        raise ValueError(f"targets must be 0 or 1; got {targets.tolist()}. Pass those from before mixup.")
    normal = targets == 1
    return (normal | (weights == 0)) & (normal[permutation] | (weights == 1))


def dominant_values(values: Tensor, weights: Tensor, permutation: Tensor) -> Tensor:
    """The parameter v of each mixed sample: that of the sample with the larger weight, its own if they are equal.

    Args:
        values: (B,) before mixup.
        weights: (B,) as for `mixup`.
        permutation: (B,) as for `mixup`.

    Returns:
        (B,) with the dtype of values.

    Raises:
        ValueError: if a shape is not (B,), or, on the CPU, a weight or partner is outside its range.
        TypeError: if permutation is not integer.
    """
    check_pairs(weights, permutation, batch=len(values))
    return torch.where(weights >= 0.5, values, values[permutation])
