"""All recordings of a data set in memory, each file read once, 16-bit samples kept as they are.

The DCASE 2023 development set is 2.3 GB of int16; training crops and inference segments are cut from here.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_features import AudioError, read_waveform
from asd_recipes.dataset import Clip, Problem
from asd_recipes.recipe import Audio

Samples = NDArray[np.int16] | NDArray[np.float32]


@dataclass(frozen=True)
class WaveformBank:
    """Recordings, in the order of `clips`."""

    clips: tuple[Clip, ...]
    waves: tuple[Samples, ...]
    problems: tuple[Problem, ...]
    digest: str  # SHA-256 over the keys and samples of all clips

    def select(self, *, machine: str | None = None, folder: str, domain: str | None = None) -> list[int]:
        """Indices of the clips of a machine, folder and domain, in order."""
        return [
            index
            for index, clip in enumerate(self.clips)
            if clip.folder == folder
            and (machine is None or clip.machine == machine)
            and (domain is None or clip.name.domain == domain)
        ]

    def labelled_test(self, machine: str) -> list[int]:
        """Indices of a machine's test clips whose names say what they are."""
        test = self.select(machine=machine, folder="test")
        return [index for index in test if self.clips[index].name.label is not None]

    def crops(self, indices: Sequence[int], offsets: Sequence[int], length_samples: int) -> NDArray[np.float32]:
        """(B, T) float32 in [-1, 1): for each index the samples from its offset on; a shorter clip is repeated."""
        out = np.empty((len(indices), length_samples), np.float32)
        for row, (index, offset) in enumerate(zip(indices, offsets, strict=True)):
            wave: NDArray[Any] = self.waves[index]
            if len(wave) < length_samples:
                wave = np.resize(wave, length_samples)
            np.multiply(wave[offset : offset + length_samples], _scale(wave), out=out[row], dtype=np.float32)
        return out


def _scale(wave: NDArray[Any]) -> np.float32:
    return np.float32(1 / 32768) if wave.dtype == np.int16 else np.float32(1)


def read_bank(clips: Sequence[Clip], audio: Audio, *, advance: Callable[[int], None]) -> WaveformBank:
    """Reads every clip; a file that cannot be read is left out and told of in `problems`."""
    kept: list[Clip] = []
    waves: list[Samples] = []
    problems: list[Problem] = []
    digest = hashlib.sha256()
    for clip in clips:
        try:
            wave = read_waveform(
                clip.path, sample_rate_hz=audio.sample_rate_hz, channel=audio.channel, resample=audio.resample
            ).samples
        except (AudioError, OSError) as error:
            problems.append(Problem(clip.key, type(error).__name__, str(error)))
        else:
            kept.append(clip)
            waves.append(wave)
            digest.update(clip.key.encode() + b"\0" + wave.tobytes())
        advance(1)
    return WaveformBank(tuple(kept), tuple(waves), tuple(problems), digest.hexdigest())
