"""Weights for the mean of a clip's scores: the power above 4 kHz (Fujimura 2023, Sec. 3.2 and 4.2).

Some machines, such as ToyCar and ToyTrain, are silent at the beginning and the end of a clip, and the scores of silence
should not count. A high-pass filter, pass 4000 Hz and stop 3500 Hz, removes the background noise first. The paper gives
these edges. Our reading is a Butterworth filter with 3 dB and 40 dB there, which has order 24, run forward and backward
over the whole clip.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_features.power_in_parts import high_passed_power
from asd_features.segmentation import SegmentSettings
from asd_features.waveform_blocks import INT16_SCALE
from asd_native import high_pass_sections

# Below this share of the clip's power, 240 dB down, the filter's output is its own rounding and not sound: silence with
# a drifting offset gives 1e-25. The rounding of float32 samples, which every real clip has, gives 1e-16.
_ROUNDING_SHARE = 1e-24
# Samples that are squared at a time, so that a recording of hours is not copied as a whole.
_BLOCK_SAMPLES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class HighPassSettings:
    """The high-pass filter's specification.

    Attributes:
        pass_hz: edge of the pass band, attenuated by at most pass_db in one pass; forward and backward that is twice as
            much, 6 dB at 4000 Hz by default.
        stop_hz: edge of the stop band, attenuated by at least stop_db in one pass.
        pass_db: see pass_hz.
        stop_db: see stop_hz.
    """

    pass_hz: float = 4000.0
    stop_hz: float = 3500.0
    pass_db: float = 3.0
    stop_db: float = 40.0

    def __post_init__(self) -> None:
        if not 0 < self.stop_hz < self.pass_hz:
            raise ValueError(
                f"stop_hz and pass_hz must satisfy 0 < stop_hz < pass_hz; got {self.stop_hz} and {self.pass_hz}."
            )
        if not 0 < self.pass_db < self.stop_db:
            raise ValueError(
                f"pass_db and stop_db must satisfy 0 < pass_db < stop_db; got {self.pass_db} and {self.stop_db}."
            )


_PAPER = HighPassSettings()


def high_pass_sos(sample_rate_hz: int, settings: HighPassSettings = _PAPER) -> NDArray[np.float64]:
    """Butterworth high-pass filter of the lowest order that meets the specification, as second-order sections.

    Args:
        sample_rate_hz: rate of the clips.
        settings: edges and attenuations; by default the paper's, which need order 24 at 16 kHz.

    Returns:
        ((order + 1) // 2, 6) float64, the filter of SciPy's `buttord` and `butter`; designed once for each
        specification; each caller gets a copy.

    Raises:
        ValueError: if pass_hz is not below half the sample rate, or the edges need a filter of order above 64.
    """
    if not settings.pass_hz < sample_rate_hz / 2:
        raise ValueError(
            f"pass_hz must be below half the sample rate, {sample_rate_hz / 2} Hz; got {settings.pass_hz}. "
            "Pass HighPassSettings with lower edges, or clips of a higher rate."
        )
    return _butterworth_sos(sample_rate_hz, settings).copy()


@lru_cache(maxsize=16)
def _butterworth_sos(sample_rate_hz: int, settings: HighPassSettings) -> NDArray[np.float64]:
    return high_pass_sections(sample_rate_hz, **asdict(settings))


def power_weights(
    wave: NDArray[Any],
    segment_settings: SegmentSettings | None = None,
    *,
    bins: int = 1,
    high_pass: HighPassSettings = _PAPER,
) -> NDArray[np.float64]:
    """Each segment's, or each time bin's, share of the high-passed power of a clip.

    Args:
        wave: (T,) int16 or float32.
        segment_settings: how the clip is cut; by default the paper's.
        bins: parts of a segment, each with a weight of its own: 1 for scores of segments, the width of the map for
            score maps.
        high_pass: the filter.

    Returns:
        (S, bins) float64, not negative, with sum 1. A silent or constant clip gets equal weights.

    Raises:
        ValueError: a shape or a value outside its range, or NaN.
        TypeError: wave of another dtype.
    """
    segment_settings = SegmentSettings() if segment_settings is None else segment_settings
    wave = np.asarray(wave)
    if wave.ndim != 1:
        raise ValueError(f"wave must be (T,); got shape {wave.shape}. Weigh one clip at a time.")
    sos = high_pass_sos(segment_settings.sample_rate_hz, high_pass)
    power = high_passed_power(wave, sos, segment_settings, bins=bins)
    if power.mean() <= _ROUNDING_SHARE * _mean_square(wave):
        return np.full(power.shape, 1.0 / power.size)
    weights: NDArray[np.float64] = power / power.sum()
    return weights


def _mean_square(wave: NDArray[Any]) -> float:
    """On the scale where int16's full range is [-1, 1)."""
    scale = INT16_SCALE if wave.dtype == np.int16 else 1.0
    starts = range(0, len(wave), _BLOCK_SAMPLES)
    squares = [np.square(wave[start : start + _BLOCK_SAMPLES] / np.float64(scale)).sum() for start in starts]
    return float(np.sum(squares)) / len(wave)
