"""What a network has learnt after an epoch, on clips that train nothing."""

from typing import TYPE_CHECKING

import numpy as np
import torch

from asd_eval import roc_auc
from asd_models import OutlierExposureNet
from asd_recipes.balanced_sampler import Batch
from asd_recipes.device_log_mel import DeviceLogMel
from asd_recipes.mixed_batch import plain_batch
from asd_recipes.training_diverged import TrainingDivergedError

if TYPE_CHECKING:
    from asd_recipes.network_training import NetworkTraining


@torch.no_grad()
def validate(
    training: "NetworkTraining", epoch: int, log_mel: DeviceLogMel, model: OutlierExposureNet
) -> dict[str, float]:
    """The loss, and the AUC of pseudo-anomalies against the target machine by the machine logit.

    The validation clips of the target machine, and as many of the other machines'; nothing where there are none.
    """
    data = training.data
    labels = training.labels
    target = [index for index in data.validation[training.machine] if labels is None or index in labels.class_of]
    others = [index for name, clips in data.validation.items() if name != training.machine for index in clips]
    if not target or not others:
        return {}
    chosen = others[:: max(1, len(others) // len(target))][: len(target)]
    model.eval()
    losses, logits, targets = [], [], []
    half = training.recipe.training.batch_size // 2
    for start in range(0, len(target), half):
        indices = Batch(target[start : start + half], chosen[start : start + half])
        batch = plain_batch(indices, training.crops, labels)
        found, logit = training.losses_and_logits(model, log_mel, batch)
        losses += [float(found["loss"])] * len(batch.targets)
        logits.append(logit)
        targets.append(batch.targets)
    logit, label = torch.cat(logits), torch.cat(targets)
    if not (torch.isfinite(logit).all() and np.isfinite(losses).all()):
        raise TrainingDivergedError(
            f"{training.machine} {training.name}: the network's output is not finite after epoch {epoch + 1}. "
            "Lower the learning rate, or set training.precision to float32."
        )
    auc = roc_auc((1 - label).long().cpu().numpy(), -logit.cpu().numpy())
    return {"validation_loss": float(np.mean(losses)), "validation_auc": float(auc)}
