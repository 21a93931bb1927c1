"""Training of the paper's networks: this machine against the other machines, with a flow or attributes or both.

Fujimura 2023, Eqs. 1, 2, 5, 6, 8 and Table 1. One random crop of each clip an epoch, waveform mixup, log-mel,
ResNet-18, flow and losses run on one device, from the waveform bank.
"""

import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch.optim.lr_scheduler import ConstantLR, LRScheduler, OneCycleLR

from asd_models import (
    DomainInvariantPrior,
    FastFlow,
    OutlierExposureNet,
    attribute_loss,
    flow_loss,
    load_torchvision_weights,
    machine_loss,
    oe_flow_loss,
    serial_oe_loss,
)
from asd_models.outlier_exposure_net import EMBEDDING
from asd_recipes.attribute_labels import AttributeLabels
from asd_recipes.balanced_sampler import batches_per_epoch, epoch_batches
from asd_recipes.device_choice import Device
from asd_recipes.device_log_mel import DeviceLogMel, device_log_mel
from asd_recipes.machine_data import PreparedData
from asd_recipes.mixed_batch import MixedBatch, mixed_batch
from asd_recipes.network_validation import validate
from asd_recipes.progress import Progress
from asd_recipes.recipe import Joint, Recipe, Training
from asd_recipes.run_store import write_text, write_whole
from asd_recipes.seeding import derive_seed
from asd_recipes.system_variants import SystemVariant
from asd_recipes.training_checkpoint import load_checkpoint, save_checkpoint
from asd_recipes.training_crops import TrainingCrops
from asd_recipes.training_diverged import TrainingDivergedError
from asd_recipes.training_history import Epoch, history_csv


@dataclass(frozen=True)
class NetworkTraining:
    """Everything that one training is made of; `run` writes `weights.safetensors` and `training.csv` to a folder."""

    machine: str
    name: str  # of the system, for the reader: "OE", "OE-DFlow vel"
    key: str  # of the system and item, for the seeds: "oe-dflow@vel"
    variant: SystemVariant
    labels: AttributeLabels | None  # for the attribute loss or the domain-invariant prior
    crops: TrainingCrops

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
    def prior(self) -> DomainInvariantPrior | None:
        """Of a domain-invariant flow."""
        dependent = self.recipe.flow.dependent_channels
        if not (self.variant.domain_invariant and self.labels and dependent):
            return None
        return DomainInvariantPrior(self.labels.parameter_of.values(), channels=EMBEDDING, dependent=dependent)

    @property
    def budget(self) -> Training | Joint:
        """Epochs, learning rate and schedule (Sec. 4.2)."""
        return self.recipe.joint if self.variant.flow else self.recipe.training

    @property
    def steps_per_epoch(self) -> int:
        return batches_per_epoch(len(self.data.training[self.machine]), self.recipe.training.batch_size)

    def run(self, folder: Path, progress: Progress) -> None:
        """Trains, or goes on from the checkpoint in the folder.

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
            progress.say(f"{self.machine} {self.name}: going on after epoch {done}")
        log_mel = device_log_mel(self.recipe.log_mel, self.device)
        epochs, saved = self.budget.epochs, time.monotonic()
        with progress.stage(f"{self.machine} {self.name}: train", epochs, done=done) as advance:
            for epoch in range(done, epochs):
                losses = self._train_epoch(epoch, log_mel, model, optimiser, schedule)
                history.append({"epoch": epoch + 1, **losses, **validate(self, epoch, log_mel, model)})
                if time.monotonic() - saved >= self.recipe.training.checkpoint_s and epoch + 1 < epochs:
                    save_checkpoint(checkpoint, **state, epoch=epoch + 1, history=history)  # type: ignore[arg-type]
                    saved = time.monotonic()
                advance(1)
        write_text(folder / "training.csv", history_csv(history))
        tensors = {name: tensor.contiguous().cpu() for name, tensor in model.state_dict().items()}
        write_whole(folder / "weights.safetensors", lambda partial: save_file(tensors, partial))
        checkpoint.unlink(missing_ok=True)

    def losses_and_logits(
        self, model: OutlierExposureNet, log_mel: DeviceLogMel, batch: MixedBatch
    ) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """The loss of a batch and its parts, and the machine logits (B,).

        `flow_loss` is in nats a dimension of the map, and missing where no row trains the flow.
        """
        with self.device.autocast():
            output = model(log_mel(batch.waves))
            flow = model.flow(output.map[batch.flow_rows]) if model.flow is not None else None
        loss = machine_loss(output.machine_logit.float(), batch.targets)
        parts = {"machine_loss": loss}
        if output.attribute_logits is not None and batch.attributes is not None:
            parts["attribute_loss"] = attribute_loss(output.attribute_logits.float(), batch.attributes)
            loss = serial_oe_loss(loss, parts["attribute_loss"], weight=self.recipe.joint.attribute_weight)
        if flow is not None:
            mean = self.prior.mean(batch.parameters[batch.flow_rows]) if self.prior else None
            likelihood = flow_loss(flow, mean)
            if len(flow.latent):
                parts["flow_loss"] = likelihood / flow.latent[0].numel()
            loss = oe_flow_loss(loss, likelihood, weight=self.recipe.joint.flow_weight)
        return {"loss": loss, **parts}, output.machine_logit.float()

    def _fresh(self) -> tuple[OutlierExposureNet, torch.optim.AdamW, LRScheduler]:
        # Equal first weights for all attribute items of a system, as they are one system.
        torch.manual_seed(derive_seed(self.recipe.seed, f"{self.variant.slug} weights", self.machine))
        model = build_network(self.variant, self.recipe, classes=len(self.labels.classes) if self.labels else 0)
        if self.recipe.training.encoder_weights:
            load_torchvision_weights(model.encoder, load_file(self.recipe.training.encoder_weights))
        model = model.to(self.device.torch_device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        if self.recipe.training.compile:
            torch.use_deterministic_algorithms(True)  # tells the compiler as well
            model.compile()
        rate = self.budget.learning_rate
        optimiser = torch.optim.AdamW(
            model.parameters(), lr=rate, weight_decay=self.recipe.training.weight_decay, fused=True
        )
        if self.budget.schedule == "constant":
            return model, optimiser, ConstantLR(optimiser, factor=1.0)
        total = self.budget.epochs * self.steps_per_epoch
        return model, optimiser, OneCycleLR(optimiser, max_lr=rate, total_steps=total)

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
        seen: dict[str, list[torch.Tensor]] = {}
        for step, indices in enumerate(batches):
            done = (epoch * self.steps_per_epoch + step, self.budget.epochs * self.steps_per_epoch)
            batch = mixed_batch(indices, self.crops, self.labels, settings, done=done, rng=rng, generator=generator)
            optimiser.zero_grad(set_to_none=True)
            losses, _ = self.losses_and_logits(model, log_mel, batch)
            losses["loss"].backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            for name, value in losses.items():
                seen.setdefault(name, []).append(value.detach())
        # Fetched once an epoch: a GPU that is asked for a number has to finish first.
        values = {name: torch.stack(found).double().cpu().numpy() for name, found in seen.items()}
        for name, found in values.items():
            if not np.isfinite(found).all():
                raise TrainingDivergedError(
                    f"{self.machine} {self.name}: the {name} is {found[~np.isfinite(found)][0]} in epoch {epoch + 1}. "
                    "Lower the learning rate, or set training.precision to float32."
                )
        means = {name: float(found.mean()) for name, found in values.items()}
        return {"training_loss": means.pop("loss"), **means}


def build_network(variant: SystemVariant, recipe: Recipe, *, classes: int) -> OutlierExposureNet:
    """The network of a system, with first weights from torch's global generator.

    Args:
        variant: decides for flow and attribute head.
        recipe: sizes of the flow; seed of its permutations.
        classes: attribute values K.
    """
    settings, flow = recipe.flow, None
    if variant.flow:
        flow = FastFlow(
            EMBEDDING,
            steps=settings.steps,
            hidden_ratio=settings.hidden_ratio,
            clamp=settings.clamp,
            seed=derive_seed(recipe.seed, "flow", variant.slug) % 2**31,
        )
    return OutlierExposureNet(classes if variant.attributes else 0, flow)


def load_network(weights: Path, variant: SystemVariant, recipe: Recipe, device: Device) -> OutlierExposureNet:
    """The trained network of a system, ready for inference."""
    state = load_file(weights)
    head = state.get("attribute_head.weight")
    model = build_network(variant, recipe, classes=0 if head is None else len(head))
    model.load_state_dict(state)
    return model.to(device.torch_device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload,no-any-return]
