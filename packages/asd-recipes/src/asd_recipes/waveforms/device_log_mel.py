"""Log-mel spectrograms on the device that the network runs on."""

from collections.abc import Callable
from functools import partial

import torch

from asd_features import LogMelSettings, log_mel, takes_window
from asd_features.torch_log_mel import TorchLogMel
from asd_recipes.waveforms.device_choice import Device

DeviceLogMel = Callable[[torch.Tensor], torch.Tensor]


def device_log_mel(settings: LogMelSettings, device: Device) -> DeviceLogMel:
    """From finite waves (B, T) to spectrograms (B, M, F) float32, both on the device.

    On a processor it is the native core, on torch's number of threads, where that takes the window; else the torch
    layer. On a processor a wave's result does not depend on its batch.
    """
    if _is_by_core(settings, device):
        return partial(_by_core, settings)
    return TorchLogMel(settings).to(device.torch_device)


def describe_log_mel(settings: LogMelSettings, device: Device) -> str:
    """What computes it, for the user: on a processor the window decides."""
    return "log-mel in float64" if _is_by_core(settings, device) else "log-mel by torch in float32"


def _is_by_core(settings: LogMelSettings, device: Device) -> bool:
    return device.name == "cpu" and takes_window(settings)


def _by_core(settings: LogMelSettings, waves: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(log_mel(waves.numpy(), settings, threads=torch.get_num_threads()))
