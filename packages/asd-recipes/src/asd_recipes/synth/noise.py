"""Noise with a given spectrum, and the smooth frequency responses of rooms, casings and microphones."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from asd_recipes.dataset.dcase2023_facts import SAMPLE_RATE_HZ
from asd_recipes.synth.condition import Float32Array, Float64Array, root_mean_square
from asd_recipes.synth.impacts import Modes, modal_gain

_POINTS = 2048
LOW_HZ = 40.0  # the recordings hold little below: microphones and rooms roll off


@lru_cache(maxsize=4)
def _bin_point(samples: int) -> NDArray[np.intp]:
    """(T // 2 + 1,) for each bin of a real transform of T samples, the nearest of the points in log frequency."""
    hz = np.fft.rfftfreq(samples, 1.0 / SAMPLE_RATE_HZ)
    octaves = np.log2(np.maximum(hz, LOW_HZ) / LOW_HZ)
    points: NDArray[np.intp] = np.rint(octaves * ((_POINTS - 1) / np.log2(SAMPLE_RATE_HZ / 2.0 / LOW_HZ))).astype(
        np.intp
    )
    return points


def shaped_noise(rng: np.random.Generator, gain: Float32Array, samples: int) -> Float32Array:
    """(T,) Gaussian noise of RMS 1 with the amplitude spectrum gain (T // 2 + 1,)."""
    parts = rng.standard_normal(2 * len(gain), dtype=np.float32).view(np.complex64)
    parts *= gain
    parts[0] = 0.0
    wave: Float32Array = scipy.fft.irfft(parts, samples)
    wave *= np.float32(1.0 / root_mean_square(wave))
    return wave


def octave_gain(samples: int, knots_db: Float64Array, modes: Modes | None = None) -> Float32Array:
    """(T // 2 + 1,) amplitude response, linear in dB over log frequency between even knots from LOW_HZ to 8 kHz.

    With modes, it is multiplied by the structure's modal gain. Both are evaluated at 2,048 points evenly spaced in log
    frequency (9 within the bandwidth of the sharpest mode used) and looked up: ten times faster than on all bins.
    """
    octaves = np.linspace(np.log2(LOW_HZ / 1000.0), 3.0, _POINTS)
    fine = np.interp(octaves, np.linspace(octaves[0], octaves[-1], len(knots_db)), knots_db)
    table = 10.0 ** (fine / 20.0)
    if modes is not None:
        table *= modal_gain(1000.0 * 2.0**octaves, modes)
    gain: Float32Array = np.take(table.astype(np.float32), _bin_point(samples))
    return gain


def tilt_knots(slope_db_per_octave: float, *, knots: int = 16) -> Float64Array:
    """Knots of a straight tilt, 0 dB at 1 kHz."""
    octaves = np.linspace(np.log2(LOW_HZ / 1000.0), 3.0, knots)
    return np.asarray(slope_db_per_octave * octaves)


def rough_knots(rng: np.random.Generator, depth_db: float, *, knots: int = 16) -> Float64Array:
    """Knots of a random response: independent at half octaves, standard deviation depth_db, mean 0."""
    values = rng.standard_normal(knots) * depth_db
    return np.asarray(values - values.mean())


def band_knots(low_hz: float, high_hz: float, *, skirt_db_per_octave: float = 12.0, knots: int = 32) -> Float64Array:
    """Knots of a band: 0 dB between the two frequencies, falling by the skirt outside."""
    octaves = np.linspace(np.log2(LOW_HZ / 1000.0), 3.0, knots)
    below = np.maximum(np.log2(low_hz / 1000.0) - octaves, 0.0)
    above = np.maximum(octaves - np.log2(high_hz / 1000.0), 0.0)
    return np.asarray(-skirt_db_per_octave * (below + above))
