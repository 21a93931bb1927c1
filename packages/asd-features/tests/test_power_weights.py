"""Weights follow the power above 4 kHz: they sum to 1, do not depend on gain, and leave silence out."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import freqz_sos, sosfiltfilt

from asd_features import HighPassSettings, SegmentSettings, high_pass_sos, power_weights, segments

RATE_HZ = 16000
SHORT = SegmentSettings(length_s=0.25)


def noise(samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(samples).astype(np.float32)


def tone(frequency_hz: float, samples: int) -> np.ndarray:
    return np.sin(2 * np.pi * frequency_hz * np.arange(samples) / RATE_HZ).astype(np.float32)


def test_the_paper_s_filter_has_order_24_and_meets_its_specification() -> None:
    sos = high_pass_sos(RATE_HZ)
    assert sos.shape == (12, 6)
    frequencies_hz, response = freqz_sos(sos, worN=8000, fs=RATE_HZ)
    attenuation_db = -20 * np.log10(np.maximum(np.abs(response), 1e-300))
    assert attenuation_db[frequencies_hz >= 4000].max() <= 3.0 + 1e-9
    assert attenuation_db[frequencies_hz <= 3500].min() >= 40.0 - 1e-9


@pytest.mark.parametrize("bins", [1, 10])
def test_weights_are_the_shares_of_the_filtered_clip_s_power(bins: int, tolerances: Any) -> None:
    wave = noise(10000)
    filtered = sosfiltfilt(high_pass_sos(RATE_HZ), wave.astype(np.float64))
    parts = segments(filtered.astype(np.float32), SHORT).reshape(-1, bins, SHORT.length_samples // bins)
    power = np.mean(np.square(parts.astype(np.float64)), axis=2)
    weights = power_weights(wave, SHORT, bins=bins)
    assert weights.shape == (SHORT.count(10000), bins)
    np.testing.assert_allclose(weights, power / power.sum(), rtol=tolerances.scaled_power)


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
@pytest.mark.parametrize("edges", [{}, {"pass_hz": 100.0, "stop_hz": 80.0}])
@pytest.mark.parametrize("samples", [70_000, 76_000, 76_001])
def test_a_long_recording_is_filtered_in_parts_to_the_same_weights(
    dtype: type, edges: dict[str, float], samples: int, monkeypatch: pytest.MonkeyPatch, tolerances: Any
) -> None:
    """Samples that end on the segments' grid, between its points, and one after it."""
    wave = (3000 * noise(samples) * (np.arange(samples) > 40_000)).astype(dtype)  # silent at first
    filter_edges = HighPassSettings(**edges)
    whole = power_weights(wave, SHORT, bins=3, high_pass=filter_edges)
    monkeypatch.setattr("asd_features.power_in_parts._WHOLE_SAMPLES", 9_000)
    monkeypatch.setattr(sys.modules["asd_features.power_weights"], "_BLOCK_SAMPLES", 1_000)
    parts = power_weights(wave, SHORT, bins=3, high_pass=filter_edges)
    np.testing.assert_allclose(parts, whole, rtol=tolerances.float64, atol=tolerances.float64 * whole.max())


@settings(max_examples=20, deadline=None)
@given(samples=st.integers(200, 12000), bins=st.integers(1, 10), seed=st.integers(0, 9))
def test_weights_are_not_negative_and_sum_to_one(samples: int, bins: int, seed: int) -> None:
    weights = power_weights(noise(samples, seed), SHORT, bins=bins)
    assert weights.shape == (SHORT.count(samples), bins)
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1.0, abs=1e-12)


@settings(max_examples=20, deadline=None)
@given(gain=st.floats(1e-6, 1e6))
def test_a_gain_does_not_change_the_weights(gain: float) -> None:
    wave = noise(10000)
    louder = (gain * wave.astype(np.float64)).astype(np.float32)
    np.testing.assert_allclose(power_weights(louder, SHORT), power_weights(wave, SHORT), rtol=1e-6)


def test_silence_at_the_beginning_of_a_burst_above_4_khz_weighs_nothing(tolerances: Any) -> None:
    wave = np.zeros(12 * RATE_HZ, np.float32)
    wave[8 * RATE_HZ :] = tone(5000, 4 * RATE_HZ)
    weights = power_weights(wave)[:, 0]
    # Segments begin at 0, 1.25, 2.5, 3.75, 5, 6.25 and 7 s: the first three end before the burst.
    assert weights[:3].max() < tolerances.silence
    np.testing.assert_allclose(weights[3:], np.array([0.75, 2.0, 3.25, 4.0]) / 10.0, rtol=1e-3)
    per_bin = power_weights(wave, bins=10)
    assert per_bin[6, :1].max() < tolerances.silence
    assert per_bin[6, 3:].min() > 0.9 * per_bin.max()


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
@pytest.mark.parametrize("bins", [1, 10])
def test_a_silent_clip_gets_equal_weights(dtype: type, bins: int) -> None:
    np.testing.assert_array_equal(power_weights(np.zeros(160000, dtype), bins=bins), np.full((5, bins), 1 / (5 * bins)))


@pytest.mark.parametrize("offset", [0.5, -0.3, 1e-4])
def test_silence_with_a_constant_offset_is_silence(offset: float) -> None:
    wave = np.full(160000, offset, np.float32)
    np.testing.assert_array_equal(power_weights(wave, bins=10), np.full((5, 10), 0.02))


def test_silence_with_an_offset_that_drifts_is_silence() -> None:
    wave = (0.5 + np.arange(160000) * 2.0**-24).astype(np.float32)  # exact in float32, so without rounding noise
    np.testing.assert_array_equal(power_weights(wave, bins=10), np.full((5, 10), 0.02))


def test_what_a_caller_does_to_the_filter_stays_with_the_caller() -> None:
    before = high_pass_sos(RATE_HZ)
    high_pass_sos(RATE_HZ)[:] = 0.0
    np.testing.assert_array_equal(high_pass_sos(RATE_HZ), before)


def test_noise_below_3500_hz_does_not_hide_a_burst_above_4000_hz() -> None:
    wave = 0.5 * tone(1000, 10 * RATE_HZ)
    wave[: 2 * RATE_HZ] += 0.001 * tone(6000, 2 * RATE_HZ)
    weights = power_weights(wave)[:, 0]
    assert weights[0] > 0.5
    assert weights[-1] < 1e-3


def test_a_clip_shorter_than_a_segment_has_one_weight() -> None:
    np.testing.assert_array_equal(power_weights(noise(1000)), [[1.0]])


def test_arguments_outside_their_range_are_named() -> None:
    with pytest.raises(ValueError, match="pass_hz must be below half the sample rate, 4000"):
        high_pass_sos(8000)
    with pytest.raises(ValueError, match="stop_hz and pass_hz"):
        HighPassSettings(pass_hz=3000)
    with pytest.raises(ValueError, match="pass_db and stop_db"):
        HighPassSettings(stop_db=1)
    with pytest.raises(ValueError, match=r"wave must be \(T,\); got shape \(2, 100\)"):
        power_weights(np.zeros((2, 100), np.float32))
    with pytest.raises(ValueError, match=r"NaN|finite"):
        power_weights(np.full(1000, np.nan, np.float32))
