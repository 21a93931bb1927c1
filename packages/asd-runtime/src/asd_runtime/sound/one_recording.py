"""Reads one recording as a recipe asks: into memory, or if it is long, into a mapped file."""

import tempfile
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import numpy as np

from asd_features import waveform_blocks
from asd_runtime.sound.audio import Audio
from asd_runtime.sound.samples import Samples

_MOST_IN_MEMORY = 1 << 24
"""In samples: 17 minutes at 16 kHz, 33 MB of int16."""


def read_recording(path: Path, audio: Audio) -> Samples:
    """Samples (T,) int16 or float32 of a wav or flac file of any length.

    A long recording is kept in an unnamed temporary file (in TMPDIR), which disappears with the array.

    Raises:
        AudioError: the file cannot be read as the recipe asks.
        OSError: it does not exist, or there is no space for the temporary file.
    """
    blocks = waveform_blocks(path, sample_rate_hz=audio.sample_rate_hz, channel=audio.channel, resample=audio.resample)
    held: list[Samples] = []
    for block in blocks:
        held.append(block)
        if sum(map(len, held)) > _MOST_IN_MEMORY:
            return _mapped(chain(held, blocks))
    return held[0] if len(held) == 1 else np.concatenate(held)  # type: ignore[return-value]  # all of one type


def _mapped(blocks: Iterable[Samples]) -> Samples:
    with tempfile.TemporaryFile() as file:
        for block in blocks:
            file.write(block.tobytes())
            kind = block.dtype
        file.flush()
        return np.memmap(file, kind, mode="r").view(np.ndarray)
