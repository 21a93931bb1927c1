"""Triangular mel filters, HTK's or Slaney's, on the bins of a real transform.

Equal to `librosa.filters.mel`. The two scales differ: O'Shaughnessy's formula 2595 log10(1 + f / 700) in HTK; in
Slaney's Auditory Toolbox 200/3 Hz a mel up to 1 kHz, then a factor 6.4 in 27 mels.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asd_features.log_mel_settings import LogMelSettings

_SLANEY_HZ_PER_MEL = 200.0 / 3.0
_SLANEY_KNEE_HZ = 1000.0
_SLANEY_KNEE_MEL = _SLANEY_KNEE_HZ / _SLANEY_HZ_PER_MEL
_SLANEY_LOG_STEP = math.log(6.4) / 27.0


def mel_filterbank(settings: LogMelSettings) -> NDArray[np.float32]:
    """Weights from bins to bands.

    Args:
        settings: bands M, edges, scale, norm, window.

    Returns:
        (M, window_samples // 2 + 1) float32.

    Raises:
        ValueError: if a band lies between two bins and would be empty.
    """
    return exact_filterbank(settings).astype(np.float32)


@lru_cache(maxsize=16)
def exact_filterbank(settings: LogMelSettings) -> NDArray[np.float64]:
    """The same in float64; read-only, and computed once for equal settings."""
    bins_hz = np.fft.rfftfreq(settings.window_samples, 1.0 / settings.sample_rate_hz)
    edges_hz = mel_edges_hz(settings)
    widths_hz = np.diff(edges_hz)
    distance_hz = edges_hz[:, None] - bins_hz[None, :]
    rising = -distance_hz[:-2] / widths_hz[:-1, None]
    falling = distance_hz[2:] / widths_hz[1:, None]
    weights: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling))
    empty = np.flatnonzero(weights.max(axis=1) == 0.0)
    if empty.size:
        raise ValueError(
            f"bands={settings.bands} is too many for a window of {settings.window_s} s: {empty.size} bands, the first "
            f"number {empty[0]}, contain no bin of the transform. Use fewer bands or a longer window_s."
        )
    if settings.area_norm:
        weights *= (2.0 / (edges_hz[2:] - edges_hz[:-2]))[:, None]
    weights.flags.writeable = False
    return weights


def mel_edges_hz(settings: LogMelSettings) -> NDArray[np.float64]:
    """(M + 2,) edges: band m rises from edge m to edge m + 1 and falls to edge m + 2; equally spaced in mel."""
    low, high = (_hz_to_mel(edge_hz, settings.mel_scale) for edge_hz in (settings.low_hz, settings.high_hz))
    return _mel_to_hz(np.linspace(low, high, settings.bands + 2), settings.mel_scale)


def _hz_to_mel(frequency_hz: float, scale: Literal["htk", "slaney"]) -> float:
    if scale == "htk":
        return 2595.0 * math.log10(1.0 + frequency_hz / 700.0)
    if frequency_hz < _SLANEY_KNEE_HZ:
        return frequency_hz / _SLANEY_HZ_PER_MEL
    return _SLANEY_KNEE_MEL + math.log(frequency_hz / _SLANEY_KNEE_HZ) / _SLANEY_LOG_STEP


def _mel_to_hz(mel: NDArray[np.float64], scale: Literal["htk", "slaney"]) -> NDArray[np.float64]:
    if scale == "htk":
        return np.asarray(700.0 * (10.0 ** (mel / 2595.0) - 1.0))
    above = _SLANEY_KNEE_HZ * np.exp(_SLANEY_LOG_STEP * (mel - _SLANEY_KNEE_MEL))
    return np.where(mel < _SLANEY_KNEE_MEL, mel * _SLANEY_HZ_PER_MEL, above)
