"""Log-mel spectrograms on the device that the network runs on."""

from collections.abc import Callable

import torch

from asd_features import LogMelSettings, log_mel, takes_window
from asd_features.torch_log_mel import TorchLogMel
from asd_recipes.device_choice import Device

DeviceLogMel = Callable[[torch.Tensor], torch.Tensor]


def device_log_mel(settings: LogMelSettings, device: Device) -> DeviceLogMel:
    """From waves (B, T) to spectrograms (B, M, F) float32, both on the device.

    On a processor it is the native core, on torch's number of threads, where that takes the window; else the torch
    layer. On a processor a wave's result does not depend on its batch.
    """
    if device.name == "cpu" and takes_window(settings):
        return lambda waves: torch.from_numpy(log_mel(waves.numpy(), settings, threads=torch.get_num_threads()))
    return TorchLogMel(settings).to(device.torch_device)
