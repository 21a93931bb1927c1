"""Log-mel spectrograms on the device that the network runs on."""

from collections.abc import Callable
from functools import partial

import torch

from asd_features import LogMelSettings, log_mel, takes_window
from asd_features.torch_log_mel import TorchLogMel
from asd_recipes.waveforms.device_choice import Device

DeviceLogMel = Callable[[torch.Tensor], torch.Tensor]


def device_log_mel(settings: LogMelSettings, device: Device) -> DeviceLogMel:
    """A function from finite waves (B, T) to spectrograms (B, M, F) float32, both on the device.

    On a processor the native core computes them, with torch's number of threads, if it supports the window; otherwise
    the torch layer does. On a processor a wave's result does not depend on its batch.
    """
    if _is_by_core(settings, device):
        return partial(_by_core, settings)
    return TorchLogMel(settings).to(device.torch_device)


def describe_log_mel(settings: LogMelSettings, device: Device) -> str:
    """What computes the spectrograms, for the user."""
    return "log-mel in float64" if _is_by_core(settings, device) else "log-mel by torch in float32"


def _is_by_core(settings: LogMelSettings, device: Device) -> bool:
    return device.name == "cpu" and takes_window(settings)


def _by_core(settings: LogMelSettings, waves: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(log_mel(waves.numpy(), settings, threads=torch.get_num_threads()))
