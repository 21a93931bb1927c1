"""The background of a recording: a noise bed, other machines' hum, clanks and bursts of air.

In MIMII DG's clips real factory noise is mixed with the machine's sound (Dohi et al. 2022). The spectrum of the noise
bed belongs to a recording session, that is, to one combination of attribute values: each was recorded on a different
day, which is a good part of "domain shift" in practice. The background does not depend on the machine's fault.
"""

from __future__ import annotations

import numpy as np

from asd_recipes.dataset.dcase2023_facts import SAMPLE_RATE_HZ
from asd_recipes.synth.condition import Condition, Float32Array, seconds
from asd_recipes.synth.impacts import Modes, ring, strikes
from asd_recipes.synth.noise import band_knots, octave_gain, rough_knots, shaped_noise, tilt_knots
from asd_recipes.synth.tones import angle, falling, harmonics, slow_curve

BED_SLOPE_DB = (-4.5, -3.5)  # per octave, amplitude spectrum: the real clips fall by 2 to 6 dB from octave to octave
CLANKS_PER_S = 0.04  # four in ten clips
BURST_PROBABILITY = 0.08  # compressed air, passing carts


def background(c: Condition, *, session_depth_db: float, busy: bool) -> Float32Array:
    """(T,) background of RMS about 1; busy: a hall with other machines' hum, clanks and bursts, else a quiet room."""
    session = c.unit("session", *(value for _, value in c.attributes))
    bed = _bed(c, session, session_depth_db)
    hum_level, hum = _hum(c, session)
    bed += np.float32(hum_level * (1.0 if busy else 0.3)) * hum
    if busy:
        _add_clanks(c, bed)
        _add_burst(c, bed)
    return bed


def _bed(c: Condition, session: np.random.Generator, depth_db: float) -> Float32Array:
    knots = tilt_knots(session.uniform(*BED_SLOPE_DB)) + rough_knots(session, depth_db) + rough_knots(c.rng, 0.7)
    bed = shaped_noise(c.rng, octave_gain(c.samples, knots), c.samples)
    bed *= np.exp(np.float32(0.12) * slow_curve(c.rng, c.samples))  # about 1 dB of slow swell
    return bed


def _hum(c: Condition, session: np.random.Generator) -> tuple[float, Float32Array]:
    """Another machine nearby: harmonics whose pitch and colour belong to the session, whose level to the clip."""
    rate_hz = session.uniform(25.0, 120.0)
    gain = falling(40, slope_db_per_octave=session.uniform(-7.0, -3.0)) * 10.0 ** (session.normal(0.0, 5.0, 40) / 20.0)
    level_db = session.uniform(-12.0, -6.0) + c.rng.normal(0.0, 1.5)
    turns = angle(c.rng, rate_hz * (1.0 + 0.01 * c.rng.standard_normal()), c.samples, wander=0.003)
    gain /= np.sqrt(0.5 * np.sum(np.square(gain)))
    return float(10.0 ** (level_db / 20.0)), harmonics(turns, rate_hz, gain, session)


def _add_clanks(c: Condition, bed: Float32Array) -> None:
    count = int(c.rng.poisson(CLANKS_PER_S * c.samples / SAMPLE_RATE_HZ))
    if count == 0:
        return
    modes = Modes(np.exp(c.rng.uniform(np.log(400.0), np.log(5000.0), 4)), c.rng.uniform(10.0, 60.0, 4), np.ones(4))
    strength = 10.0 ** (c.rng.uniform(-6.0, 9.0, count) / 20.0)
    bed += ring(strikes(c.rng.uniform(0, c.samples, count), strength, c.samples), modes)


def _add_burst(c: Condition, bed: Float32Array) -> None:
    if c.rng.random() >= BURST_PROBABILITY:
        return
    length = seconds(c.rng.uniform(0.2, 1.2))
    start = int(c.rng.integers(0, c.samples - length))
    low_hz = c.rng.uniform(300.0, 1500.0)
    noise = shaped_noise(c.rng, octave_gain(length, band_knots(low_hz, 4.0 * low_hz)), length)
    window = np.sin(np.pi * (np.arange(length, dtype=np.float32) + 0.5) / np.float32(length))
    bed[start : start + length] += np.float32(10.0 ** (c.rng.uniform(-6.0, 3.0) / 20.0)) * window * noise
