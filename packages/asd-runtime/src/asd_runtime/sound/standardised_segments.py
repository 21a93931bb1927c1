"""Removes a clip's level, by the same rule for training crops and scored segments."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asd_features import SegmentSettings, WaveformStatistics, segments, waveform_statistics
from asd_runtime.sound.samples import Samples

Standardise = Literal["machine", "clip", "segment"]
"""Whose mean and deviation is taken away."""
LEAST_STD = float(np.finfo(np.float32).tiny)
"""Standard deviation used for a silent clip, which stays silent."""


def level_of(wave: Samples, by: Literal["machine", "clip"], machine: WaveformStatistics) -> WaveformStatistics:
    """Mean and standard deviation that standardise a clip (T,): its machine's, or its own with a deviation above 0."""
    level = waveform_statistics([wave]) if by == "clip" else machine
    return replace(level, std=max(level.std, LEAST_STD))


def one_segment(wave: Samples, settings: SegmentSettings) -> SegmentSettings:
    """Settings by which a whole clip (T,), however long, is one segment."""
    return replace(settings, length_s=len(wave) / settings.sample_rate_hz, overlap=0.0)


def standardised_segments(
    wave: Samples, settings: SegmentSettings, by: Standardise, machine: WaveformStatistics
) -> Callable[..., NDArray[np.float32]]:
    """`asd_features.segments` for parts of a clip (T,), minus a mean and divided by a standard deviation.

    Args:
        wave: the whole clip.
        settings: length and overlap.
        by: whose mean and deviation to use: "machine" (of its training clips), "clip", or "segment".
        machine: mean and deviation of the machine.
    """
    if by == "segment":
        return partial(segments, settings=settings, per_segment=True)
    level = level_of(wave, by, machine)
    return partial(segments, settings=settings, mean=level.mean, std=level.std)
