"""Impacts and the structure that they excite: impulse trains, decaying modes, modal gain.

A fault impulse is short compared to a mode's period, so what is heard is the structure's impulse response, repeated at
the fault's rate (McFadden and Smith 1984; Randall and Antoni 2011, Mech. Syst. Signal Process. 25).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft

from asd_recipes.dataset.dcase2023_facts import SAMPLE_RATE_HZ
from asd_recipes.synth.condition import Float32Array, Float64Array

_RING_SAMPLES = 4096


@dataclass(frozen=True)
class Modes:
    """Modes of a casing or a rail: (J,) frequencies in Hz, quality factors, amplitudes."""

    hz: Float64Array
    quality: Float64Array
    amplitude: Float64Array

    def shifted(self, factor: float) -> Modes:
        """The same structure with all frequencies multiplied (a loosened or loaded part)."""
        return Modes(self.hz * factor, self.quality, self.amplitude)


def draw_modes(
    rng: np.random.Generator, *, count: int, low_hz: float, high_hz: float, quality: tuple[float, float] = (8.0, 40.0)
) -> Modes:
    """Random modes, one in each of `count` equal parts of the band on a log scale."""
    edges = np.linspace(np.log(low_hz), np.log(high_hz), count + 1)
    hz = np.exp(rng.uniform(edges[:-1], edges[1:]))
    return Modes(hz, rng.uniform(*quality, count), 10.0 ** (rng.uniform(-9.0, 0.0, count) / 20.0))


def modal_gain(hz: Float64Array | Float32Array, modes: Modes, *, floor: float = 0.25) -> Float64Array:
    """Amplitude response of the structure at hz: a floor plus each mode's resonance curve (peak = amplitude)."""
    f = np.asarray(hz, dtype=np.float64)[..., None]
    ratio = f / modes.hz
    peak = modes.amplitude / np.sqrt(1.0 + np.square(modes.quality * (ratio - 1.0 / np.maximum(ratio, 1e-3))))
    return np.asarray(floor + peak.sum(-1))


def ring(train: Float32Array, modes: Modes) -> Float32Array:
    """(T,) the modes' ringing when struck by the impulse train (T,)."""
    t = np.arange(_RING_SAMPLES) / SAMPLE_RATE_HZ
    decay = np.pi * modes.hz / modes.quality
    response = np.zeros(_RING_SAMPLES)
    for f, d, a in zip(modes.hz, decay, modes.amplitude, strict=True):
        response += a * np.exp(-d * t) * np.sin(2.0 * np.pi * f * t)
    # circular: ringing past the clip's end wraps to its start, which is harmless for a machine that runs continuously
    spectrum = scipy.fft.rfft(train)
    spectrum *= scipy.fft.rfft(response.astype(np.float32), len(train))
    wave: Float32Array = scipy.fft.irfft(spectrum, len(train))
    return wave


def strikes(at_samples: Float64Array, strength: Float64Array | float, samples: int) -> Float32Array:
    """(T,) impulses of the given strengths at the given sample positions; positions outside the clip are ignored."""
    index = np.rint(np.asarray(at_samples)).astype(np.int64)
    weight = np.broadcast_to(np.asarray(strength, dtype=np.float64), index.shape)
    inside = (index >= 0) & (index < samples)
    return np.bincount(index[inside], weights=weight[inside], minlength=samples).astype(np.float32)


def events_per_turn(
    rng: np.random.Generator, turns: Float64Array, *, per_turn: float, slip: float = 0.0, offset: float | None = None
) -> tuple[Float64Array, Float64Array]:
    """Sample positions and shaft angles of events that come per_turn times a turn.

    slip is the relative deviation of each interval: rolling elements slide by about 1 percent, so that the intervals
    are random and the lines smear towards high orders (Randall and Antoni 2011); 0 for parts with teeth.
    """
    first = rng.random() if offset is None else offset
    start, stop = float(turns[0]), float(turns[-1])
    count = max(0, int((stop - start) * per_turn) + 1)
    intervals = np.full(count, 1.0) if slip == 0.0 else 1.0 + slip * rng.standard_normal(count)
    at_turns = start + (np.cumsum(intervals) - 1.0 + first) / per_turn
    at_turns = at_turns[at_turns < stop]
    return np.searchsorted(turns, at_turns).astype(np.float64), at_turns
