"""Toy car on a roller bench: motor whine, gear noise and wheels; before the start and after the stop only the room.

`car` is one of ten small cars (letter: model, digit: specimen), `spd` the supply voltage, which sets the motor's
speed, `mic` the microphone and its response. The faults are the deliberate ones of ToyADMOS (Koizumi et al. 2019:
shaft, gears, tyres) and three more. The motor's commutation tone is bars times rate times two (Chiasson, Modeling and
High-Performance Control of Electric Machines).
"""

from __future__ import annotations

import numpy as np

from asd_recipes.dataset.dcase2023_facts import SAMPLE_RATE_HZ
from asd_recipes.synth.condition import Condition, Float32Array, Float64Array, MachineModel, seconds, unit_rms
from asd_recipes.synth.impacts import Modes, draw_modes, events_per_turn, modal_gain, ring, strikes
from asd_recipes.synth.noise import octave_gain, rough_knots, shaped_noise, tilt_knots
from asd_recipes.synth.tones import angle, falling, harmonic_count, periodic, slow_curve, swing

START_S, STOP_S = 1.3, 10.2  # read off the real clips
RUN_UP_S = 0.35
COMMUTATOR_BARS = 3
TURNS_PER_VOLT_S = 7.0  # 238 turns a second at 34 V

FAULTS = ("bent_shaft", "chipped_gear", "worn_gear", "deformed_tyre", "sparking_brushes", "loose_body")


def loudness(c: Condition) -> float:
    """RMS over the whole clip, silent ends included; 34 V is the reference."""
    return float((float(c.value("spd").rstrip("V")) / 34.0) ** 1.2) * 0.87


def running(samples: int, start_s: float, stop_s: float, run_up_s: float) -> Float32Array:
    """(T,) relative speed: 0, up along a smooth ramp, 1, down again, 0."""
    time = np.arange(samples, dtype=np.float32) / np.float32(SAMPLE_RATE_HZ)
    up = np.clip((time - np.float32(start_s)) / np.float32(run_up_s), 0.0, 1.0)
    down = np.clip((np.float32(stop_s) - time) / np.float32(1.4 * run_up_s), 0.0, 1.0)
    ramp: Float32Array = np.minimum(up, down)
    return ramp * ramp * (np.float32(3.0) - np.float32(2.0) * ramp)


def render(c: Condition) -> Float32Array:
    """(T,) sound of the car over the clip."""
    car = c.value("car")
    model, specimen = c.unit("model", car[0]), c.unit("specimen", car)
    modes = draw_modes(model, count=6, low_hz=350.0, high_hz=6500.0, quality=(4.0, 14.0))
    modes = modes.shifted(float(np.exp(0.01 * specimen.standard_normal())))
    motor_hz = float(c.value("spd").rstrip("V")) * TURNS_PER_VOLT_S * specimen.uniform(0.95, 1.05)
    motor_hz *= 1.0 + 0.006 * c.rng.standard_normal()
    start, stop = START_S + c.rng.normal(0.0, 0.1), STOP_S + c.rng.normal(0.0, 0.15)
    speed = running(c.samples, start, stop, RUN_UP_S)
    motor = angle(c.rng, motor_hz * speed, c.samples, wander=0.004)
    pinion, crown = int(model.integers(8, 13)), int(model.integers(34, 45))
    axle = motor * (pinion / crown)
    wave = _gears(c, specimen, motor, axle, pinion, motor_hz, modes)
    wave += np.float32(0.45) * _whine(c, specimen, motor, motor_hz, modes)
    wave += np.float32(0.75) * _rolling(c, axle, modes)
    wave = unit_rms(wave) + _damage(c, motor, axle, pinion, modes)
    wave *= speed
    wave *= np.float32(loudness(c) / 0.87)
    return wave


def _gears(
    c: Condition,
    specimen: np.random.Generator,
    motor: Float64Array,
    axle: Float64Array,
    teeth: int,
    hz: float,
    modes: Modes,
) -> Float32Array:
    count = min(8, harmonic_count(teeth * hz))
    ripple_db = specimen.normal(0.0, 2.0, 8) + c.rng.normal(0.0, 1.0, 8)
    gain = falling(8, slope_db_per_octave=-5.0) * 10.0 ** (ripple_db / 20.0)
    gain[1:] *= 10.0 ** (8.0 * c.degree("worn_gear") / 20.0)
    gain = gain[:count] * modal_gain(teeth * hz * np.arange(1, count + 1), modes)
    sway = swing(axle)
    wobble = np.float32(0.02 + 0.12 * c.degree("bent_shaft")) * sway
    tone = unit_rms(periodic(motor * teeth + wobble * teeth / 4.0, gain, specimen.uniform(0.0, 6.28, 8)[:count]))
    depth = 0.15 + 0.75 * c.degree("bent_shaft")  # the bent axle presses the gears together once a turn
    tone *= np.float32(1.0) + np.float32(depth) * sway
    return tone


def _whine(c: Condition, specimen: np.random.Generator, motor: Float64Array, hz: float, modes: Modes) -> Float32Array:
    orders = np.arange(1, 41)
    at_bars = orders % (2 * COMMUTATOR_BARS) == 0
    gain = np.where(at_bars, 1.0, 0.25) / orders**0.7 * 10.0 ** (specimen.normal(0.0, 2.5, 40) / 20.0)
    count = min(40, harmonic_count(hz))
    gain = gain[:count] * modal_gain(hz * orders[:count], modes)
    return unit_rms(periodic(motor, gain, specimen.uniform(0.0, 6.28, 40)[:count]))


def _rolling(c: Condition, axle: Float64Array, modes: Modes) -> Float32Array:
    noise = shaped_noise(c.rng, octave_gain(c.samples, tilt_knots(-2.0) + rough_knots(c.rng, 1.0), modes), c.samples)
    # a tyre that is out of round presses unevenly: noise swells at one and two times the axle rate
    dent = c.degree("deformed_tyre")
    swell = np.float32(0.08 + 0.6 * dent) * swing(axle) + np.float32(0.35 * dent) * swing(axle, order=2.0)
    noise *= np.float32(1.0) + swell
    return noise


def _damage(
    c: Condition, motor: Float64Array, axle: Float64Array, teeth: int, modes: Modes
) -> Float32Array | np.float32:
    """Impacts and crackle that only the damaged car makes."""
    if c.fault == "chipped_gear":
        gain = c.fault_gain("chipped_gear", faint_db=-22.0, strong_db=-4.0)
        at, _ = events_per_turn(c.rng, axle, per_turn=1.0, slip=0.003)
    elif c.fault == "sparking_brushes":
        gain = c.fault_gain("sparking_brushes", faint_db=-20.0, strong_db=-2.0)
        at, _ = events_per_turn(c.rng, motor, per_turn=float(2 * COMMUTATOR_BARS), slip=0.05)
        at = at[c.rng.random(len(at)) < 0.35]
        modes = draw_modes(c.unit("brushes"), count=4, low_hz=2500.0, high_hz=7000.0, quality=(2.0, 6.0))
    elif c.fault == "loose_body":
        gain = c.fault_gain("loose_body", faint_db=-20.0, strong_db=-3.0)
        at, _ = events_per_turn(c.rng, axle, per_turn=0.7, slip=0.35)
        modes = modes.shifted(0.6)
    elif c.fault == "worn_gear":
        gain = c.fault_gain("worn_gear", faint_db=-22.0, strong_db=-4.0)
        at, _ = events_per_turn(c.rng, motor, per_turn=float(teeth), slip=0.15)
    else:
        return np.float32(0.0)
    wave = ring(strikes(at, c.rng.uniform(0.4, 1.0, len(at)), c.samples), modes)
    wave *= np.exp(np.float32(0.2) * slow_curve(c.rng, c.samples, knot_samples=seconds(0.2)))
    return np.float32(gain) * unit_rms(wave)


MODEL = MachineModel(
    machine="ToyCar",
    faults=FAULTS,
    background_db=-46.0,
    snr_db=(12.0, 15.0),
    render=render,
    loudness=loudness,
    microphone_item="mic",
    session_depth_db=0.7,
)
