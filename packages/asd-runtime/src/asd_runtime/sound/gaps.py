"""Gaps of a recording: a recorder stalled or a cable came loose, and the edges sound like the worst fault of a machine.

A gap is a quarter of a second or more in which nothing changes: the rule of `asd data check`, held against the samples
that are scored. In 16-bit samples, one step up or down is no change either.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_runtime.sound.recording_findings import DROPOUT_S
from asd_runtime.sound.samples import Samples

_STEPS = 2
"""Of 16-bit samples, from the lowest to the highest: at most -90 dB, which is silence."""
_FLOAT_RANGE = 2.0**-20
"""What a resampler leaves of a constant, and more."""
_BLURRED_S = 0.0125
"""A resampler's filter blurs the edge of a gap for so long."""


@dataclass(frozen=True)
class GapRule:
    """What a gap is in samples of one type and rate.

    Attributes:
        widest: from the lowest to the highest sample of what counts as quiet.
        blurred: so many samples before and after the quiet belong to the gap.
        shortest: quiet of fewer samples is no gap.
    """

    widest: float
    blurred: int
    shortest: int

    @classmethod
    def of(cls, dtype: np.dtype[Any], sample_rate_hz: int) -> "GapRule":
        """The rule for int16 or float32."""
        exact = dtype == np.int16
        widest, blurred = (_STEPS, 0) if exact else (_FLOAT_RANGE, round(_BLURRED_S * sample_rate_hz))
        return cls(widest, blurred, int(np.ceil(DROPOUT_S * sample_rate_hz)) - 2 * blurred)

    @property
    def block(self) -> int:
        """Whatever is as long as a gap fills one of the blocks of half its length."""
        return self.shortest // 2

    @property
    def reach(self) -> int:
        """What is further away than so many samples does not decide whether a sample is in a gap.

        Quiet that comes from further away is a gap already, without its first block and the one that this may reach to.
        """
        return self.shortest + 3 * self.block + self.blurred


def find_gaps(wave: Samples, sample_rate_hz: int) -> NDArray[np.int64]:
    """The gaps of samples (T,) int16 or float32: (G, 2) first sample of each and first after it, in order."""
    rule = GapRule.of(wave.dtype, sample_rate_hz)
    widest, blurred, block = rule.widest, rule.blurred, rule.block
    blocks = wave[: len(wave) // block * block].reshape(-1, block)
    quiet = np.flatnonzero(np.subtract(blocks.max(axis=1), blocks.min(axis=1), dtype=np.float64) <= widest)
    found: list[list[int]] = []
    for start in (quiet * block).tolist():
        low, high = _extent(wave, start, start + block, widest)
        if found and low <= found[-1][1]:
            found[-1][1] = high
        else:
            found.append([low, high])
    gaps = [
        (max(0, low - blurred), min(len(wave), high + blurred)) for low, high in found if high - low >= rule.shortest
    ]
    return np.array(gaps, np.int64).reshape(-1, 2)


def _extent(wave: Samples, start: int, end: int, widest: float) -> tuple[int, int]:
    """How far the quiet of a block reaches into the blocks beside it."""
    block = end - start
    low, high = float(wave[start:end].min()), float(wave[start:end].max())
    before, after = wave[max(0, start - block) : start][::-1], wave[end : end + block]
    return start - _reach(before, low, high, widest), end + _reach(after, low, high, widest)


def _reach(samples: Samples, low: float, high: float, widest: float) -> int:
    """How many of the samples keep to a range that holds low and high."""
    values = samples.astype(np.float64)
    width = np.maximum.accumulate(np.maximum(values, high)) - np.minimum.accumulate(np.minimum(values, low))
    beyond = np.flatnonzero(~(width <= widest))
    return int(beyond[0]) if len(beyond) else len(samples)
