"""Measures what a network has learnt after an epoch, on clips that are not trained on."""

from dataclasses import dataclass

import numpy as np
import torch

from asd_eval import roc_auc
from asd_models import OutlierExposureNet
from asd_recipes.training.attribute_labels import AttributeLabels
from asd_recipes.training.balanced_sampler import Batch
from asd_recipes.training.crops import TrainingCrops
from asd_recipes.training.diverged import TrainingDivergedError
from asd_recipes.training.mixed_batch import plain_batch
from asd_recipes.training.network_losses import NetworkLosses
from asd_recipes.waveforms.device_log_mel import DeviceLogMel


@dataclass(frozen=True)
class NetworkValidation:
    """The inputs of a validation; arguments as for `NetworkTraining`."""

    machine: str
    name: str
    labels: AttributeLabels | None
    crops: TrainingCrops
    losses: NetworkLosses

    @torch.no_grad()
    def run(self, epoch: int, log_mel: DeviceLogMel, model: OutlierExposureNet) -> dict[str, float]:
        """The loss, and the AUC of the machine logit between the target machine and pseudo-anomalies.

        Both are over the validation clips of the target machine and equally many of the other machines. Without such
        clips the result is empty.

        Raises:
            TrainingDivergedError: an output of the network is infinite or NaN.
        """
        validation = self.crops.data.validation
        target = [index for index in validation[self.machine] if self.labels is None or index in self.labels.class_of]
        others = [index for name, clips in validation.items() if name != self.machine for index in clips]
        if not target or not others:
            return {}
        chosen = others[:: max(1, len(others) // len(target))][: len(target)]
        model.eval()
        losses, logits, targets = [], [], []
        half = self.crops.recipe.training.batch_size // 2
        for start in range(0, len(target), half):
            indices = Batch(target[start : start + half], chosen[start : start + half])
            batch = plain_batch(indices, self.crops, self.labels)
            parts, logit = self.losses.of_batch(model, log_mel, batch)
            losses += [float(parts["loss"])] * len(batch.targets)
            logits.append(logit)
            targets.append(batch.targets)
        logit, label = torch.cat(logits), torch.cat(targets)
        if not (torch.isfinite(logit).all() and np.isfinite(losses).all()):
            raise TrainingDivergedError(
                f"{self.machine} {self.name}: the network's output is not finite after epoch {epoch + 1}. "
                "Lower the learning rate, or set training.precision to float32."
            )
        auc = roc_auc((1 - label).long().cpu().numpy(), -logit.cpu().numpy())
        return {"validation_loss": float(np.mean(losses)), "validation_auc": float(auc)}
