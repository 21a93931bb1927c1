"""Trains the paper's networks: one machine against the others, with a flow, attributes, or both.

Fujimura 2023, Eqs. 1, 2, 5, 6, 8 and Table 1. Each epoch takes one random crop of each clip from the waveform bank.
Waveform mixup, log-mel, ResNet-18, flow and losses run on one device.
"""

import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch.optim.lr_scheduler import ConstantLR, LRScheduler, OneCycleLR

from asd_models import DomainInvariantPrior, OutlierExposureNet
from asd_models.outlier_exposure_net import EMBEDDING
from asd_recipes.recipe.seeding import derive_seed
from asd_recipes.recipe.settings import Joint, Recipe, TrainingSettings
from asd_recipes.recipe.system_variants import SystemVariant
from asd_recipes.training.attribute_labels import AttributeLabels
from asd_recipes.training.balanced_sampler import batches_per_epoch, epoch_batches
from asd_recipes.training.checkpoint import load_checkpoint, save_checkpoint
from asd_recipes.training.crops import TrainingCrops
from asd_recipes.training.diverged import TrainingDivergedError
from asd_recipes.training.encoder_weights import fill_from_oe
from asd_recipes.training.flow_input import flow_vectors, measured_whitening
from asd_recipes.training.history import Epoch, history_csv
from asd_recipes.training.machine_data import PreparedData
from asd_recipes.training.mixed_batch import mixed_batch
from asd_recipes.training.network_building import first_network
from asd_recipes.training.network_losses import NetworkLosses
from asd_recipes.training.network_validation import NetworkValidation
from asd_recipes.training.optimiser import network_optimiser
from asd_recipes.training.tensor_file import save_tensors
from asd_recipes.waveforms.device_choice import Device
from asd_recipes.waveforms.device_log_mel import DeviceLogMel, device_log_mel
from asd_runtime.progress import Progress
from asd_runtime.whole_file import write_text


@dataclass(frozen=True)
class NetworkTraining:
    """The inputs of one training; `run` writes `weights.safetensors` and `training.csv` to a folder."""

    machine: str
    name: str  # of the system, for the user: "OE", "OE-DFlow vel"
    key: str  # of the system and item, for the seeds: "oe-dflow@vel"
    variant: SystemVariant
    labels: AttributeLabels | None  # for the attribute loss or the domain-invariant prior
    crops: TrainingCrops
    oe: Path | None = None  # weights of OE on this machine to start from

    @property
    def data(self) -> PreparedData:
        return self.crops.data

    @property
    def recipe(self) -> Recipe:
        return self.crops.recipe

    @property
    def device(self) -> Device:
        return self.crops.device

    @cached_property
    def losses(self) -> NetworkLosses:
        """The losses of this system, with their weights and the prior of a domain-invariant flow."""
        joint, flow, prior = self.recipe.joint, self.recipe.flow, None
        if self.variant.domain_invariant and self.labels and flow.dependent_channels:
            prior = DomainInvariantPrior(
                [self.labels.parameter_of[index] for index in self.data.training[self.machine]],
                channels=EMBEDDING,
                dependent=flow.dependent_channels,
                centred=flow.centred_parameter,
            )
        return NetworkLosses(
            attribute_weight=joint.attribute_weight if self.variant.attributes else 0.0,
            flow_weight=joint.flow_weight if self.variant.flow else 0.0,
            prior=prior,
            device=self.device,
            noise=flow.noise if self.variant.flow else 0.0,
        )

    @property
    def validation(self) -> NetworkValidation:
        """The validation, on clips that are not trained on."""
        return NetworkValidation(self.machine, self.name, self.labels, self.crops, self.losses)

    @property
    def budget(self) -> TrainingSettings | Joint:
        """Epochs, learning rate and schedule (Sec. 4.2)."""
        return self.recipe.joint if self.variant.flow else self.recipe.training

    @property
    def steps_per_epoch(self) -> int:
        return batches_per_epoch(len(self.data.training[self.machine]), self.recipe.training.batch_size)

    def run(self, folder: Path, progress: Progress) -> None:
        """Trains, or continues from the checkpoint in the folder.

        Raises:
            TrainingDivergedError: the loss became infinite or NaN.
        """
        checkpoint = folder / "checkpoint.safetensors"
        model, optimiser, schedule = self._fresh()
        done = 0
        history: list[Epoch] = []
        state = {"model": model, "optimiser": optimiser, "schedule": schedule}
        if checkpoint.is_file():
            done, history = load_checkpoint(checkpoint, **state)  # type: ignore[arg-type]
            progress.say(f"{self.machine} {self.name}: continuing after epoch {done}")
        log_mel = device_log_mel(self.recipe.log_mel, self.device)
        epochs, saved = self.budget.epochs, time.monotonic()
        with progress.stage(f"{self.machine} {self.name}: train", epochs, done=done) as advance:
            for epoch in range(done, epochs):
                self._measure_flow_input(epoch, log_mel, model)
                losses = self._train_epoch(epoch, log_mel, model, optimiser, schedule)
                history.append({"epoch": epoch + 1, **losses, **self.validation.run(epoch, log_mel, model)})
                if time.monotonic() - saved >= self.recipe.training.checkpoint_s and epoch + 1 < epochs:
                    save_checkpoint(checkpoint, **state, epoch=epoch + 1, history=history)  # type: ignore[arg-type]
                    saved = time.monotonic()
                advance(1)
        write_text(folder / "training.csv", history_csv(history))
        save_tensors(folder / "weights.safetensors", model.state_dict())
        checkpoint.unlink(missing_ok=True)

    def _fresh(self) -> tuple[OutlierExposureNet, torch.optim.AdamW, LRScheduler]:
        classes = len(self.labels.classes) if self.labels else 0
        model = first_network(self.variant, self.recipe, self.machine, classes=classes)
        if self.oe is not None:
            fill_from_oe(model, self.oe)
        model = model.to(self.device.torch_device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        if self.recipe.training.compile:
            torch.use_deterministic_algorithms(True)  # tells the compiler as well
            model.compile()
        rate = self.budget.learning_rate
        decay = self.recipe.training.weight_decay
        optimiser = network_optimiser(model, self.recipe.joint, rate=rate, weight_decay=decay)
        if self.budget.schedule == "constant":
            return model, optimiser, ConstantLR(optimiser, factor=1.0)
        total = self.budget.epochs * self.steps_per_epoch
        return model, optimiser, OneCycleLR(optimiser, max_lr=rate, total_steps=total)

    def _measure_flow_input(self, epoch: int, log_mel: DeviceLogMel, model: OutlierExposureNet) -> None:
        """Measures the linear step before the flow, if there is one, for this epoch."""
        if model.flow is not None and (kind := self.recipe.flow.input) != "map":
            seed = derive_seed(self.recipe.seed, f"{self.key} flow input", self.machine, epoch)
            vectors = flow_vectors(model, self.machine, self.crops, log_mel, seed=seed)
            if not np.isfinite(vectors).all():
                raise TrainingDivergedError(
                    f"{self.machine} {self.name}: what the flow sees is {vectors[~np.isfinite(vectors)][0]} before "
                    f"epoch {epoch + 1}. Lower the learning rate, or set training.precision to float32."
                )
            model.flow.whitening = measured_whitening(kind, vectors).to(self.device.torch_device)

    def _train_epoch(
        self,
        epoch: int,
        log_mel: DeviceLogMel,
        model: OutlierExposureNet,
        optimiser: torch.optim.Optimizer,
        schedule: LRScheduler,
    ) -> dict[str, float]:
        """One pass over the target machine's clips; returns the means of the losses over its steps."""
        settings = self.recipe.training
        seed = derive_seed(self.recipe.seed, f"{self.key} epoch", self.machine, epoch)
        rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
        others = {name: clips for name, clips in self.data.training.items() if name != self.machine}
        batches = epoch_batches(self.data.training[self.machine], others, batch_size=settings.batch_size, rng=rng)
        model.train()
        by_step: dict[str, list[torch.Tensor]] = {}
        for step, indices in enumerate(batches):
            done = (epoch * self.steps_per_epoch + step, self.budget.epochs * self.steps_per_epoch)
            batch = mixed_batch(indices, self.crops, self.labels, settings, done=done, rng=rng, generator=generator)
            optimiser.zero_grad(set_to_none=True)
            losses, _ = self.losses.of_batch(model, log_mel, batch, generator)
            losses["loss"].backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            for name, value in losses.items():
                by_step.setdefault(name, []).append(value.detach())
        # Fetched once per epoch: reading a number from a GPU waits until it has finished.
        values = {name: torch.stack(tensors).double().cpu().numpy() for name, tensors in by_step.items()}
        for name, array in values.items():
            if not np.isfinite(array).all():
                raise TrainingDivergedError(
                    f"{self.machine} {self.name}: the {name} is {array[~np.isfinite(array)][0]} in epoch {epoch + 1}. "
                    "Lower the learning rate, or set training.precision to float32."
                )
        means = {name: float(array.mean()) for name, array in values.items()}
        return {"training_loss": means.pop("loss"), **means}
