"""One training batch after mixup: waveforms, labels, and what the flow may learn from (Fujimura 2023, Sec. 4.2)."""

from dataclasses import dataclass

import numpy as np
import torch

from asd_models import dominant_values, flow_rows, mixup, mixup_probability, mixup_weights
from asd_recipes.recipe.settings import TrainingSettings
from asd_recipes.training.attribute_labels import AttributeLabels
from asd_recipes.training.balanced_sampler import Batch
from asd_recipes.training.crops import TrainingCrops


@dataclass(frozen=True)
class MixedBatch:
    """Tensors on the training device."""

    waves: torch.Tensor  # (B, T) standardised
    targets: torch.Tensor  # (B,) t: 1 for the target machine, 0 for pseudo-anomalous, in between if mixed
    attributes: torch.Tensor | None  # (B, K) attribute labels, zero for pseudo-anomalous parts
    parameters: torch.Tensor  # (B,) v of the dominant part
    flow_rows: torch.Tensor  # indices of the rows without a pseudo-anomalous part


def mixed_batch(
    batch: Batch,
    crops: TrainingCrops,
    labels: AttributeLabels | None,
    settings: TrainingSettings,
    *,
    done: tuple[int, int],
    rng: np.random.Generator,
    generator: torch.Generator,
) -> MixedBatch:
    """Reads a batch, and mixes it if the mixup schedule says so.

    Args:
        batch: clip indices.
        crops: reads the clips.
        labels: attribute labels and parameters of the target machine's clips, if the system has any.
        settings: schedule and alpha of mixup.
        done: steps done, and steps of the whole training.
        rng: draws the offsets of the crops, and whether to mix.
        generator: draws the mixing weights and partners.
    """
    waves = crops.read(batch, rng)
    if rng.random() < mixup_probability(*done, schedule=settings.mixup):
        weights = mixup_weights(len(waves), alpha=settings.mixup_alpha, generator=generator)
        return _assemble(batch, waves, labels, weights, torch.randperm(len(waves), generator=generator))
    return _assemble(batch, waves, labels)


def plain_batch(batch: Batch, crops: TrainingCrops, labels: AttributeLabels | None) -> MixedBatch:
    """The beginnings of the clips, without mixup; for validation."""
    return _assemble(batch, crops.read(batch, None), labels)


def _assemble(
    batch: Batch,
    waves: torch.Tensor,
    labels: AttributeLabels | None,
    weights: torch.Tensor | None = None,
    order: torch.Tensor | None = None,
) -> MixedBatch:
    """Everything but the waveforms is decided on the processor, so that nothing waits for a GPU."""
    indices, device = [*batch.target, *batch.pseudo_anomalous], waves.device
    targets = torch.tensor([1.0] * len(batch.target) + [0.0] * len(batch.pseudo_anomalous))
    parameters = torch.from_numpy(labels.parameters(indices)) if labels else torch.zeros(len(indices))
    soft = [targets.to(device), *([torch.from_numpy(labels.one_hot(indices)).to(device)] if labels else [])]
    normal = targets == 1
    if weights is not None and order is not None:
        waves, *soft = mixup(waves, *soft, weights=weights.to(device), permutation=order.to(device))
        normal, parameters = flow_rows(targets, weights, order), dominant_values(parameters, weights, order)
    return MixedBatch(
        waves=waves,
        targets=soft[0],
        attributes=soft[1] if labels else None,
        parameters=parameters.to(device),
        flow_rows=normal.nonzero()[:, 0].to(device),
    )
