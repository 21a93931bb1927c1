"""Linear slider on a rail: strokes back and forth with a speed profile; rolling and friction noise follow the speed.

`vel` is the speed limit in mm/s, `ac` the acceleration in g, and the stroke is 0.49 m. Where the table lists `vel` and
`ac` in pairs, vel^2 / ac is that length, so the speed profile is a triangle; at 0.30 g it is a trapezoid. Balls that
pass in and out of the load zone sound at speed over ball pitch (Ohta 1999, Sound of linear-guideway type recirculating
linear ball bearings, J. Tribol. 121). Friction noise grows with the square of speed. Stick-slip follows Akay 2002
(Acoustics of friction).
"""

from __future__ import annotations

import numpy as np

from asd_recipes.dataset.dcase2023_facts import SAMPLE_RATE_HZ
from asd_recipes.synth.condition import Condition, Float32Array, Float64Array, MachineModel, unit_rms
from asd_recipes.synth.impacts import draw_modes, ring, strikes
from asd_recipes.synth.noise import band_knots, octave_gain, rough_knots, shaped_noise, tilt_knots
from asd_recipes.synth.tones import falling, periodic, slow_curve, swing

STROKE_M = 0.49
GRAVITY = 9.81
DWELL_S = 0.12  # pause at each end, seen between the strokes of the real clips
BALL_PITCH_M = 0.0052  # 3/16 inch balls with spacers
DRIVE_PERIODS_PER_M = 2200.0  # drive and commutation tone: about 1.6 kHz at 0.73 m/s

FAULTS = ("dry_rail", "rail_dent", "loose_end_stop", "worn_ball", "stick_slip", "dragging_cover")


def stroke_times(vel_m_s: float, acceleration: float) -> tuple[float, float, float]:
    """Seconds of acceleration and of constant speed, and the peak speed reached, for one stroke."""
    peak = min(vel_m_s, np.sqrt(acceleration * STROKE_M))
    ramp_s = peak / acceleration
    return ramp_s, max(0.0, STROKE_M / peak - ramp_s), peak


def loudness(c: Condition) -> float:
    """With speed to the power 0.8; 0.6 m/s is the reference."""
    return float((float(c.value("vel")) / 600.0) ** 0.8)


def _profile(c: Condition) -> tuple[Float32Array, Float64Array]:
    """(T,) speed relative to the stroke's peak, and the stroke ends in seconds."""
    vel = float(c.value("vel")) / 1000.0 * (1.0 + 0.01 * c.rng.standard_normal())
    ramp_s, cruise_s, _ = stroke_times(vel, float(c.value("ac")) * GRAVITY)
    clip_s = c.samples / SAMPLE_RATE_HZ
    period = 2.0 * ramp_s + cruise_s + DWELL_S
    count = int(clip_s / period) + 3
    starts = -c.rng.random() * period + period * np.arange(count) + c.rng.normal(0.0, 0.008, count)
    times = starts[:, None] + np.array([0.0, ramp_s, ramp_s + max(cruise_s, 1e-6), period - DWELL_S])
    speed = np.tile(np.array([0.0, 1.0, 1.0, 0.0]), count)
    # linear between points of a 2 ms grid: cheap, and corners are exact to 2 ms
    grid = np.arange(0, c.samples + 32, 32) / SAMPLE_RATE_HZ
    coarse = np.interp(grid, times.reshape(-1), speed)
    ramp = np.arange(32) / 32.0
    fine = (coarse[:-1, None] + np.diff(coarse)[:, None] * ramp).reshape(-1)[: c.samples]
    return fine.astype(np.float32), np.stack([times[:, 0], times[:, 3]], axis=1)


def render(c: Condition) -> Float32Array:
    """(T,) sound of the slider."""
    unit = c.unit("slider")
    modes = draw_modes(unit, count=6, low_hz=250.0, high_hz=6800.0)
    speed, strokes = _profile(c)
    _, _, peak = stroke_times(float(c.value("vel")) / 1000.0, float(c.value("ac")) * GRAVITY)
    distance = np.cumsum(speed, dtype=np.float64) * (peak / SAMPLE_RATE_HZ)
    low = shaped_noise(c.rng, octave_gain(c.samples, tilt_knots(-4.0) + rough_knots(c.rng, 1.0), modes), c.samples)
    high = shaped_noise(c.rng, octave_gain(c.samples, band_knots(1500.0, 7000.0), modes), c.samples)
    dry = c.degree("dry_rail")  # friction is louder and irregular
    rolling = np.float32(0.9) * low * speed + np.float32(0.35 + 0.6 * dry * peak**0.5) * high * speed**2
    rolling *= np.float32(1.0) + np.float32(0.5 * dry) * slow_curve(c.rng, c.samples, knot_samples=320)
    tones = _tones(c, unit, distance, peak) * speed
    wave = unit_rms(unit_rms(rolling) + np.float32(0.5) * unit_rms(tones) + np.float32(0.45) * _ends(c, strokes))
    wave += _defect(c, unit, distance, speed, strokes, peak)
    wave *= np.float32(loudness(c))
    return wave


def _tones(c: Condition, unit: np.random.Generator, distance: Float64Array, peak: float) -> Float32Array:
    """Ball passage and drive tones: pitch follows the speed, so their lines rise and fall with each stroke."""
    gain = falling(24, slope_db_per_octave=-4.0) * 10.0 ** (unit.normal(0.0, 3.0, 24) / 20.0)
    gain *= 10.0 ** (c.rng.normal(0.0, 1.0, 24) / 20.0)
    gain[1::2] *= 10.0 ** (6.0 * c.degree("worn_ball") / 20.0)
    balls = periodic(distance / BALL_PITCH_M, gain, unit.uniform(0.0, 6.28, 24))
    drive_count = int(max(1, min(4, 7600.0 // max(DRIVE_PERIODS_PER_M * peak, 1.0))))
    drive = periodic(
        distance * DRIVE_PERIODS_PER_M, falling(4, slope_db_per_octave=-4.0)[:drive_count], np.zeros(drive_count)
    )
    return unit_rms(balls) + np.float32(0.5) * drive


def _ends(c: Condition, strokes: Float64Array) -> Float32Array:
    """Thumps of the frame as the carriage starts and stops; a loose end stop knocks twice and rings higher."""
    at = strokes.reshape(-1) * SAMPLE_RATE_HZ
    modes = draw_modes(c.unit("frame"), count=4, low_hz=120.0, high_hz=1200.0, quality=(4.0, 10.0))
    return unit_rms(ring(strikes(at, c.rng.uniform(0.5, 1.0, len(at)), c.samples), modes))


def _defect(
    c: Condition,
    unit: np.random.Generator,
    distance: Float64Array,
    speed: Float32Array,
    strokes: Float64Array,
    peak: float,
) -> Float32Array | np.float32:
    """Sounds that only a faulty slider makes."""
    if c.fault == "loose_end_stop":
        gain, wave = c.fault_gain("loose_end_stop", faint_db=-24.0, strong_db=-9.0), _loose_end_stop(c, strokes)
    elif c.fault in ("rail_dent", "worn_ball"):
        gain = c.fault_gain(c.fault, faint_db=-24.0, strong_db=-9.0)
        wave = _spalled_contact(c, unit, distance, speed, peak)
    elif c.fault == "stick_slip":
        gain, wave = c.fault_gain("stick_slip", faint_db=-27.0, strong_db=-12.0), _stick_slip(c, speed)
    elif c.fault == "dragging_cover":
        gain, wave = c.fault_gain("dragging_cover", faint_db=-18.0, strong_db=-5.0), _scrape(c, distance, speed)
    else:
        return np.float32(0.0)
    return np.float32(gain) * unit_rms(wave)


def _loose_end_stop(c: Condition, strokes: Float64Array) -> Float32Array:
    """The stop rattles four times, ever weaker, at the end of each stroke."""
    ends = np.repeat(strokes[:, 1], 4) + np.tile(np.array([0.0, 0.021, 0.037, 0.049]), len(strokes))
    at = (ends + c.rng.normal(0.0, 0.003, len(ends))) * SAMPLE_RATE_HZ
    modes = draw_modes(c.unit("stop"), count=4, low_hz=200.0, high_hz=3500.0, quality=(5.0, 15.0))
    return ring(strikes(at, np.tile([1.0, 0.7, 0.5, 0.35], len(strokes)), c.samples), modes)


def _spalled_contact(
    c: Condition, unit: np.random.Generator, distance: Float64Array, speed: Float32Array, peak: float
) -> Float32Array:
    """Each of the six balls in contact hits a dent once per stroke; a spalled ball strikes all along the rail."""
    path = distance + c.rng.random() * STROKE_M
    spacing = STROKE_M if c.fault == "rail_dent" else BALL_PITCH_M * np.pi / 1.6
    turns = path / spacing
    crossing = np.flatnonzero(np.diff(np.floor(turns)))
    at = crossing.astype(np.float64)
    if c.fault == "rail_dent":
        gap_s = BALL_PITCH_M / np.maximum(speed[crossing] * peak, 0.02)
        at = (at[:, None] + gap_s[:, None] * np.arange(6) * SAMPLE_RATE_HZ).reshape(-1)
    strength = speed[np.minimum(at, c.samples - 1).astype(np.int64)] * c.rng.uniform(0.5, 1.0, len(at))
    modes = draw_modes(unit, count=6, low_hz=700.0, high_hz=6800.0)
    return ring(strikes(at, strength, c.samples), modes)


def _stick_slip(c: Condition, speed: Float32Array) -> Float32Array:
    squeal_hz = c.unit("squeal").uniform(1400.0, 3200.0) * (1.0 + 0.02 * c.rng.standard_normal())
    wobble = np.cumsum(1.0 + 0.03 * slow_curve(c.rng, c.samples, knot_samples=800), dtype=np.float64)
    # friction falls with speed only at low speed: only there does it feed the vibration
    slow = np.exp(-np.square((speed - np.float32(0.3)) / np.float32(0.15)))
    squeal = periodic(wobble * squeal_hz / SAMPLE_RATE_HZ, np.array([1.0, 0.4]), np.zeros(2))
    wave: Float32Array = squeal * slow
    return wave


def _scrape(c: Condition, distance: Float64Array, speed: Float32Array) -> Float32Array:
    """Bellows: nine folds a stroke."""
    band = band_knots(500.0, 2200.0, skirt_db_per_octave=9.0)
    noise = shaped_noise(c.rng, octave_gain(c.samples, band), c.samples)
    folds = np.maximum(np.float32(0.0), swing(distance, order=9.0 / STROKE_M)) ** 2
    wave: Float32Array = noise * folds * np.sqrt(speed)
    return wave


MODEL = MachineModel(
    machine="slider",
    faults=FAULTS,
    background_db=-43.0,
    snr_db=(2.0, 5.0),
    render=render,
    loudness=loudness,
)
