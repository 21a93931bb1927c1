"""Cuts a recording into standardised segments, so many at a time that memory does not depend on its length."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from asd_features import SegmentSettings, WaveformStatistics
from asd_runtime.errors import UnscorableError
from asd_runtime.sound.samples import Samples
from asd_runtime.sound.standardised_segments import Standardise, standardised_segments

_SAMPLES_AT_ONCE = 1 << 21
"""Total length of the segments that go through the network together: 65 of 2 s or 26 of 5 s, more than a DCASE clip or
a piece of one's own recordings has. Their spectrograms take about 200 MB."""


def segment_batches(
    wave: Samples, settings: SegmentSettings, by: Standardise, machine: WaveformStatistics
) -> Iterator[NDArray[np.float32]]:
    """The standardised segments of a recording (T,), in order, (S, L) at a time.

    Arguments as of `standardised_segments`.

    Raises:
        UnscorableError: a standardised sample exceeds the range of float32.
    """
    cut = standardised_segments(wave, settings, by, machine)
    length, starts = settings.length_samples, settings.starts(len(wave))
    at_once = max(1, _SAMPLES_AT_ONCE // length)
    for first in range(0, len(starts), at_once):
        together = starts[first : first + at_once]
        standardised = cut(wave[together[0] : together[-1] + length])
        if not np.isfinite(standardised).all():
            raise UnscorableError(
                "a standardised sample exceeds the range of float32: the recording's scale is far from that of the "
                "training recordings. Leave it out, or repair its samples."
            )
        yield standardised
