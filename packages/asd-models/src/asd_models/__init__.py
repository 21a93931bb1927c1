"""Networks, normalizing flow, losses and mixup for anomalous sound detection (Fujimura 2023), in PyTorch.

Importing the package does not import torch: each name is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asd_models.autoencoder import Autoencoder
    from asd_models.channel_whitening import ChannelWhitening
    from asd_models.domain_invariant_prior import DomainInvariantPrior, category_values
    from asd_models.fast_flow import FastFlow, FlowOutput
    from asd_models.flow_likelihood import flow_log_likelihood, flow_loss, flow_score_map
    from asd_models.joint_loss import oe_flow_loss, serial_oe_loss
    from asd_models.mixed_pairs import dominant_values, flow_rows
    from asd_models.onnx_network import network_onnx
    from asd_models.onnx_quantised import quantised_onnx, rounded_tensors
    from asd_models.outlier_exposure_loss import attribute_loss, machine_loss
    from asd_models.outlier_exposure_net import OutlierExposureNet, OutlierExposureOutput
    from asd_models.resnet18 import EncoderOutput, ResNet18
    from asd_models.torchvision_weights import load_torchvision_weights
    from asd_models.waveform_mixup import mixup, mixup_probability, mixup_weights

__all__ = [
    "Autoencoder",
    "ChannelWhitening",
    "DomainInvariantPrior",
    "EncoderOutput",
    "FastFlow",
    "FlowOutput",
    "OutlierExposureNet",
    "OutlierExposureOutput",
    "ResNet18",
    "attribute_loss",
    "category_values",
    "dominant_values",
    "flow_log_likelihood",
    "flow_loss",
    "flow_rows",
    "flow_score_map",
    "load_torchvision_weights",
    "machine_loss",
    "mixup",
    "mixup_probability",
    "mixup_weights",
    "network_onnx",
    "oe_flow_loss",
    "quantised_onnx",
    "rounded_tensors",
    "serial_oe_loss",
]

_HOME = {
    "Autoencoder": "asd_models.autoencoder",
    "ChannelWhitening": "asd_models.channel_whitening",
    "DomainInvariantPrior": "asd_models.domain_invariant_prior",
    "EncoderOutput": "asd_models.resnet18",
    "FastFlow": "asd_models.fast_flow",
    "FlowOutput": "asd_models.fast_flow",
    "OutlierExposureNet": "asd_models.outlier_exposure_net",
    "OutlierExposureOutput": "asd_models.outlier_exposure_net",
    "ResNet18": "asd_models.resnet18",
    "attribute_loss": "asd_models.outlier_exposure_loss",
    "category_values": "asd_models.domain_invariant_prior",
    "dominant_values": "asd_models.mixed_pairs",
    "flow_log_likelihood": "asd_models.flow_likelihood",
    "flow_loss": "asd_models.flow_likelihood",
    "flow_rows": "asd_models.mixed_pairs",
    "flow_score_map": "asd_models.flow_likelihood",
    "load_torchvision_weights": "asd_models.torchvision_weights",
    "machine_loss": "asd_models.outlier_exposure_loss",
    "mixup": "asd_models.waveform_mixup",
    "mixup_probability": "asd_models.waveform_mixup",
    "mixup_weights": "asd_models.waveform_mixup",
    "network_onnx": "asd_models.onnx_network",
    "oe_flow_loss": "asd_models.joint_loss",
    "quantised_onnx": "asd_models.onnx_quantised",
    "rounded_tensors": "asd_models.onnx_quantised",
    "serial_oe_loss": "asd_models.joint_loss",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'asd_models' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
