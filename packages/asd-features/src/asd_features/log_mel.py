"""Log-mel spectrograms on the processor, of whole clips and of segments (Fujimura 2023, Sec. 4.2).

The native kernel transforms in float64 and only sums in float32: within 1e-4 dB of exact arithmetic. A float32
transform has a rounding of 1e-7 of the loudest bin. That drowns the quiet bands beside a strong tone, whose true value
is another 20 dB lower.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

import asd_native
from asd_features.log_mel_settings import LogMelSettings
from asd_features.segmentation import SegmentSettings

_PAPER = LogMelSettings()
_LEAST_WINDOW, _MOST_WINDOW = 256, 8192


def log_mel(wave: NDArray[Any], settings: LogMelSettings = _PAPER, *, threads: int = 1) -> NDArray[np.float32]:
    """Log-mel spectrogram of waveforms: centred frames, periodic Hann window.

    Args:
        wave: (..., T) float32 or float64; int16 is scaled by 1/32768 first.
        settings: what to compute; `LogMelSettings()` is the paper's.
        threads: number of threads, 0 for all cores; the result does not depend on it.

    Returns:
        (..., M, F) float32 in dB (or plain sums where settings.log is False), F = 1 + T // hop.

    Raises:
        TypeError: if wave has another dtype.
        ValueError: if T is at most half a window, wave holds NaN or infinity, or the window is not a power of two from
            256 to 8192 samples.
    """
    wave = _checked_wave(wave)
    samples = wave.shape[-1]
    frames = settings.frames(samples)
    mel = _kernel(settings).spectrogram(wave.reshape(-1, samples), threads=threads)
    return mel.reshape(*wave.shape[:-1], settings.bands, frames)


def segment_log_mel(
    wave: NDArray[Any],
    settings: LogMelSettings = _PAPER,
    segment_settings: SegmentSettings | None = None,
    *,
    mean: float = 0.0,
    std: float = 1.0,
    per_segment: bool = False,
    threads: int = 1,
) -> NDArray[np.float32]:
    """Log-mel spectrograms of the overlapping segments of clips: `log_mel` of `segments`, without storing these.

    Args:
        wave: (T,) or (N, T), int16 (scaled by 1/32768 first), float32 or float64.
        settings: what to compute; `LogMelSettings()` is the paper's.
        segment_settings: how clips are cut; by default the paper's. Must have the same sample rate.
        mean: subtracted from the scaled samples.
        std: divides the result; see `waveform_statistics`.
        per_segment: standardise each segment by its own mean and standard deviation instead; a constant segment becomes
            silence.
        threads: number of threads, 0 for all cores; the result does not depend on it.

    Returns:
        (S, M, F) or (N, S, M, F) float32: each segment's own spectrogram.

    Raises:
        TypeError: if wave has another dtype.
        ValueError: if a segment is at most half a window, wave holds NaN or infinity, the two sample rates differ, the
            window is not a power of two from 256 to 8192 samples, or std is not positive.
    """
    segment_settings = SegmentSettings() if segment_settings is None else segment_settings
    if segment_settings.sample_rate_hz != settings.sample_rate_hz:
        raise ValueError(
            f"settings and segment_settings must have the same sample_rate_hz; got {settings.sample_rate_hz} and "
            f"{segment_settings.sample_rate_hz}. Set both to that of the clips."
        )
    return _kernel(settings).segments(
        _checked_wave(wave), segment_samples=segment_settings.length_samples, hop_samples=segment_settings.hop_samples,
        mean=mean, std=std, per_segment=per_segment, threads=threads,
    )  # fmt: skip


def _checked_wave(wave: NDArray[Any]) -> NDArray[Any]:
    wave = np.asarray(wave)
    if wave.dtype not in (np.int16, np.float32, np.float64):
        raise TypeError(f"wave must be int16, float32 or float64; got {wave.dtype}. Convert it: wave.astype('float32')")
    if wave.ndim == 0:
        raise ValueError("wave must be (..., T); got a single number. For one clip pass its (T,) samples.")
    return wave


def takes_window(settings: LogMelSettings) -> bool:
    """Whether `log_mel` takes the window: a power of two from 256 to 8192 samples. `TorchLogMel` takes any even one."""
    window = settings.window_samples
    return _LEAST_WINDOW <= window <= _MOST_WINDOW and window & (window - 1) == 0


@lru_cache(maxsize=16)
def _kernel(settings: LogMelSettings) -> asd_native.LogMel:
    window = settings.window_samples
    if not takes_window(settings):
        raise ValueError(
            f"window_s must be a power of two from {_LEAST_WINDOW} to {_MOST_WINDOW} samples; got {settings.window_s} "
            f"s = {window} samples at {settings.sample_rate_hz} Hz. asd_features.torch_log_mel takes any even number."
        )
    return asd_native.LogMel(
        sample_rate_hz=settings.sample_rate_hz, window_samples=window, hop_samples=settings.hop_samples,
        bands=settings.bands, low_hz=settings.low_hz, high_hz=settings.high_hz, mel_scale=settings.mel_scale,
        area_norm=settings.area_norm, power=settings.power, normalise_window=settings.normalise_window,
        log=settings.log, floor=settings.floor, padding=settings.padding,
    )  # fmt: skip


@lru_cache(maxsize=16)
def analysis_window(settings: LogMelSettings) -> NDArray[np.float64]:
    """(window_samples,) periodic Hann window, divided by its Euclidean norm if the settings say so; read-only."""
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(settings.window_samples) / settings.window_samples)
    if settings.normalise_window:
        window /= np.sqrt(np.sum(window**2))
    window.flags.writeable = False
    return window
