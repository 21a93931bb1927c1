"""Cuts a clip into overlapping segments of one length (Fujimura 2023, Sec. 4.2: 5 s, overlapping by 75 %).

Segments begin every hop. If that grid leaves an end of the clip uncovered, one more segment is aligned to the end; a
clip shorter than a segment is repeated until it fills one. A clip of 10 s gives 5 segments, one of 12 s gives 7.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import asd_native
from asd_features.sample_rate import check_sample_rate_hz


@dataclass(frozen=True, kw_only=True)
class SegmentSettings:
    """How clips are cut.

    Attributes:
        sample_rate_hz: rate of the clips.
        length_s: length of a segment.
        overlap: share of a segment that it has in common with the next one, in [0, 1).
    """

    sample_rate_hz: int = 16000
    length_s: float = 5.0
    overlap: float = 0.75

    def __post_init__(self) -> None:
        check_sample_rate_hz(self.sample_rate_hz)
        if not (math.isfinite(self.length_s) and self.length_samples >= 1):
            raise ValueError(
                f"length_s must be at least one sample at {self.sample_rate_hz} Hz; got {self.length_s} s."
            )
        if not 0 <= self.overlap < 1:
            raise ValueError(f"overlap must be in [0, 1); got {self.overlap}. For 75 % pass 0.75.")
        if self.hop_samples < 1:
            raise ValueError(
                f"overlap={self.overlap} leaves no distance between segments of {self.length_s} s. Lower it."
            )

    @property
    def length_samples(self) -> int:
        """Length of a segment."""
        return round(self.length_s * self.sample_rate_hz)

    @property
    def hop_samples(self) -> int:
        """Distance between segments."""
        return round(self.length_samples * (1.0 - self.overlap))

    def count(self, samples: int) -> int:
        """Number of segments S of a clip of T samples."""
        return asd_native.segment_count(samples, segment_samples=self.length_samples, hop_samples=self.hop_samples)

    def starts(self, samples: int) -> NDArray[np.int64]:
        """(S,) first samples of the segments of a clip of T samples."""
        return asd_native.segment_starts(samples, segment_samples=self.length_samples, hop_samples=self.hop_samples)


def segments(
    wave: NDArray[Any],
    settings: SegmentSettings | None = None,
    *,
    mean: float = 0.0,
    std: float = 1.0,
    per_segment: bool = False,
    threads: int = 1,
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Cut clips into segments and standardise them, in one pass.

    Args:
        wave: (T,) or (N, T), int16 (scaled by 1/32768 first) or float32.
        settings: length and overlap; by default the paper's.
        mean: subtracted from the scaled samples.
        std: divides the result; see `waveform_statistics`.
        per_segment: standardise each segment by its own mean and standard deviation instead; a constant segment becomes
            zeros.
        threads: number of threads.
        out: array of the result's shape to write to; None makes a new one.

    Returns:
        (S, L) or (N, S, L) float32.

    Raises:
        ValueError: a shape or a value outside its range, NaN, or std that is not positive.
        TypeError: wave of another dtype.
    """
    settings = SegmentSettings() if settings is None else settings
    if not per_segment and not (std > 0 and math.isfinite(std) and math.isfinite(mean)):
        raise ValueError(
            f"std must be positive and both mean and std finite; got mean={mean}, std={std}. If the clips are silent "
            "or constant, leave them out or pass per_segment=True."
        )
    return asd_native.cut_segments(
        wave, segment_samples=settings.length_samples, hop_samples=settings.hop_samples, mean=mean, std=std,
        per_segment=per_segment, threads=threads, out=out,
    )  # fmt: skip
