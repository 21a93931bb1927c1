"""High-passed power of a recording of any length, a part after the other, in bounded memory.

The filter runs forward and backward over the whole clip, in float64: 8 bytes a sample. But what it says of a moment is
decided by the samples around it: its response falls off as its largest pole does, so a part with enough of the
recording on both sides gives the same power to rounding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

import asd_native
from asd_features.segmentation import SegmentSettings

# Up to so many samples are filtered as a whole: 4 minutes at 16 kHz.
_WHOLE_SAMPLES = 1 << 22
# What is left of a response at the end of the margin: half of float64's digits beyond its rounding.
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
        (S, bins) float64. Up to 4 million samples in one pass, of longer clips by parts.
    """

    def of(part: NDArray[Any]) -> NDArray[np.float64]:
        return asd_native.high_passed_power(
            part, sos, bins=bins, segment_samples=settings.length_samples, hop_samples=settings.hop_samples
        )

    if len(wave) <= _WHOLE_SAMPLES:
        return of(wave)
    return np.concatenate([of(wave[begin:end])[rows] for begin, end, rows in _parts(len(wave), sos, settings)])


def _parts(samples: int, sos: NDArray[np.float64], settings: SegmentSettings) -> Iterator[tuple[int, int, slice]]:
    """Where to cut, and which of a part's segments are not its margin; every part begins on the segments' grid."""
    hop, length = settings.hop_samples, settings.length_samples
    before = math.ceil(_margin_samples(sos) / hop)  # segments
    together = max(1, _WHOLE_SAMPLES // hop)
    count = settings.count(samples)
    for first in range(0, count, together):
        start = max(0, first - before)
        last = min(first + together, count)
        end = samples if last == count else min(samples, (last - 1 + before) * hop + length)
        yield start * hop, end, slice(first - start, last - start)


def _margin_samples(sos: NDArray[np.float64]) -> int:
    radius = max(float(np.abs(np.roots(section[3:])).max(initial=0.0)) for section in sos)
    return math.ceil(math.log(_LEFT_OF_RESPONSE) / math.log(radius)) if radius > 0 else 0
