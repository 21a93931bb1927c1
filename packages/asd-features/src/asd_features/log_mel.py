"""Log-mel spectrogram in NumPy: the readable one, that the torch layer is held against (Fujimura 2023, Sec. 4.2).

All arithmetic is in float64, and only the result is float32. In float32 the transform's rounding, 1e-7 of the loudest
bin, drowns the quiet bands beside a strong tone, whose true value lies another 20 dB lower.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from asd_features.log_mel_settings import LogMelSettings
from asd_features.mel_filterbank import exact_filterbank
from asd_features.waveform import INT16_SCALE

_PAPER = LogMelSettings()
_PAD_MODES: dict[str, Literal["reflect", "constant"]] = {"reflect": "reflect", "zero": "constant"}


def log_mel(wave: NDArray[Any], settings: LogMelSettings = _PAPER) -> NDArray[np.float32]:
    """Log-mel spectrogram of waveforms: centred frames, periodic Hann window.

    Args:
        wave: (..., T) float32 or float64; int16 is scaled by 1/32768 first.
        settings: what to compute; `LogMelSettings()` is the paper's.

    Returns:
        (..., M, F) float32 in dB (or plain sums where settings.log is False), F = 1 + T // hop.

    Raises:
        TypeError: if wave has another dtype.
        ValueError: if T is at most half a window, or wave holds NaN or infinity.
    """
    wave = np.asarray(wave)
    if wave.dtype not in (np.int16, np.float32, np.float64):
        raise TypeError(f"wave must be int16, float32 or float64; got {wave.dtype}. Convert it: wave.astype('float32')")
    if wave.ndim == 0:
        raise ValueError("wave must be (..., T); got a single number. For one clip pass its (T,) samples.")
    samples = wave.shape[-1]
    frames = settings.frames(samples)
    if wave.dtype != np.int16 and not np.isfinite(wave).all():
        raise ValueError("wave holds NaN or infinity. Leave the clip out, or repair its samples.")
    clips = wave.reshape(-1, samples)
    result = np.empty((len(clips), settings.bands, frames), np.float32)
    # Clip by clip: the frames of one take 5 MB, and no clip's result can depend on the others'.
    for clip, out in zip(clips, result, strict=True):
        out[...] = _log_mel_of_one(clip, settings)
    return result.reshape(*wave.shape[:-1], settings.bands, frames)


def _log_mel_of_one(clip: NDArray[Any], settings: LogMelSettings) -> NDArray[np.float64]:
    """(T,) to (M, F)."""
    signal = clip.astype(np.float64)
    if clip.dtype == np.int16:
        signal /= INT16_SCALE
    padded = np.pad(signal, settings.window_samples // 2, mode=_PAD_MODES[settings.padding])
    framed = sliding_window_view(padded, settings.window_samples)[:: settings.hop_samples]
    spectrum = np.abs(np.fft.rfft(framed * analysis_window(settings), axis=-1))
    if settings.power == 2.0:
        spectrum *= spectrum
    mel: NDArray[np.float64] = exact_filterbank(settings) @ spectrum.T
    if settings.log:
        mel = settings.decibels_per_decade * np.log10(np.maximum(mel, settings.floor))
    return mel


@lru_cache(maxsize=16)
def analysis_window(settings: LogMelSettings) -> NDArray[np.float64]:
    """(window_samples,) periodic Hann window, divided by its Euclidean norm if the settings ask for it; read-only."""
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(settings.window_samples) / settings.window_samples)
    if settings.normalise_window:
        window /= np.sqrt(np.sum(window**2))
    window.flags.writeable = False
    return window
