"""High-passed power of a recording of any length, part by part, in bounded memory.

The filter runs forward and backward over the whole clip, in float64: 8 bytes a sample. Its output at a moment depends
only on the samples around it, because its response decays with its largest pole. So a part with enough of the recording
on both sides gives the same power, to rounding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

import asd_native
from asd_features.segmentation import SegmentSettings

# Clips of up to this many samples are filtered as a whole: 4 minutes at 16 kHz.
_WHOLE_SAMPLES = 1 << 22
# The rest of the response at the end of the margin, far below the rounding of float64.
_LEFT_OF_RESPONSE = 1e-24


def high_passed_power(
    wave: NDArray[Any], sos: NDArray[np.float64], settings: SegmentSettings, *, bins: int
) -> NDArray[np.float64]:
    """Mean square of the filtered clip in each time bin of each segment.

    Args:
        wave: (T,) int16 (scaled by 1/32768) or float32.
        sos: the filter, second-order sections.
        settings: how the clip is cut.
        bins: parts of a segment.

    Returns:
        (S, bins) float64. Clips of up to 4 million samples are filtered in one pass, longer ones in parts.
    """

    def power(part: NDArray[Any]) -> NDArray[np.float64]:
        return asd_native.high_passed_power(
            part, sos, bins=bins, segment_samples=settings.length_samples, hop_samples=settings.hop_samples
        )

    if len(wave) <= _WHOLE_SAMPLES:
        return power(wave)
    return np.concatenate([power(wave[begin:end])[rows] for begin, end, rows in _parts(len(wave), sos, settings)])


def _parts(samples: int, sos: NDArray[np.float64], settings: SegmentSettings) -> Iterator[tuple[int, int, slice]]:
    """Where to cut, and which segments of a part are not margin; every part begins on the segments' grid."""
    hop, length = settings.hop_samples, settings.length_samples
    before = math.ceil(margin_samples(sos) / hop)  # segments
    together = max(1, _WHOLE_SAMPLES // hop)
    count = settings.count(samples)
    for first in range(0, count, together):
        start = max(0, first - before)
        last = min(first + together, count)
        end = samples if last == count else min(samples, (last - 1 + before) * hop + length)
        yield start * hop, end, slice(first - start, last - start)


def margin_samples(sos: NDArray[np.float64]) -> int:
    """What is further away than so many samples does not change the filter's output (.., 6) beyond rounding."""
    radius = max(float(np.abs(np.roots(section[3:])).max(initial=0.0)) for section in sos)
    return math.ceil(math.log(_LEFT_OF_RESPONSE) / math.log(radius)) if radius > 0 else 0
