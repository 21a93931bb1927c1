"""The loss of a batch and its parts: Fujimura 2023, Eqs. 1, 2, 5, 6 and 8."""

from dataclasses import dataclass

import torch

from asd_models import (
    DomainInvariantPrior,
    OutlierExposureNet,
    attribute_loss,
    flow_loss,
    machine_loss,
    oe_flow_loss,
    serial_oe_loss,
)
from asd_recipes.training.mixed_batch import MixedBatch
from asd_recipes.waveforms.device_choice import Device
from asd_recipes.waveforms.device_log_mel import DeviceLogMel


@dataclass(frozen=True)
class NetworkLosses:
    """What the losses depend on besides network and batch.

    Attributes:
        attribute_weight: lambda_section of Eq. 8.
        flow_weight: lambda_Flow of Eq. 6.
        prior: the prior of a domain-invariant flow.
        device: where to compute, and with which precision.
        noise: standard deviation of the noise on what the flow sees in training.
    """

    attribute_weight: float
    flow_weight: float
    prior: DomainInvariantPrior | None
    device: Device
    noise: float = 0.0

    def of_batch(
        self,
        model: OutlierExposureNet,
        log_mel: DeviceLogMel,
        batch: MixedBatch,
        generator: torch.Generator | None = None,
    ) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """The loss of a batch and its parts, and the machine logits (B,).

        `flow_loss` is in nats per dimension of the map, and missing if no row trains the flow.

        Args:
            model: the network.
            log_mel: makes the spectrograms.
            batch: waveforms and labels.
            generator: draws the noise, in training; without it there is none.
        """
        with self.device.autocast():
            output = model(log_mel(batch.waves))
            flow = None
            if model.flow is not None:
                maps = output.map[batch.flow_rows]
                flow = model.flow(maps, self._noise(maps, generator))
        loss = machine_loss(output.machine_logit.float(), batch.targets)
        parts = {"machine_loss": loss}
        if output.attribute_logits is not None and batch.attributes is not None:
            parts["attribute_loss"] = attribute_loss(output.attribute_logits.float(), batch.attributes)
            loss = serial_oe_loss(loss, parts["attribute_loss"], weight=self.attribute_weight)
        if flow is not None:
            mean = self.prior.mean(batch.parameters[batch.flow_rows]) if self.prior else None
            likelihood = flow_loss(flow, mean)
            if len(flow.latent):
                parts["flow_loss"] = likelihood / flow.latent[0].numel()
            loss = oe_flow_loss(loss, likelihood, weight=self.flow_weight)
        return {"loss": loss, **parts}, output.machine_logit.float()

    def _noise(self, maps: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor | None:
        """Drawn on the processor, so that every device gets the same."""
        if not self.noise or generator is None:
            return None
        return (self.noise * torch.randn(maps.shape, generator=generator)).to(maps.device)
