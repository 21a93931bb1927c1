"""Turns a machine's sound into a 16-bit clip: place, microphone, background at a given ratio, recorder gain.

The clip's level is set last and does not depend on the fault: its RMS is that of the healthy machine in this condition
with the drawn background, times a random recorder gain. So a fault that adds sound does not make the clip louder, and
a fault that removes sound does not make it quieter.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from asd_recipes.synth.condition import Condition, Float32Array, MachineModel, root_mean_square
from asd_recipes.synth.factory import background
from asd_recipes.synth.noise import octave_gain, rough_knots, tilt_knots

RECORDER_GAIN_DB = (-0.75, 0.75)  # uniform: setting and microphone distance from clip to clip
MICROPHONE_DEPTH_DB = 2.0  # standard deviation between microphones or places, per half octave
PLACEMENT_DEPTH_DB = 0.5  # the same for one place from clip to clip
PLACEMENT_TILT_DB = 0.3  # standard deviation of the tilt per octave from clip to clip (angle to the microphone)


def record(model: MachineModel, c: Condition) -> NDArray[np.int16]:
    """(T,) int16 clip of the model's machine in condition c."""
    snr = 10.0 ** (c.rng.uniform(*model.snr_db) / 20.0)
    gain_db = c.rng.uniform(*RECORDER_GAIN_DB)
    wave = model.render(c)
    wave *= np.float32(snr)
    wave += background(c, session_depth_db=model.session_depth_db, busy=not c.machine.startswith("Toy"))
    wave = _through_microphone(wave, model, c)
    healthy_rms = np.sqrt(1.0 + (snr * model.loudness(c)) ** 2)
    rms = 10.0 ** ((model.background_db + gain_db) / 20.0) * healthy_rms
    wave *= np.float32(rms * 32768.0 / root_mean_square(wave))
    return np.clip(np.rint(wave), -32768, 32767).astype(np.int16)


def _through_microphone(wave: Float32Array, model: MachineModel, c: Condition) -> Float32Array:
    knots = rough_knots(c.rng, PLACEMENT_DEPTH_DB) + tilt_knots(PLACEMENT_TILT_DB * c.rng.standard_normal())
    if model.microphone_item is not None:
        knots = knots + rough_knots(c.unit("microphone", c.value(model.microphone_item)), MICROPHONE_DEPTH_DB)
    spectrum = scipy.fft.rfft(wave)
    spectrum *= octave_gain(c.samples, knots)
    heard: Float32Array = scipy.fft.irfft(spectrum, c.samples)
    return heard
