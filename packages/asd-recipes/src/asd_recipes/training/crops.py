"""Standardised crops of a training batch, on the device that trains.

On a processor, the native core reads each crop directly from the bank. A GPU holds the whole bank as int16, and a batch
is one gather: samples cross the bus only once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from asd_recipes.recipe.settings import Recipe
from asd_recipes.training.balanced_sampler import Batch
from asd_recipes.training.machine_data import PreparedData
from asd_recipes.waveforms.device_choice import Device
from asd_runtime.sound.standardised_segments import LEAST_STD, level_of, standardised_segments


class ResidentBank:
    """All samples of a bank as one tensor on a device: int16 if every clip is 16-bit, else float32."""

    def __init__(self, data: PreparedData, device: torch.device) -> None:
        waves = data.bank.waves
        whole = np.concatenate(waves) if all(wave.dtype == np.int16 for wave in waves) else None
        if whole is None:
            scaled = [np.float32(1 / 32768) * wave if wave.dtype == np.int16 else wave for wave in waves]
            whole = np.concatenate(scaled).astype(np.float32)
        lengths = torch.tensor([len(wave) for wave in waves])
        self._scale = 1 / 32768 if whole.dtype == np.int16 else 1.0
        self._samples = torch.from_numpy(whole).to(device)
        self._lengths = lengths.to(device)
        self._starts = (lengths.cumsum(0) - lengths).to(device)

    def crops(self, indices: Sequence[int], offsets: Sequence[int], length_samples: int) -> torch.Tensor:
        """(B, T) float32 in [-1, 1): each clip's samples from its offset on; a clip shorter than T is repeated."""
        device = self._samples.device
        clips = torch.tensor(indices, device=device)
        within = torch.tensor(offsets, device=device)[:, None] + torch.arange(length_samples, device=device)
        places = self._starts[clips, None] + within % self._lengths[clips, None]
        return self._samples[places].float() * self._scale


@dataclass(frozen=True)
class TrainingCrops:
    """Reads batches. All trainings of a process share one instance, so that the bank moves to a GPU only once."""

    data: PreparedData
    recipe: Recipe
    device: Device

    @cached_property
    def resident(self) -> ResidentBank | None:
        """The bank on the device, if that is a GPU."""
        return ResidentBank(self.data, self.device.torch_device) if self.device.name == "cuda" else None

    def read(self, batch: Batch, rng: np.random.Generator | None) -> torch.Tensor:
        """(B, T) float32, first the target machine's clips; random crops, or the clips' beginnings without `rng`."""
        indices = [*batch.target, *batch.pseudo_anomalous]
        length = self.recipe.segments.length_samples
        room = [max(0, len(self.data.bank.waves[index]) - length) for index in indices]
        offsets = [0 if rng is None else int(rng.integers(0, most + 1)) for most in room]
        if self.resident is None:
            return torch.from_numpy(self._cut(indices, offsets))
        crops = self.resident.crops(indices, offsets, length)
        by = self.recipe.training.standardise
        if by == "segment":
            std, mean = torch.std_mean(crops, dim=1, keepdim=True, correction=0)
            std = std.clamp_min(LEAST_STD)
        else:
            levels = [level_of(self.data.bank.waves[index], by, self.data.statistics_of(index)) for index in indices]
            mean = crops.new_tensor([level.mean for level in levels])[:, None]
            std = crops.new_tensor([level.std for level in levels])[:, None]
        crops -= mean
        crops /= std
        return crops

    def _cut(self, indices: Sequence[int], offsets: Sequence[int]) -> NDArray[np.float32]:
        by = self.recipe.training.standardise
        settings = replace(self.recipe.segments, overlap=0.0)  # one segment of each
        crops = np.empty((len(indices), settings.length_samples), np.float32)
        for index, offset, crop in zip(indices, offsets, crops, strict=True):
            wave = self.data.bank.waves[index]
            cut = standardised_segments(wave, settings, by, self.data.statistics_of(index))
            cut(wave[offset : offset + settings.length_samples], out=crop[None])
        return crops
