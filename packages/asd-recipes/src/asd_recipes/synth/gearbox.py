"""Two-stage gearbox with a direct-current motor that lifts a weight: gear mesh with sidebands, knocks of the hoist.

Gear mesh is teeth times shaft rate; load sets its amplitude, and each wheel's runout modulates it in amplitude and
phase, which makes sidebands spaced by that wheel's rate (Randall 1982, J. Mech. Des. 104; Vibration-based Condition
Monitoring). `volt` sets the speed (an unsaturated motor's speed is nearly proportional to voltage), `wt`
the load in grams.
"""

from __future__ import annotations

import numpy as np

from asd_recipes.synth.condition import Condition, Float32Array, Float64Array, MachineModel, unit_rms
from asd_recipes.synth.impacts import Modes, draw_modes, events_per_turn, modal_gain, ring, strikes
from asd_recipes.synth.noise import band_knots, octave_gain, rough_knots, shaped_noise, tilt_knots
from asd_recipes.synth.tones import angle, falling, harmonic_count, periodic, slow_curve, swing

PINION_TEETH, WHEEL_TEETH = 17, 54  # first stage
PINION2_TEETH, WHEEL2_TEETH = 14, 45  # second stage
TURNS_PER_VOLT_S = 22.0  # motor rate per volt: 33 turns a second at 1.5 V
DROOP_PER_GRAM = 0.0004  # speed falls by 8 percent at 200 g

FAULTS = ("chipped_tooth", "broken_tooth", "worn_teeth", "eccentric_wheel", "misaligned_shaft", "loose_mount")


def loudness(c: Condition) -> float:
    """Louder with speed and load, both mildly; 1.5 V without weight is the reference."""
    volt, weight = float(c.value("volt")), float(c.value("wt"))
    return float((volt / 1.5) ** 0.6 * (1.0 + weight / 600.0))


def render(c: Condition) -> Float32Array:
    """(T,) sound of the gearbox."""
    unit = c.unit("gearbox")
    modes = draw_modes(unit, count=6, low_hz=300.0, high_hz=6500.0)
    weight = float(c.value("wt"))
    motor_hz = float(c.value("volt")) * TURNS_PER_VOLT_S * (1.0 - DROOP_PER_GRAM * weight)
    motor_hz *= 1.0 + 0.008 * c.rng.standard_normal()
    motor = angle(c.rng, motor_hz, c.samples, wander=0.004)
    wheel = motor * (PINION_TEETH / WHEEL_TEETH)
    load = 0.6 + weight / 250.0  # the weight adds to the friction that is always there
    first = _mesh(c, unit, motor, wheel, PINION_TEETH, motor_hz, modes)
    output = wheel * (PINION2_TEETH / WHEEL2_TEETH)
    second = _mesh(c, unit, wheel, output, PINION2_TEETH, motor_hz * PINION_TEETH / WHEEL_TEETH, modes)
    colour = octave_gain(c.samples, tilt_knots(-3.0) + rough_knots(c.rng, 1.0), modes)
    noise = shaped_noise(c.rng, colour, c.samples)
    noise *= np.float32(1.0) + np.float32(0.15) * swing(wheel)
    wave = unit_rms(np.float32(0.6 * load) * first + np.float32(0.5 * load) * second + np.float32(0.7) * noise)
    wave += np.float32(0.18) * _hoist(c, output)
    wave += _tooth(c, motor, wheel, modes)
    wave *= np.float32(loudness(c))
    return wave


def _mesh(
    c: Condition,
    unit: np.random.Generator,
    pinion: Float64Array,
    wheel: Float64Array,
    teeth: int,
    pinion_hz: float,
    modes: Modes,
) -> Float32Array:
    """Mesh tone of one stage with the sidebands of both its wheels."""
    mesh_hz = teeth * pinion_hz
    count = min(20, harmonic_count(mesh_hz))
    ripple = 10.0 ** ((unit.normal(0.0, 3.0, 20) + c.rng.normal(0.0, 1.2, 20)) / 20.0)
    gain = (falling(20, slope_db_per_octave=-5.0) * ripple)[:count]
    gain *= modal_gain(mesh_hz * np.arange(1, count + 1), modes)
    gain[1:2] *= 10.0 ** (12.0 * c.degree("misaligned_shaft") / 20.0)  # twice mesh rises (Randall 2021)
    gain[2:] *= 10.0 ** (9.0 * c.degree("worn_teeth") / 20.0)  # wear off the pitch line: higher mesh harmonics
    runout = 0.006 + 0.05 * c.degree("eccentric_wheel") + 0.02 * c.degree("misaligned_shaft")
    sway = swing(wheel, phase_turns=-0.25)
    angle_error = np.float32(runout) * sway + np.float32(0.004) * swing(pinion)
    phases = unit.uniform(0.0, 2.0 * np.pi, 20)[:count]
    tone = unit_rms(periodic(pinion * teeth + angle_error * teeth / 4.0, gain, phases))
    depth = 0.12 + 0.7 * c.degree("eccentric_wheel")
    tone *= np.float32(1.0) + np.float32(depth) * sway
    return tone


def _hoist(c: Condition, output: Float64Array) -> Float32Array:
    """The drum's soft knocks, a few per turn of the output shaft, as in the real clips; the same for faulty ones."""
    at, _ = events_per_turn(c.rng, output, per_turn=1.0)
    modes = draw_modes(c.unit("drum"), count=4, low_hz=500.0, high_hz=6000.0, quality=(4.0, 12.0))
    return unit_rms(ring(strikes(at, c.rng.uniform(0.6, 1.0, len(at)), c.samples), modes))


def _tooth(c: Condition, motor: Float64Array, wheel: Float64Array, modes: Modes) -> Float32Array | np.float32:
    """A damaged tooth strikes once a turn of its wheel; a loose mount rattles irregularly with the load's changes."""
    body = draw_modes(c.unit("wheel body"), count=4, low_hz=1200.0, high_hz=7400.0)  # thin wheels ring high when struck
    if c.fault == "chipped_tooth":
        gain = c.fault_gain("chipped_tooth", faint_db=-23.0, strong_db=-6.0)
        at, _ = events_per_turn(c.rng, motor, per_turn=1.0, slip=0.002)
    elif c.fault == "broken_tooth":
        gain = c.fault_gain("broken_tooth", faint_db=-26.0, strong_db=-8.0)
        at, _ = events_per_turn(c.rng, wheel, per_turn=1.0, slip=0.002)
    elif c.fault == "worn_teeth":
        gain = c.fault_gain("worn_teeth", faint_db=-24.0, strong_db=-8.0)
        rough = shaped_noise(c.rng, octave_gain(c.samples, band_knots(1200.0, 6000.0)), c.samples)
        grind = np.abs(swing(motor, order=PINION_TEETH / 2.0))  # sliding is strongest off the pitch point
        return np.float32(gain) * unit_rms(rough * grind)
    elif c.fault == "loose_mount":
        gain = c.fault_gain("loose_mount", faint_db=-18.0, strong_db=0.0)
        at, _ = events_per_turn(c.rng, wheel, per_turn=2.0, slip=0.25)
        body = modes.shifted(0.45)  # the mount gives: the housing rings lower
    else:
        return np.float32(0.0)
    strength = 1.0 + 0.3 * c.rng.standard_normal(len(at))
    wave = ring(strikes(at, strength, c.samples), body)
    wave *= np.exp(np.float32(0.15) * slow_curve(c.rng, c.samples))
    return np.float32(gain) * unit_rms(wave)


MODEL = MachineModel(
    machine="gearbox",
    faults=FAULTS,
    background_db=-38.0,
    snr_db=(3.0, 6.0),
    render=render,
    loudness=loudness,
)
