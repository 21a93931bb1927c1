"""The outlier-exposure network: encoder, machine head, attribute head and flow (Fujimura 2023, Secs. 2, 3 and 4.2)."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from asd_models.fast_flow import FastFlow
from asd_models.layer_init import linear
from asd_models.resnet18 import ResNet18

EMBEDDING = 512  # channels of ResNet-18's last map


class OutlierExposureOutput(NamedTuple):
    """Map (B, 512, m, f), embedding (B, 512), machine logit (B,), attribute logits (B, K); None if K = 0."""

    map: Tensor
    embedding: Tensor
    machine_logit: Tensor
    attribute_logits: Tensor | None


class OutlierExposureNet(nn.Module):
    """ResNet-18 with linear heads: is this the target machine (g_machine), and which attribute value applies (g_att)?

    Args:
        attributes: number of attribute values K of the target machine; 0 leaves the attribute head out (system OE).
        flow: inlier model of the map, trained and saved with the network; None leaves it out. `forward` does not run
            it: training runs it only on the rows without a pseudo-anomalous part, `net.flow(output.map[rows])`.
        pre_relu_map: whether `map` is the encoder's last one before its ReLU; embedding and heads do not change.
        generator: CPU source of the initial weights; None takes torch's global one.

    Raises:
        ValueError: if attributes is negative, or the flow is for another number of channels.
    """

    def __init__(
        self,
        attributes: int = 0,
        flow: FastFlow | None = None,
        *,
        pre_relu_map: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if attributes < 0:
            raise ValueError(f"attributes must be 0 (no attribute head) or more; got {attributes}.")
        if flow is not None and flow.channels != EMBEDDING:
            raise ValueError(f"flow must be for the {EMBEDDING} channels of the encoder's map; got {flow.channels}.")
        self.encoder = ResNet18(pre_relu_map=pre_relu_map, generator=generator)
        self.machine_head = linear(EMBEDDING, 1, generator=generator)
        self.attribute_head = linear(EMBEDDING, attributes, generator=generator) if attributes else None
        self.flow = flow

    def forward(self, log_mel: Tensor) -> OutlierExposureOutput:
        """Everything that the losses and the inlier models need, for a batch of spectrograms.

        Args:
            log_mel: (B, M, F) floating point.

        Raises:
            ValueError: if log_mel is not three-dimensional.
        """
        if log_mel.dim() != 3:
            raise ValueError(
                f"log_mel must be (B, M, F); got shape {tuple(log_mel.shape)}. For one spectrogram pass log_mel[None]."
            )
        feature_map, embedding = self.encoder(log_mel[:, None])
        attribute_logits = None if self.attribute_head is None else self.attribute_head(embedding)
        return OutlierExposureOutput(feature_map, embedding, self.machine_head(embedding).squeeze(1), attribute_logits)
