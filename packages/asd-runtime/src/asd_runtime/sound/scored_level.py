"""Refuses samples without sound: what is scored is judged, for channels with sound can cancel in their mean."""

import math

import numpy as np

from asd_features.waveform_blocks import INT16_SCALE
from asd_runtime.errors import RecordingError
from asd_runtime.sound.recording_findings import SILENCE_DB
from asd_runtime.sound.samples import Samples

_CANCELLED_DB = 30.0
"""The mean of N channels with nothing in common is 10 log10(N) dB below them; one dead channel of two costs 3 dB."""
_AT_ONCE = 1 << 20


def refuse_silence(wave: Samples, channels_db: float = math.nan) -> None:
    """Does nothing if samples (T,) have sound.

    Args:
        wave: int16 or float32, as it is scored.
        channels_db: mean level of the channels that were averaged; NaN if there was one.

    Raises:
        RecordingError: the level is below that of silence, or far below that of the channels.
    """
    level_db = wave_level_db(wave)
    if channels_db >= SILENCE_DB and level_db < max(SILENCE_DB, channels_db - _CANCELLED_DB):
        raise RecordingError(
            f"silent: the channels cancel: {channels_db:.0f} dB each, and {level_db:.0f} dB in their mean: check the "
            "polarity of the microphones"
        )
    if level_db < SILENCE_DB:
        raise RecordingError(f"silent: level {level_db:.0f} dB in what is scored: check the microphone")


def wave_level_db(wave: Samples) -> float:
    """RMS about the mean, in dB relative to full scale; -inf for a constant."""
    scale = INT16_SCALE if wave.dtype == np.int16 else 1.0
    first, total, squares = float(wave[0]), 0.0, 0.0
    for start in range(0, len(wave), _AT_ONCE):
        part = wave[start : start + _AT_ONCE].astype(np.float64) - first
        total += float(part.sum())
        squares += float(part @ part)
    variance = squares / len(wave) - (total / len(wave)) ** 2
    return 10 * math.log10(variance / scale**2) if variance > 0 else -math.inf
