"""Tones of rotating parts: an angle that accumulates at a wandering speed, and waves that are periodic in that angle.

Everything that turns with a shaft (harmonics, gear mesh, sidebands) is a function of the shaft's angle. So lines,
sidebands and impacts of one shaft stay locked to each other while the speed wanders (Randall, Vibration-based Condition
Monitoring, 2nd ed. 2021, Ch. 2). Looking up a table of one turn by angle costs the same for 1 harmonic as for 100.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.fft

from asd_recipes.dataset.dcase2023_facts import SAMPLE_RATE_HZ
from asd_recipes.synth.condition import Float32Array, Float64Array

_TABLE = 1 << 15  # nearest entry errs by -60 dB at the 10th harmonic and -40 dB at the 100th: under the noise floor
_KNOT_SAMPLES = 4000  # 0.25 s: speed and gain wander slower than this
TOP_HZ = 7600.0  # harmonics above are left out instead of folding back at 8 kHz


def slow_curve(rng: np.random.Generator, samples: int, *, knot_samples: int = _KNOT_SAMPLES) -> Float32Array:
    """(T,) a random curve of unit variance at its knots, straight between them, correlated over a few knots."""
    knots = -(-samples // knot_samples) + 1
    steps = rng.standard_normal(knots)
    for i in range(1, knots):
        steps[i] = 0.8 * steps[i - 1] + 0.6 * steps[i]
    ramp = np.arange(knot_samples, dtype=np.float32) / np.float32(knot_samples)
    left, rise = steps[:-1].astype(np.float32), np.diff(steps).astype(np.float32)
    curve = left[:, None] + rise[:, None] * ramp[None, :]
    return curve.reshape(-1)[:samples]


def angle(
    rng: np.random.Generator, rate_hz: float | Float32Array, samples: int, *, wander: float = 0.002
) -> Float64Array:
    """(T,) float64 angle in turns of a part at rate_hz, whose speed wanders by the given relative deviation."""
    rate = slow_curve(rng, samples) * np.float32(wander)
    rate += np.float32(1.0)
    rate *= np.asarray(rate_hz, dtype=np.float32) / np.float32(SAMPLE_RATE_HZ)
    turns = np.cumsum(rate, dtype=np.float64)
    turns += rng.random()
    return turns


def periodic(turns: Float64Array, amplitudes: Float64Array, phases: Float64Array) -> Float32Array:
    """(T,) sum over k of amplitudes[k-1] * cos(2 pi k turns + phases[k-1]), harmonics k = 1, 2, ..."""
    spectrum = np.zeros(_TABLE // 2 + 1, dtype=np.complex64)
    spectrum[1 : len(amplitudes) + 1] = amplitudes * np.exp(1j * phases) * (_TABLE / 2)
    table = scipy.fft.irfft(spectrum, _TABLE)
    index = (turns * _TABLE).astype(np.int64)
    index &= _TABLE - 1
    wave: Float32Array = np.take(table, index)
    return wave


@lru_cache(maxsize=1)
def _cosine_table() -> Float32Array:
    return np.cos(2.0 * np.pi * np.arange(_TABLE) / _TABLE).astype(np.float32)


def swing(turns: Float64Array, *, order: float = 1.0, phase_turns: float = 0.0) -> Float32Array:
    """(T,) cos(2 pi (order * turns + phase_turns)): a modulation locked to the shaft."""
    index = (turns * (order * _TABLE)).astype(np.int64)
    index += round(phase_turns * _TABLE)
    index &= _TABLE - 1
    wave: Float32Array = np.take(_cosine_table(), index)
    return wave


def harmonic_count(rate_hz: float, *, top_hz: float = TOP_HZ, most: int = 400) -> int:
    """How many harmonics of rate_hz lie below top_hz (at least one)."""
    return int(max(1, min(most, top_hz // max(rate_hz, 1e-3))))


def harmonics(
    turns: Float64Array,
    rate_hz: float,
    gain: Float64Array,
    unit: np.random.Generator,
) -> Float32Array:
    """Harmonic series whose k-th line has amplitude gain[k-1]; phases belong to the individual machine.

    gain may be longer than the band allows: lines above TOP_HZ are dropped.
    """
    count = min(len(gain), harmonic_count(rate_hz))
    return periodic(turns, gain[:count], unit.uniform(0.0, 2.0 * np.pi, len(gain))[:count])


def falling(count: int, *, slope_db_per_octave: float) -> Float64Array:
    """Amplitudes of harmonics 1..count that change by the slope from octave to octave."""
    order = np.arange(1, count + 1, dtype=np.float64)
    return np.asarray(10.0 ** (slope_db_per_octave * np.log2(order) / 20.0))
