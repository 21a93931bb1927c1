"""Industrial fan: blade-pass tone and harmonics over broadband flow noise and motor hum.

The blade-pass frequency is blades times shaft rate; flow noise is a broad hump that falls with frequency (Neise 1992,
Review of fan noise generation mechanisms; Blake, Mechanics of Flow-Induced Sound and Vibration). `m-n` is the kind of
noise that was mixed in: it selects the background's session, and so its spectrum, hum and lines; the fan itself does
not depend on it.
"""

from __future__ import annotations

import numpy as np

from asd_recipes.synth.condition import Condition, Float32Array, Float64Array, MachineModel, unit_rms
from asd_recipes.synth.impacts import draw_modes, events_per_turn, ring, strikes
from asd_recipes.synth.noise import band_knots, octave_gain, rough_knots, shaped_noise
from asd_recipes.synth.tones import angle, falling, harmonics, periodic, slow_curve, swing

BLADES = 7
SHAFT_HZ = 24.0  # a four-pole motor at 50 Hz with slip: 1,440 revolutions a minute
MAINS_HUM_HZ = 100.0  # twice the mains: magnetostriction

FAULTS = ("bent_blade", "imbalance", "rubbing", "clogged_inlet", "loose_mount", "winding_hum")


def loudness(c: Condition) -> float:
    return 1.0


def render(c: Condition) -> Float32Array:
    """(T,) sound of the fan."""
    unit = c.unit("fan")
    shaft_hz = SHAFT_HZ * unit.uniform(0.9, 1.1) * (1.0 + 0.012 * c.rng.standard_normal())
    turns = angle(c.rng, shaft_hz, c.samples, wander=0.003)
    wave = np.float32(0.6) * _blades(c, unit, turns, shaft_hz) + np.float32(0.72) * _flow(c, unit, turns)
    wave += np.float32(0.35) * _motor(c, unit)
    wave = unit_rms(wave)
    wave += _rub(c, unit, turns)
    wave += _rattle(c, unit, turns)
    return wave


def _blades(c: Condition, unit: np.random.Generator, turns: Float64Array, shaft_hz: float) -> Float32Array:
    """Lines at all shaft orders; multiples of the blade count stand out because the blades are nearly equal."""
    orders = np.arange(1, 181)
    blade_order = orders / BLADES
    gain = falling(180, slope_db_per_octave=-7.0) * 10.0 ** (unit.normal(0.0, 3.0, 180) / 20.0)
    gain *= 10.0 ** (c.rng.normal(0.0, 1.5, 180) / 20.0)
    is_blade = orders % BLADES == 0
    # unequal blades put energy between the multiples (Neise 1992): -22 dB as built, up to 14 dB more when bent
    between_db = -22.0 + 14.0 * c.degree("bent_blade")
    gain *= np.where(is_blade, 1.0, 10.0 ** (between_db / 20.0) * np.sqrt(np.maximum(blade_order, 0.2)))
    gain[0] *= 10.0 ** ((4.0 + 13.0 * c.degree("imbalance")) / 20.0)  # imbalance acts once per turn
    gain[1] *= 10.0 ** (9.0 * c.degree("imbalance") / 20.0)
    return unit_rms(harmonics(turns, shaft_hz, gain, unit))


def _flow(c: Condition, unit: np.random.Generator, turns: Float64Array) -> Float32Array:
    """Turbulence: a hump from 150 to 700 Hz; a clogged inlet stalls the blades, which moves and modulates it."""
    stall = c.degree("clogged_inlet")
    rough = rough_knots(unit, 2.0, knots=32) + rough_knots(c.rng, 1.0, knots=32)
    knots = band_knots(150.0 * (1.0 - 0.3 * stall), 700.0 * (1.0 + 0.4 * stall), skirt_db_per_octave=4.5) + rough
    flow = shaped_noise(c.rng, octave_gain(c.samples, knots), c.samples)
    flow *= np.exp(np.float32(0.1) * slow_curve(c.rng, c.samples))
    # rotating stall cells turn at 0.3 to 0.7 of the shaft rate (Day 2016): a slow beat of the flow noise
    cells = swing(turns, order=0.45)
    flow *= np.float32(1.0) + np.float32(0.45 * stall) * cells
    return flow


def _motor(c: Condition, unit: np.random.Generator) -> Float32Array:
    hum = angle(c.rng, MAINS_HUM_HZ, c.samples, wander=0.0003)
    gain = falling(30, slope_db_per_octave=-6.0) * 10.0 ** (unit.normal(0.0, 3.0, 30) / 20.0)
    gain[4:] *= 10.0 ** (14.0 * c.degree("winding_hum") / 20.0)  # loose laminations buzz at high multiples
    gain[:4] *= 10.0 ** (4.0 * c.degree("winding_hum") / 20.0)
    return harmonics(hum, MAINS_HUM_HZ, gain, unit)


def _rub(c: Condition, unit: np.random.Generator, turns: Float64Array) -> Float32Array | np.float32:
    """A blade tip scrapes the housing over a part of each turn: noise gated at the shaft rate."""
    gain = c.fault_gain("rubbing", faint_db=-24.0, strong_db=-7.0)
    if gain == 0.0:
        return np.float32(0.0)
    width = c.rng.uniform(0.08, 0.25)  # of a turn
    gate = np.exp((swing(turns) - np.float32(1.0)) * np.float32(4.0 / (2.0 * np.pi * width) ** 2))
    scrape = shaped_noise(c.rng, octave_gain(c.samples, band_knots(900.0, 4500.0)), c.samples)
    return np.float32(gain) * unit_rms(scrape * gate)


def _rattle(c: Condition, unit: np.random.Generator, turns: Float64Array) -> Float32Array | np.float32:
    """A loose foot lifts and lands: impacts about every second turn (a subharmonic), some left out."""
    gain = c.fault_gain("loose_mount", faint_db=-24.0, strong_db=-7.0)
    if gain == 0.0:
        return np.float32(0.0)
    at, _ = events_per_turn(c.rng, turns, per_turn=0.5, slip=0.06)
    strength = (c.rng.random(len(at)) < 0.85) * c.rng.uniform(0.4, 1.0, len(at))
    modes = draw_modes(c.unit("foot"), count=3, low_hz=250.0, high_hz=3500.0, quality=(5.0, 20.0))
    beat = periodic(turns, np.array([0.3]), np.array([0.0])) + np.float32(1.0)
    return np.float32(gain) * unit_rms(ring(strikes(at, strength, c.samples), modes) * beat)


MODEL = MachineModel(
    machine="fan",
    faults=FAULTS,
    background_db=-42.0,
    snr_db=(1.0, 4.0),
    render=render,
    loudness=loudness,
    session_depth_db=2.0,
)
