"""Rolling-element bearing on a test shaft: shaft harmonics, rolling noise, and the fault rates of its geometry.

`vel` is the shaft speed in thousands of revolutions per minute (the line spacing of the real clips is vel * 1000 / 60
Hz), `loc` the microphone's place. Fault rates follow Randall and Antoni 2011 (Mech. Syst. Signal Process. 25), names of
damage ISO 15243 (bearing damage and failures).
"""

from __future__ import annotations

import numpy as np

from asd_recipes.synth.condition import Condition, Float32Array, Float64Array, MachineModel, unit_rms
from asd_recipes.synth.impacts import draw_modes, events_per_turn, modal_gain, ring, strikes
from asd_recipes.synth.noise import band_knots, octave_gain, rough_knots, shaped_noise, tilt_knots
from asd_recipes.synth.tones import angle, falling, harmonics, slow_curve, swing

BALLS = 8
BALL_TO_PITCH = 0.24  # ball over pitch diameter of common deep-groove bearings (6204: 7.9 mm / 33.5 mm)
OUTER_RACE = BALLS / 2 * (1 - BALL_TO_PITCH)  # BPFO in events per turn, contact angle 0
INNER_RACE = BALLS / 2 * (1 + BALL_TO_PITCH)  # BPFI
CAGE = (1 - BALL_TO_PITCH) / 2  # FTF, turns of the cage per turn of the shaft
BALL_SPIN = (1 - BALL_TO_PITCH**2) / (2 * BALL_TO_PITCH)  # BSF
SLIP = 0.01  # 1 to 2 percent, Randall and Antoni 2011

FAULTS = ("outer_race_spall", "inner_race_spall", "ball_defect", "cage_wear", "eccentric_shaft", "starved_lubrication")


def loudness(c: Condition) -> float:
    """Rolling noise grows by about 30 log10 of speed in dB, less at the ends; 16 krpm is the reference."""
    return float((float(c.value("vel")) / 16.0) ** 0.75)


def render(c: Condition) -> Float32Array:
    """(T,) sound of the bearing; see the module for the parts."""
    unit = c.unit("bearing")
    modes = draw_modes(unit, count=5, low_hz=350.0, high_hz=6500.0)
    shaft_hz = float(c.value("vel")) * 1000.0 / 60.0 * (1.0 + 0.004 * c.rng.standard_normal())
    turns = angle(c.rng, shaft_hz, c.samples)
    count = 60
    line_db = unit.normal(0.0, 3.5, count) + c.rng.normal(0.0, 1.5, count)
    line_db[0] += 12.0 * c.degree("eccentric_shaft")  # runout: 1x and 2x rise (ISO 13373-3)
    line_db[1] += 15.0 * c.degree("eccentric_shaft")
    gain = falling(count, slope_db_per_octave=-4.0) * 10.0 ** (line_db / 20.0)
    gain *= modal_gain(shaft_hz * np.arange(1, count + 1), modes)
    tones = unit_rms(harmonics(turns, shaft_hz, gain, unit))
    colour = octave_gain(c.samples, tilt_knots(-3.0) + rough_knots(c.rng, 1.0), modes)
    rolling = shaped_noise(c.rng, colour, c.samples)
    cage = swing(turns, order=CAGE)
    depth = 0.1 + 0.8 * c.degree("cage_wear")  # a worn pocket lets the load come and go once per cage turn
    healthy = np.float32(0.75) * tones + np.float32(0.66) * rolling
    healthy *= np.float32(1.0) + np.float32(depth) * cage
    healthy = unit_rms(healthy)
    wave = healthy + _spall(c, turns) + _dry_contact(c)
    wave *= np.float32(loudness(c))
    return wave


def _spall(c: Condition, turns: Float64Array) -> Float32Array | np.float32:
    """Impulses of a local defect, strong in the load zone; those of inner race and balls pass in and out of it."""
    if c.fault == "outer_race_spall":
        at, where = events_per_turn(c.rng, turns, per_turn=OUTER_RACE, slip=SLIP)
        load = np.ones(len(where))
    elif c.fault == "inner_race_spall":
        at, where = events_per_turn(c.rng, turns, per_turn=INNER_RACE, slip=SLIP)
        load = np.maximum(0.15, np.cos(2.0 * np.pi * where)) ** 1.5
    elif c.fault == "ball_defect":
        at, where = events_per_turn(c.rng, turns, per_turn=2.0 * BALL_SPIN, slip=SLIP)
        load = np.maximum(0.1, np.cos(2.0 * np.pi * CAGE * where)) ** 1.5
    else:
        return np.float32(0.0)
    # metal on metal is short: it excites the races and the housing at far higher frequencies than smooth running does,
    # which is why envelope analysis demodulates a high band (Randall and Antoni 2011)
    races = draw_modes(c.unit("races"), count=3, low_hz=1800.0, high_hz=7000.0, quality=(8.0, 25.0))
    strength = load * (1.0 + 0.25 * c.rng.standard_normal(len(at)))
    gain = c.fault_gain(str(c.fault), faint_db=-20.0, strong_db=-2.0)
    return np.float32(gain) * unit_rms(ring(strikes(at, strength, c.samples), races))


def _dry_contact(c: Condition) -> Float32Array | np.float32:
    """Metal touches metal where the film breaks: irregular high-frequency crackle."""
    gain = c.fault_gain("starved_lubrication", faint_db=-21.0, strong_db=-5.0)
    if gain == 0.0:
        return np.float32(0.0)
    noise = shaped_noise(c.rng, octave_gain(c.samples, band_knots(2000.0, 7000.0)), c.samples)
    noise *= np.exp(np.float32(0.9) * slow_curve(c.rng, c.samples, knot_samples=800))
    return np.float32(gain) * unit_rms(noise)


MODEL = MachineModel(
    machine="bearing",
    faults=FAULTS,
    background_db=-47.0,
    snr_db=(3.0, 6.0),
    render=render,
    loudness=loudness,
    microphone_item="loc",
)
