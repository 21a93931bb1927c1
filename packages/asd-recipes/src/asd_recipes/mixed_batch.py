"""One training batch after mixup: waveforms, labels, and what the flow may learn from (Fujimura 2023, Sec. 4.2)."""

from dataclasses import dataclass

import numpy as np
import torch

from asd_models import dominant_values, flow_rows, mixup, mixup_probability, mixup_weights
from asd_recipes.attribute_labels import AttributeLabels
from asd_recipes.balanced_sampler import Batch
from asd_recipes.recipe import Training
from asd_recipes.training_crops import TrainingCrops


@dataclass(frozen=True)
class MixedBatch:
    """Tensors on the training device."""

    waves: torch.Tensor  # (B, T) standardised
    targets: torch.Tensor  # (B,) t: 1 for the target machine, 0 for pseudo-anomalous, between for mixed
    attributes: torch.Tensor | None  # (B, K) attribute labels, zero for pseudo-anomalous parts
    parameters: torch.Tensor  # (B,) v of the dominant part
    flow_rows: torch.Tensor  # indices of the rows without pseudo-anomalous part


def mixed_batch(
    batch: Batch,
    crops: TrainingCrops,
    labels: AttributeLabels | None,
    settings: Training,
    *,
    done: tuple[int, int],
    rng: np.random.Generator,
    generator: torch.Generator,
) -> MixedBatch:
    """Reads a batch and mixes it, or does not, as the schedule of mixup decides.

    Args:
        batch: clip indices.
        crops: reads them.
        labels: attribute labels and parameters of the target machine's clips, if the system has any.
        settings: schedule and alpha of mixup.
        done: steps done and steps of the whole training.
        rng: offsets of the crops, and whether to mix.
        generator: weights and partners.
    """
    waves = crops.read(batch, rng)
    size = len(waves)
    if rng.random() < mixup_probability(*done, schedule=settings.mixup):
        weights = mixup_weights(size, alpha=settings.mixup_alpha, generator=generator)
        return _assemble(batch, waves, labels, weights, torch.randperm(size, generator=generator), mix=True)
    return _assemble(batch, waves, labels, torch.ones(size), torch.arange(size), mix=False)


def plain_batch(batch: Batch, crops: TrainingCrops, labels: AttributeLabels | None) -> MixedBatch:
    """The beginnings of the clips, not mixed; for validation."""
    waves = crops.read(batch, None)
    size = len(waves)
    return _assemble(batch, waves, labels, torch.ones(size), torch.arange(size), mix=False)


def _assemble(
    batch: Batch,
    waves: torch.Tensor,
    labels: AttributeLabels | None,
    weights: torch.Tensor,
    order: torch.Tensor,
    *,
    mix: bool,
) -> MixedBatch:
    """Everything but the waveforms is decided on the processor, so that a GPU is never waited for."""
    targets = torch.tensor([1.0] * len(batch.target) + [0.0] * len(batch.pseudo_anomalous))
    indices = [*batch.target, *batch.pseudo_anomalous]
    attributes = torch.from_numpy(labels.one_hot(indices)) if labels else targets[:, None]
    parameters = torch.from_numpy(labels.parameters(indices)) if labels else torch.zeros(len(indices))
    rows = flow_rows(targets, weights, order).nonzero()[:, 0]
    parameters = dominant_values(parameters, weights, order)
    device = waves.device
    targets, attributes = targets.to(device), attributes.to(device)
    if mix:
        waves, targets, attributes = mixup(
            waves, targets, attributes, weights=weights.to(device), permutation=order.to(device)
        )
    return MixedBatch(waves, targets, attributes if labels else None, parameters.to(device), rows.to(device))
