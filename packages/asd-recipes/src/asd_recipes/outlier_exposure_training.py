"""Training of the outlier-exposure network: this machine against the other machines (Fujimura 2023, Eq. 2, Table 1).

One random crop of each clip an epoch, waveform mixup, log-mel and ResNet-18 run on one device, from the waveform bank.
"""

import csv
import io
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch.optim.lr_scheduler import ConstantLR, LRScheduler, OneCycleLR

from asd_eval import roc_auc
from asd_features.torch_log_mel import TorchLogMel
from asd_models import OutlierExposureNet, machine_loss, mixup, mixup_probability, mixup_weights
from asd_recipes.balanced_sampler import Batch, batches_per_epoch, epoch_batches
from asd_recipes.device_choice import Device
from asd_recipes.machine_data import PreparedData
from asd_recipes.progress import Progress
from asd_recipes.recipe import Recipe
from asd_recipes.run_store import write_text, write_whole
from asd_recipes.seeding import derive_seed
from asd_recipes.training_checkpoint import load_checkpoint, save_checkpoint
from asd_recipes.training_diverged import TrainingDivergedError


@dataclass(frozen=True)
class OutlierExposureTraining:
    """Everything that one training is made of; `run` writes `weights.safetensors` and `training.csv` to a folder."""

    machine: str
    data: PreparedData
    recipe: Recipe
    device: Device

    def run(self, folder: Path, progress: Progress) -> None:
        """Trains, or goes on from the checkpoint in the folder.

        Raises:
            TrainingDivergedError: the loss became infinite or NaN.
        """
        settings = self.recipe.training
        checkpoint = folder / "checkpoint.safetensors"
        model, optimiser, schedule = self._fresh()
        done = 0
        history: list[dict[str, float]] = []
        state = {"model": model, "optimiser": optimiser, "schedule": schedule}
        if checkpoint.is_file():
            done, history = load_checkpoint(checkpoint, **state)  # type: ignore[arg-type]
            progress.say(f"{self.machine} OE: going on after epoch {done}")
        log_mel = TorchLogMel(self.recipe.log_mel).to(self.device.torch_device)
        saved = time.monotonic()
        with progress.stage(f"{self.machine} OE: train", settings.epochs, done=done) as advance:
            for epoch in range(done, settings.epochs):
                loss = self._train_epoch(epoch, model, log_mel, optimiser, schedule)
                history.append({"epoch": epoch + 1, "training_loss": loss, **self._validate(epoch, model, log_mel)})
                if time.monotonic() - saved >= settings.checkpoint_s and epoch + 1 < settings.epochs:
                    save_checkpoint(checkpoint, **state, epoch=epoch + 1, history=history)  # type: ignore[arg-type]
                    saved = time.monotonic()
                advance(1)
        write_text(folder / "training.csv", _as_csv(history))
        tensors = {name: tensor.contiguous().cpu() for name, tensor in model.state_dict().items()}
        write_whole(folder / "weights.safetensors", lambda partial: save_file(tensors, partial))
        checkpoint.unlink(missing_ok=True)

    def _fresh(self) -> tuple[OutlierExposureNet, torch.optim.AdamW, LRScheduler]:
        settings = self.recipe.training
        torch.manual_seed(derive_seed(self.recipe.seed, "oe weights", self.machine))
        model = OutlierExposureNet().to(self.device.torch_device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimiser = torch.optim.AdamW(
            model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )
        if settings.schedule == "constant":
            return model, optimiser, ConstantLR(optimiser, factor=1.0)
        steps = settings.epochs * batches_per_epoch(len(self.data.training[self.machine]), settings.batch_size)
        return model, optimiser, OneCycleLR(optimiser, max_lr=settings.learning_rate, total_steps=steps)

    def _train_epoch(
        self,
        epoch: int,
        model: OutlierExposureNet,
        log_mel: TorchLogMel,
        optimiser: torch.optim.Optimizer,
        schedule: LRScheduler,
    ) -> float:
        """One pass over the target machine's clips; returns the mean loss over its steps."""
        settings = self.recipe.training
        seed = derive_seed(self.recipe.seed, "oe epoch", self.machine, epoch)
        rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
        steps = batches_per_epoch(len(self.data.training[self.machine]), settings.batch_size)
        others = {name: clips for name, clips in self.data.training.items() if name != self.machine}
        batches = epoch_batches(self.data.training[self.machine], others, batch_size=settings.batch_size, rng=rng)
        model.train()
        losses = []
        for step, batch in enumerate(batches):
            waves, targets = self._waves(batch, rng)
            probability = mixup_probability(epoch * steps + step, settings.epochs * steps, schedule=settings.mixup)
            if rng.random() < probability:
                weights = mixup_weights(len(targets), alpha=settings.mixup_alpha, generator=generator)
                order = torch.randperm(len(targets), generator=generator)
                waves, targets = mixup(waves, targets, weights=weights.to(waves), permutation=order.to(waves.device))
            optimiser.zero_grad(set_to_none=True)
            with self.device.autocast():
                logits = model(log_mel(waves)).machine_logit
            loss = machine_loss(logits.float(), targets)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            losses.append(float(loss.detach()))
            if not np.isfinite(losses[-1]):
                raise TrainingDivergedError(
                    f"{self.machine} OE: the loss is {losses[-1]} in epoch {epoch + 1}, step {step + 1}. "
                    "Lower training.learning_rate, or set training.precision to float32."
                )
        return float(np.mean(losses))

    def _waves(self, batch: Batch, rng: np.random.Generator | None) -> tuple[torch.Tensor, torch.Tensor]:
        """Standardised crops (B, T) and labels t (B,) of a batch; random crops, or the clips' beginnings."""
        indices = [*batch.target, *batch.pseudo_anomalous]
        bank, length = self.data.bank, self.recipe.segments.length_samples
        room = [max(0, len(bank.waves[index]) - length) for index in indices]
        offsets = [0 if rng is None else int(rng.integers(0, most + 1)) for most in room]
        crops = bank.crops(indices, offsets, length)
        if self.recipe.training.standardise == "segment":
            mean, std = crops.mean(1, keepdims=True), crops.std(1, keepdims=True)
        else:
            mean, std = self.data.mean_and_std(indices, self.recipe.training.standardise)
        crops -= mean
        crops /= np.maximum(std, np.finfo(np.float32).tiny)  # a silent crop stays silent
        targets = np.array([1.0] * len(batch.target) + [0.0] * len(batch.pseudo_anomalous), np.float32)
        device = self.device.torch_device
        return torch.from_numpy(crops).to(device), torch.from_numpy(targets).to(device)

    @torch.no_grad()
    def _validate(self, epoch: int, model: OutlierExposureNet, log_mel: TorchLogMel) -> dict[str, float]:
        """Loss, and AUC of the pseudo-anomalies, on as many clips of the other machines' validation parts."""
        target = self.data.validation[self.machine]
        others = [index for name, clips in self.data.validation.items() if name != self.machine for index in clips]
        if not target or not others:
            return {}
        chosen = others[:: max(1, len(others) // len(target))][: len(target)]
        model.eval()
        logits, labels = [], []
        half = self.recipe.training.batch_size // 2
        for start in range(0, len(target), half):
            waves, targets = self._waves(Batch(target[start : start + half], chosen[start : start + half]), None)
            with self.device.autocast():
                logits.append(model(log_mel(waves)).machine_logit.float())
            labels.append(targets)
        logit, label = torch.cat(logits), torch.cat(labels)
        if not torch.isfinite(logit).all():
            raise TrainingDivergedError(
                f"{self.machine} OE: the network's output is not finite after epoch {epoch + 1}. "
                "Lower training.learning_rate, or set training.precision to float32."
            )
        auc = roc_auc((1 - label).long().cpu().numpy(), -logit.cpu().numpy())
        return {"validation_loss": float(machine_loss(logit, label)), "validation_auc": float(auc)}


def load_network(weights: Path, device: Device) -> OutlierExposureNet:
    """The trained network, ready for inference."""
    model = OutlierExposureNet()
    model.load_state_dict(load_file(weights))
    return model.to(device.torch_device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload,no-any-return]


def _as_csv(history: list[dict[str, float]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(history[0]) if history else ["epoch"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return text.getvalue()
