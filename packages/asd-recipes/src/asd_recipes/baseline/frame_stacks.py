"""The input of the official autoencoder: five consecutive log-mel frames as one vector (Harada 2023).

Each frame is computed once. Vectors are made from the frames when a batch needs them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_features import LogMelSettings, log_mel

Float32Array = NDArray[np.float32]
_WINDOW_SAMPLES, _HOP_SAMPLES = 1024, 512


def clip_frames(wave: NDArray[Any]) -> Float32Array:
    """(F, 128) log-mel frames of a clip, as the official baseline computes them."""
    least = _WINDOW_SAMPLES + 4 * _HOP_SAMPLES
    if len(wave) < least:  # too short for five frames: repeated, as a clip shorter than a segment is
        wave = np.resize(wave, least)
    scaled = wave.astype(np.float32) / np.float32(32768) if wave.dtype == np.int16 else wave.astype(np.float32)
    return np.ascontiguousarray(log_mel(scaled, LogMelSettings.dcase_baseline()).T)


def stacked(frames: Float32Array, width: int) -> Float32Array:
    """(F - width + 1, width * M): each frame with those that follow it; a view, not a copy."""
    bands = frames.shape[1]
    flat = np.lib.stride_tricks.sliding_window_view(frames.reshape(-1), width * bands)
    return flat[::bands]


class FrameStacks:
    """The vectors of many clips, gathered on demand from their frames."""

    def __init__(self, clips: Sequence[Float32Array], width: int) -> None:
        self._width = width
        self._bands = clips[0].shape[1]
        self._flat = np.concatenate([clip.reshape(-1) for clip in clips])
        counts = np.array([len(clip) for clip in clips])
        first = np.concatenate([[0], np.cumsum(counts)[:-1]])
        self._starts = np.concatenate([np.arange(a, a + n - width + 1) for a, n in zip(first, counts, strict=True)])

    def __len__(self) -> int:
        return len(self._starts)

    def rows(self, which: NDArray[np.int64]) -> Float32Array:
        """(B, width * M) vectors by their index."""
        windows = np.lib.stride_tricks.sliding_window_view(self._flat, self._width * self._bands)
        return np.asarray(windows[self._starts[which] * self._bands], np.float32)
