"""Toy train on an oval track: it starts, passes the microphone several times, and stops; silence before and after.

`car` is the train (letter: model, digit: specimen), `spd` the controller's step, `mic` the microphone. Wheel and rail
follow Thompson, Railway Noise and Vibration (2009): rolling noise from roughness (Ch. 2), impacts at rail joints and
wheel flats (Ch. 10), squeal in curves (Ch. 9). The faults are those of ToyADMOS (Koizumi et al. 2019: wheel axles,
obstructed rails) and more.
"""

from __future__ import annotations

import numpy as np

from asd_recipes.dataset.dcase2023_facts import SAMPLE_RATE_HZ
from asd_recipes.synth.condition import Condition, Float32Array, Float64Array, MachineModel, root_mean_square, unit_rms
from asd_recipes.synth.impacts import Modes, draw_modes, events_per_turn, modal_gain, ring, strikes
from asd_recipes.synth.noise import octave_gain, rough_knots, shaped_noise, tilt_knots
from asd_recipes.synth.tones import angle, falling, harmonic_count, periodic, slow_curve, swing
from asd_recipes.synth.toy_car import running

START_S, STOP_S = 1.5, 10.6
RUN_UP_S = 0.7
PASS_S = 6.0  # the recordings are triggered: the loudest pass lies at 6 s in the real clips
TURNS_PER_STEP_S = 14.0  # motor rate per controller step
WHEEL_PER_MOTOR = 1.0 / 9.0
JOINTS_PER_TURN = 0.11  # rail joints met per turn of a wheel (a 28 mm wheel on 0.8 m of rail)

FAULTS = ("flat_wheel", "broken_axle", "chipped_gear", "dirty_rail", "loose_coupling", "curve_squeal")


def loudness(c: Condition) -> float:
    """RMS over the whole clip; controller step 8 is the reference."""
    return float((float(c.value("spd")) / 8.0) ** 0.9)


def render(c: Condition) -> Float32Array:
    """(T,) sound of the train over the clip."""
    car = c.value("car")
    model, specimen = c.unit("model", car[0]), c.unit("specimen", car)
    modes = draw_modes(model, count=7, low_hz=450.0, high_hz=6800.0, quality=(6.0, 24.0))
    modes = modes.shifted(float(np.exp(0.01 * specimen.standard_normal())))
    motor_hz = float(c.value("spd")) * TURNS_PER_STEP_S * specimen.uniform(0.96, 1.04)
    motor_hz *= 1.0 + 0.008 * c.rng.standard_normal()
    speed = running(c.samples, START_S + c.rng.normal(0.0, 0.15), STOP_S + c.rng.normal(0.0, 0.2), RUN_UP_S)
    motor = angle(c.rng, motor_hz * speed, c.samples, wander=0.006)
    wheel = motor * WHEEL_PER_MOTOR
    near = _passing(c)
    noise = shaped_noise(c.rng, octave_gain(c.samples, tilt_knots(-1.5) + rough_knots(c.rng, 1.0), modes), c.samples)
    shake = 0.1 + 0.5 * c.degree("broken_axle")  # a cracked axle lets the wheels wobble: everything swells once a turn
    wave = noise + np.float32(0.6) * _drive(c, specimen, motor, motor_hz, modes)
    wave *= np.float32(1.0) + np.float32(shake) * swing(wheel)
    wave += np.float32(0.5) * _joints(c, wheel, modes)
    wave = unit_rms(wave) + _damage(c, motor, wheel, modes)
    wave *= speed
    wave *= near
    wave *= np.float32(loudness(c) / root_mean_square(near * speed))
    return wave


def _passing(c: Condition) -> Float32Array:
    """(T,) gain from the distance to the microphone: 1 / distance, over several laps, nearest at PASS_S."""
    time = np.arange(c.samples, dtype=np.float32) / np.float32(SAMPLE_RATE_HZ)
    lap_s = 3.0 * 8.0 / float(c.value("spd"))
    at = PASS_S + float(c.rng.normal(0.0, 0.15))
    phase = (time - np.float32(at)) / np.float32(lap_s)
    # half an oval's width of 0.35 m from the nearest rail, 0.9 m across: distance varies as on a circle
    across = np.float32(0.45) * (np.float32(1.0) - np.cos(np.float32(2.0 * np.pi) * phase))
    squared = np.float32(0.35**2) + across
    gain: Float32Array = np.float32(0.35) / np.sqrt(squared)
    return gain


def _drive(c: Condition, specimen: np.random.Generator, motor: Float64Array, hz: float, modes: Modes) -> Float32Array:
    """Worm and gear: motor harmonics with a strong worm-mesh line."""
    orders = np.arange(1, 61)
    gain = falling(60, slope_db_per_octave=-3.5) * 10.0 ** (specimen.normal(0.0, 4.0, 60) / 20.0)
    gain *= 10.0 ** (c.rng.normal(0.0, 1.0, 60) / 20.0)
    count = min(60, harmonic_count(hz))
    gain = gain[:count] * modal_gain(hz * orders[:count], modes)
    return unit_rms(periodic(motor, gain, specimen.uniform(0.0, 6.28, 60)[:count]))


def _joints(c: Condition, wheel: Float64Array, modes: Modes) -> Float32Array:
    """The two axles of a bogie strike each joint one after the other."""
    first, where = events_per_turn(c.rng, wheel, per_turn=JOINTS_PER_TURN, slip=0.01)
    second = np.searchsorted(wheel, where + 0.6).astype(np.float64)
    at = np.concatenate([first, second])
    return unit_rms(ring(strikes(at, c.rng.uniform(0.6, 1.0, len(at)), c.samples), modes.shifted(0.9)))


_DAMAGE_DB = {  # level of the damage's sound relative to the train's, at severity 0 and 1
    "broken_axle": (-22.0, -7.0),
    "flat_wheel": (-18.0, -1.0),
    "chipped_gear": (-20.0, -3.0),
    "dirty_rail": (-18.0, -1.0),
    "loose_coupling": (-20.0, -3.0),
    "curve_squeal": (-24.0, -5.0),
}


def _damage(c: Condition, motor: Float64Array, wheel: Float64Array, modes: Modes) -> Float32Array | np.float32:
    """Sounds that only the damaged train or track makes."""
    if c.fault is None:
        return np.float32(0.0)
    faint_db, strong_db = _DAMAGE_DB[c.fault]
    gain = np.float32(c.fault_gain(c.fault, faint_db=faint_db, strong_db=strong_db))
    return gain * unit_rms(_squeal(c) if c.fault == "curve_squeal" else _knocks(c, motor, wheel, modes))


def _knocks(c: Condition, motor: Float64Array, wheel: Float64Array, modes: Modes) -> Float32Array:
    """Where the damage strikes, and what rings."""
    if c.fault == "broken_axle":  # the halves of the axle knock together
        at, _ = events_per_turn(c.rng, wheel, per_turn=2.0, slip=0.2)
        modes = draw_modes(c.unit("axle"), count=3, low_hz=3000.0, high_hz=7200.0)
    elif c.fault == "flat_wheel":
        at, _ = events_per_turn(c.rng, wheel, per_turn=1.0, slip=0.003)
    elif c.fault == "chipped_gear":
        at, _ = events_per_turn(c.rng, motor, per_turn=1.0, slip=0.003)
        modes = modes.shifted(1.25)  # the gear sits in the body, not on the rail
    elif c.fault == "dirty_rail":
        at = np.sort(c.rng.uniform(0, c.samples, 400))
        at = at[c.rng.random(400) < 0.6]
        modes = draw_modes(c.unit("grit"), count=4, low_hz=2000.0, high_hz=7200.0, quality=(2.0, 8.0))
    else:
        assert c.fault == "loose_coupling", c.fault
        at, _ = events_per_turn(c.rng, wheel, per_turn=0.45, slip=0.4)
        modes = draw_modes(c.unit("coupling"), count=4, low_hz=600.0, high_hz=4000.0)
    return ring(strikes(at, c.rng.uniform(0.4, 1.0, len(at)), c.samples), modes)


def _squeal(c: Condition) -> Float32Array:
    hz = c.unit("squeal", c.value("car")).uniform(1800.0, 4200.0) * (1.0 + 0.01 * c.rng.standard_normal())
    tone = periodic(angle(c.rng, hz, c.samples, wander=0.004), np.array([1.0, 0.3]), np.zeros(2))
    wave: Float32Array = tone * np.exp(np.float32(0.8) * slow_curve(c.rng, c.samples))
    return wave


MODEL = MachineModel(
    machine="ToyTrain",
    faults=FAULTS,
    background_db=-56.0,
    snr_db=(11.0, 14.0),
    render=render,
    loudness=loudness,
    microphone_item="mic",
    session_depth_db=0.7,
)
