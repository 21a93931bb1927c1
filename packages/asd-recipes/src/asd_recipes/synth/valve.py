"""Solenoid valve: clicks as the plunger opens and closes in a pattern, air flow between the two.

`pat` is the time pattern of the control signal; the clicks themselves do not depend on it. The intervals are read off
the real clips (a click every 0.46 s with pauses in pattern 01, an irregular one near 2 s in pattern 03). Opening is a
bright click of plunger on stop; closing a duller one of plunger on seat; flow through the open seat is broadband jet
noise.
"""

from __future__ import annotations

import numpy as np

from asd_recipes.dataset.dcase2023_facts import SAMPLE_RATE_HZ
from asd_recipes.synth.condition import Condition, Float32Array, Float64Array, MachineModel, unit_rms
from asd_recipes.synth.impacts import Modes, draw_modes, ring, strikes
from asd_recipes.synth.noise import band_knots, octave_gain, rough_knots, shaped_noise
from asd_recipes.synth.tones import angle, periodic, slow_curve

# (open s, closed s) in turn, repeated over the clip
PATTERNS: dict[str, tuple[tuple[float, float], ...]] = {
    "00": ((0.34, 0.34),),
    "01": ((0.22, 0.24),) * 9 + ((0.22, 1.9),),
    "02": ((0.55, 0.8), (0.25, 0.4)),
    "03": ((0.7, 1.4), (0.7, 0.7), (0.35, 0.9), (0.35, 0.55)),
}
FAULTS = ("leaking_seat", "sticking_plunger", "missed_stroke", "worn_seat_chatter", "dirty_seat", "coil_buzz")


def loudness(c: Condition) -> float:
    return 1.0


def _switching(c: Condition) -> tuple[Float64Array, Float64Array, float]:
    """Seconds at which the plunger opens and closes, and the fraction of strokes that happen.

    The pattern starts anywhere; each edge has 3 ms of jitter.
    """
    pattern = np.array(PATTERNS[c.value("pat")])
    period = float(pattern.sum())
    repeats = int(c.samples / SAMPLE_RATE_HZ / period) + 2
    edges = np.cumsum(np.tile(pattern.reshape(-1), repeats)) - c.rng.random() * period
    opens, closes = edges[1::2][:-1], edges[2::2]
    # friction delays opening by up to a few hundredths of a second, differently each time
    stick = c.degree("sticking_plunger")
    opens = opens + c.rng.normal(0.0, 0.003, len(opens)) + stick * c.rng.uniform(0.01, 0.12, len(opens))
    closes = closes + c.rng.normal(0.0, 0.003, len(closes)) + stick * c.rng.uniform(0.0, 0.06, len(closes))
    missed = c.degree("missed_stroke")
    kept = c.rng.random(len(opens)) >= (0.1 + 0.4 * missed) * (missed > 0.0)
    return opens[kept], closes[kept], float(np.mean(kept))


def render(c: Condition) -> Float32Array:
    """(T,) sound of the valve."""
    unit = c.unit("valve")
    body = draw_modes(unit, count=7, low_hz=700.0, high_hz=7400.0, quality=(12.0, 40.0))
    dirt = c.degree("dirty_seat")
    body = body.shifted(float(np.exp(0.004 * c.rng.standard_normal())))
    seat = draw_modes(unit, count=4, low_hz=300.0, high_hz=3500.0, quality=(6.0, 20.0))
    opens, closes, kept = _switching(c)
    wave = _clicks(c, opens, body, 1.0 - 0.5 * c.degree("sticking_plunger"))
    # dirt on the seat cushions the landing: softer and lower (contact time grows, Goldsmith, Impact)
    closing = _clicks(c, closes, seat.shifted(1.0 - 0.15 * dirt), 0.9 - 0.45 * dirt)
    wave += closing
    # missing strokes also lose their sound, so that the remaining ones are not scaled up
    wave = unit_rms(wave) * np.float32(0.85 * np.sqrt(kept))
    bounce = c.fault_gain("worn_seat_chatter", faint_db=-16.0, strong_db=1.0)
    if bounce > 0.0:
        gaps = np.cumsum(np.array([0.013, 0.010, 0.0075, 0.0055, 0.004]))  # a bouncing body: shrinking gaps
        again = (closes[:, None] + gaps * c.rng.uniform(0.8, 1.25, (len(closes), 1))).reshape(-1)
        wave += np.float32(0.5 * bounce) * unit_rms(_clicks(c, again, seat.shifted(1.4), 1.0))
    wave += _flow(c, unit, opens, closes)
    if c.fault == "coil_buzz":  # a cracked shading ring: the armature buzzes at twice the mains while energised
        mains = angle(c.rng, 100.0, c.samples, wander=0.0003)
        buzz = periodic(mains, np.asarray(np.arange(1, 31) ** -0.4, dtype=np.float64), np.zeros(30))
        gain = c.fault_gain("coil_buzz", faint_db=-20.0, strong_db=-2.0)
        wave += np.float32(gain) * unit_rms(buzz * _open_gate(c, opens, closes))
    return wave


def _clicks(c: Condition, at_s: Float64Array, modes: Modes, strength: float) -> Float32Array:
    level = strength * 10.0 ** (c.rng.normal(0.0, 1.0, len(at_s)) / 20.0)
    return ring(strikes(at_s * SAMPLE_RATE_HZ, level, c.samples), modes)


def _open_gate(c: Condition, opens: Float64Array, closes: Float64Array) -> Float32Array:
    """(T,) 1 while open, 0 while closed, edges of about 8 ms (the plunger's travel)."""
    step = strikes(np.maximum(opens, 0.0) * SAMPLE_RATE_HZ, 1.0, c.samples)
    step -= strikes(np.maximum(closes, 0.0) * SAMPLE_RATE_HZ, 1.0, c.samples)
    gate = np.clip(np.cumsum(step, dtype=np.float64), 0.0, 1.0)
    width = 128
    summed = np.cumsum(np.concatenate([np.zeros(width), gate]))
    smooth: Float32Array = ((summed[width:] - summed[:-width]) / width).astype(np.float32)
    return smooth


def _flow(c: Condition, unit: np.random.Generator, opens: Float64Array, closes: Float64Array) -> Float32Array:
    """Jet noise through the open seat, and through the closed one where it leaks."""
    low_hz = unit.uniform(900.0, 1600.0)
    knots = band_knots(low_hz, 4.0 * low_hz, skirt_db_per_octave=6.0) + rough_knots(c.rng, 1.0, knots=32)
    jet = shaped_noise(c.rng, octave_gain(c.samples, knots), c.samples)
    flow = np.float32(0.3 * 10.0 ** (c.rng.normal(0.0, 1.5) / 20.0)) * jet * _open_gate(c, opens, closes)
    leak = c.fault_gain("leaking_seat", faint_db=-23.0, strong_db=-6.0)
    if leak > 0.0:
        band = band_knots(2500.0, 6500.0, skirt_db_per_octave=9.0)
        hiss = shaped_noise(c.rng, octave_gain(c.samples, band), c.samples)
        hiss *= np.exp(np.float32(0.2) * slow_curve(c.rng, c.samples))
        flow += np.float32(leak) * hiss
    return flow


MODEL = MachineModel(
    machine="valve",
    faults=FAULTS,
    background_db=-46.0,
    snr_db=(-3.0, 0.0),
    render=render,
    loudness=loudness,
)
