"""Networks, losses and mixup for anomalous sound detection (Fujimura 2023), in PyTorch.

Importing the package does not import torch: each name is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asd_models.autoencoder import Autoencoder
    from asd_models.outlier_exposure_loss import attribute_loss, machine_loss
    from asd_models.outlier_exposure_net import OutlierExposureNet, OutlierExposureOutput
    from asd_models.resnet18 import EncoderOutput, ResNet18
    from asd_models.torchvision_weights import load_torchvision_weights
    from asd_models.waveform_mixup import mixup, mixup_probability, mixup_weights

__all__ = [
    "Autoencoder",
    "EncoderOutput",
    "OutlierExposureNet",
    "OutlierExposureOutput",
    "ResNet18",
    "attribute_loss",
    "load_torchvision_weights",
    "machine_loss",
    "mixup",
    "mixup_probability",
    "mixup_weights",
]

_HOME = {
    "Autoencoder": "asd_models.autoencoder",
    "EncoderOutput": "asd_models.resnet18",
    "OutlierExposureNet": "asd_models.outlier_exposure_net",
    "OutlierExposureOutput": "asd_models.outlier_exposure_net",
    "ResNet18": "asd_models.resnet18",
    "attribute_loss": "asd_models.outlier_exposure_loss",
    "load_torchvision_weights": "asd_models.torchvision_weights",
    "machine_loss": "asd_models.outlier_exposure_loss",
    "mixup": "asd_models.waveform_mixup",
    "mixup_probability": "asd_models.waveform_mixup",
    "mixup_weights": "asd_models.waveform_mixup",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'asd_models' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
