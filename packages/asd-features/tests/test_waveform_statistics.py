"""Statistics of many clips equal those of one long clip; exactly for 16 bits."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from asd_features import WaveformStatistics, waveform_statistics

int16_clip = arrays(np.int16, st.integers(1, 50))
float_clip = arrays(np.float32, st.integers(1, 50), elements=st.floats(-1, 1, width=32))


@settings(max_examples=50, deadline=None)
@given(clips=st.lists(int16_clip, min_size=1, max_size=5))
def test_statistics_of_16_bit_clips_are_the_exact_ones_rounded_once(clips: list[np.ndarray]) -> None:
    values = [Fraction(int(value), 32768) for clip in clips for value in clip]
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / len(values)
    result = waveform_statistics(clips)
    assert result.mean == float(mean)
    assert result.std == pytest.approx(float(variance) ** 0.5, rel=4e-16, abs=0)
    assert result == waveform_statistics(clips[::-1])
    assert result == waveform_statistics([np.concatenate(clips)])


@settings(max_examples=50, deadline=None)
@given(clips=st.lists(float_clip | int16_clip, min_size=1, max_size=5))
def test_statistics_of_mixed_clips_are_those_of_one_long_clip(clips: list[np.ndarray]) -> None:
    scaled = [clip / 32768 if clip.dtype == np.int16 else clip.astype(np.float64) for clip in clips]
    whole = np.concatenate(scaled)
    result = waveform_statistics(iter(clips))
    assert result.mean == pytest.approx(whole.mean(), abs=1e-14)
    assert result.std == pytest.approx(whole.std(), abs=1e-12)


def test_a_small_spread_beside_a_large_mean_is_kept(tolerances: Any) -> None:
    clips = [1e6 + 1e-3 * np.random.default_rng(seed).standard_normal(1000) for seed in range(3)]
    expected = np.std(np.concatenate(clips) - 1e6)
    assert waveform_statistics(clips).std == pytest.approx(expected, rel=1e-6)


def test_the_loudest_16_bit_clip_does_not_overflow() -> None:
    assert waveform_statistics([np.full(100_000, -32768, np.int16)]) == WaveformStatistics(-1.0, 0.0)


def test_what_has_no_statistics_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one sample"):
        waveform_statistics([])
    with pytest.raises(ValueError, match="at least one sample"):
        waveform_statistics([np.zeros(0, np.int16), np.zeros(0, np.float32)])
    with pytest.raises(ValueError, match=r"waves\[1\] holds NaN"):
        waveform_statistics([np.zeros(2, np.int16), np.array([np.nan], np.float32)])
    with pytest.raises(ValueError, match=r"waves\[0\] must be \(T,\); got shape \(2, 3\)"):
        waveform_statistics([np.zeros((2, 3), np.int16)])
    with pytest.raises(TypeError, match=r"waves\[0\] must be int16.*got int32"):
        waveform_statistics([np.zeros(3, np.int32)])
