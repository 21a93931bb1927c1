"""Mean and standard deviation over all samples of many clips, for standardisation (Fujimura 2023, Sec. 4.2).

One pass. 16-bit clips are summed in integers, so their statistics are exact and do not depend on order; floating-point
clips are merged by the parallel formula of Chan, Golub and LeVeque (1983), which keeps a small variance beside a large
mean.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_features.waveform_blocks import INT16_SCALE

# Samples that are summed at a time, so that a recording of hours is not copied as a whole.
_BLOCK_SAMPLES = 1 << 20


@dataclass(frozen=True)
class WaveformStatistics:
    """Mean and population standard deviation of samples, on the scale where int16's full range is [-1, 1).

    `std` is 0 for clips that are constant; `segments` refuses to divide by it.
    """

    mean: float
    std: float


@dataclass
class _Moments:
    """Count, mean and sum of squared deviations."""

    count: int = 0
    mean: float = 0.0
    deviations: float = 0.0

    def add(self, count: int, mean: float, deviations: float) -> None:
        """Chan's update with another set of samples."""
        total = self.count + count
        step = mean - self.mean
        self.deviations += deviations + step * step * (self.count / total) * count
        self.mean += step * (count / total)
        self.count = total


def waveform_statistics(waves: Iterable[NDArray[Any]]) -> WaveformStatistics:
    """Statistics over all samples of all clips, each sample with the same weight.

    Args:
        waves: clips (T,), int16 (scaled by 1/32768) or float32 or float64; read once, so a generator will do.

    Returns:
        Mean and population standard deviation.

    Raises:
        TypeError: a clip of another dtype.
        ValueError: no samples at all, a clip that is not (T,), or one that holds NaN or infinity.
    """
    moments = _Moments()
    integer_count, integer_sum, integer_squares = 0, 0, 0
    for number, wave in enumerate(waves):
        clip = np.asarray(wave)
        if clip.ndim != 1:
            raise ValueError(f"waves[{number}] must be (T,); got shape {clip.shape}. Pass one array a clip.")
        if clip.dtype not in (np.int16, np.float32, np.float64):
            raise TypeError(f"waves[{number}] must be int16, float32 or float64; got {clip.dtype}.")
        for start in range(0, clip.size, _BLOCK_SAMPLES):
            block = clip[start : start + _BLOCK_SAMPLES]
            if block.dtype == np.int16:
                integer_count += block.size
                integer_sum += int(block.sum(dtype=np.int64))
                integer_squares += int(np.square(block.astype(np.int32)).sum(dtype=np.int64))  # 2^30 at most, each
            else:
                moments.add(*_moments_of(block.astype(np.float64), number))
    if integer_count:
        moments.add(integer_count, *_scaled_moments(integer_count, integer_sum, integer_squares))
    if moments.count == 0:
        raise ValueError("waves must hold at least one sample; got none. Check the list of clips.")
    return WaveformStatistics(moments.mean, math.sqrt(moments.deviations / moments.count))


def _moments_of(clip: NDArray[np.float64], number: int) -> tuple[int, float, float]:
    if not np.isfinite(clip).all():
        raise ValueError(f"waves[{number}] holds NaN or infinity. Leave the clip out, or repair its samples.")
    mean = float(clip.mean())
    return clip.size, mean, float(np.square(clip - mean).sum())


def _scaled_moments(count: int, total: int, squares: int) -> tuple[float, float]:
    """Mean and sum of squared deviations of int16 samples from their exact sums, scaled to [-1, 1)."""
    deviations = Fraction(count * squares - total * total, count)
    return float(Fraction(total, count)) / INT16_SCALE, float(deviations) / INT16_SCALE**2
