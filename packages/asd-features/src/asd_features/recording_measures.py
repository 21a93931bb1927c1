"""Measures of a recording's samples, in one pass and in little memory: for checking recordings before use.

The measures are counts of samples or float64 sums, and do not depend on how the recording is cut into blocks (the level
only to rounding). What they mean is decided elsewhere.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_features.audio_file import AudioInfo, open_audio
from asd_features.frame_blocks import frame_blocks
from asd_features.waveform_blocks import INT16_SCALE

# For all channels together, so that a recording of many channels takes no more memory than one of few.
_BLOCK_SAMPLES = 1 << 18


@dataclass(frozen=True)
class RecordingMeasures:
    """Measures of C channels; full scale is 1.

    Attributes:
        info: what the header says.
        minimum: smallest sample of each channel (NaN if it has any).
        maximum: largest sample of each channel.
        level_db: RMS about the mean of each channel, in dB relative to full scale; -inf for a constant channel.
        at_extremes: for each channel, how many samples equal its minimum or its maximum.
        flat_tops: for each channel, how many samples do so after two others that do.
        longest_hold_samples: longest run of frames in which no channel changes.
        nonfinite: samples that are NaN or infinite; if there are any, the other measures mean nothing.
        digest: hash of all samples as stored; equal recordings have equal digests, in wav and in flac.
    """

    info: AudioInfo
    minimum: tuple[float, ...]
    maximum: tuple[float, ...]
    level_db: tuple[float, ...]
    at_extremes: tuple[int, ...]
    flat_tops: tuple[int, ...]
    longest_hold_samples: int
    nonfinite: int
    digest: str


def measure_recording(path: str | os.PathLike[str]) -> RecordingMeasures:
    """Read a wav or flac file once, at its own rate and with all channels, and measure it.

    Raises:
        FileNotFoundError: there is no such file.
        UnreadableAudioError, TruncatedAudioError, EmptyAudioError: see `asd_features.AudioError`.
    """
    with open_audio(path) as (info, sound):
        sums = _Sums(info.channels)
        for block in frame_blocks(info, sound, block_frames=max(1, _BLOCK_SAMPLES // info.channels)):
            sums.add(block)
    return sums.measures(info)


@dataclass
class _Sums:
    """Sums over the blocks so far."""

    channels: int
    count: int = 0
    nonfinite: int = 0
    hold: int = 0
    longest_hold: int = 0
    scale: float = 1.0
    digest: Any = field(default_factory=lambda: hashlib.blake2b(digest_size=16))

    def __post_init__(self) -> None:
        self.total = np.zeros(self.channels)
        self.squares = np.zeros(self.channels)
        self.low = _Extreme(np.full(self.channels, np.inf), self.channels)
        self.high = _Extreme(np.full(self.channels, -np.inf), self.channels)
        self.last: NDArray[Any] | None = None  # the two frames before the next block

    def add(self, block: NDArray[Any]) -> None:
        """Add the next frames (T, C)."""
        if self.count == 0:
            self.digest.update(f"{block.shape[1]} {block.dtype}".encode())
        self.digest.update(block.tobytes())
        self.count += len(block)
        if block.dtype == np.int16:
            self.scale = INT16_SCALE
        else:
            self.nonfinite += int(block.size - np.count_nonzero(np.isfinite(block)))
        extended = block if self.last is None else np.concatenate([self.last, block])
        with np.errstate(invalid="ignore"):
            # NaN passes through minimum and maximum, and so stays visible.
            self.low.move(np.minimum(self.low.value, block.min(axis=0)), block, extended)
            self.high.move(np.maximum(self.high.value, block.max(axis=0)), block, extended)
            self._hold(extended if self.last is None else extended[len(self.last) - 1 :])
            exact = block.astype(np.float64)
            self.total += exact.sum(axis=0)
            self.squares += np.einsum("tc,tc->c", exact, exact)
        self.last = extended[-2:]

    def _hold(self, frames: NDArray[Any]) -> None:
        """Continue the current run through frames; they begin with the last known frame, or with the first of all."""
        if self.hold == 0:
            self.hold = 1
        changes = np.flatnonzero((frames[1:] != frames[:-1]).any(axis=1))
        if len(changes) == 0:
            self.hold += len(frames) - 1
        else:
            inner = int(np.diff(changes).max()) if len(changes) > 1 else 0
            self.longest_hold = max(self.longest_hold, self.hold + int(changes[0]), inner)
            self.hold = len(frames) - 1 - int(changes[-1])
        self.longest_hold = max(self.longest_hold, self.hold)

    def measures(self, info: AudioInfo) -> RecordingMeasures:
        with np.errstate(invalid="ignore", divide="ignore"):
            variance = np.maximum(self.squares / self.count - np.square(self.total / self.count), 0)
            # The variance of a constant is only rounding, not a level.
            variance[self.low.value == self.high.value] = 0
            level_db = 10 * np.log10(variance / self.scale**2)
        return RecordingMeasures(
            info=info,
            minimum=tuple((self.low.value / self.scale).tolist()),
            maximum=tuple((self.high.value / self.scale).tolist()),
            level_db=tuple(level_db.tolist()),
            at_extremes=tuple((self.low.at + self.high.at).tolist()),
            flat_tops=tuple((self.low.flat + self.high.flat).tolist()),
            longest_hold_samples=self.longest_hold,
            nonfinite=self.nonfinite,
            digest=self.digest.hexdigest(),
        )


class _Extreme:
    """The smallest, or the largest, sample of each channel so far, and how many times it occurred."""

    def __init__(self, value: NDArray[Any], channels: int) -> None:
        self.value = value
        self.at = np.zeros(channels, np.int64)
        self.flat = np.zeros(channels, np.int64)

    def move(self, value: NDArray[Any], block: NDArray[Any], extended: NDArray[Any]) -> None:
        """Add a block with its extreme; `extended` also has the two frames before the block."""
        stays = value == self.value
        equal = extended == value
        in_block = equal[len(extended) - len(block) :].sum(axis=0)
        flat = (equal[2:] & equal[1:-1] & equal[:-2]).sum(axis=0) if len(equal) > 2 else 0
        self.at = np.where(stays, self.at, 0) + in_block
        self.flat = np.where(stays, self.flat, 0) + flat
        self.value = value
