"""High-passed power equals scipy.signal.sosfiltfilt, and causal power sosfilt, squared and averaged."""

from itertools import pairwise
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import signal

import asd_native

# Two forms of the same filter in double: 24 poles and some thousand samples leave about 1e-13; the promise is 1e-9.
RELATIVE = 1e-9

# What rounding leaves in one filtered sample, relative to the largest of the clip: some tens of operations of 1e-16.
ROUNDING = 1e-14

SAMPLE_RATE_HZ = 16000


def order_24_high_pass() -> NDArray[np.float64]:
    order, natural = signal.buttord(4000, 3500, 3, 40, fs=SAMPLE_RATE_HZ)
    assert order == 24
    sos: NDArray[np.float64] = signal.butter(order, natural, "high", output="sos", fs=SAMPLE_RATE_HZ)
    return sos


SOS = order_24_high_pass()


@pytest.mark.parametrize(
    ("rate_hz", "edges"),
    [(16000, (4000, 3500, 3, 40)), (44100, (100, 80, 1, 60)), (8000, (3900, 900, 0.1, 100)), (16000, (50, 5, 3, 20))],
)
def test_the_high_pass_is_that_of_buttord_and_butter(rate_hz: int, edges: tuple[float, float, float, float]) -> None:
    order, natural = signal.buttord(*edges, fs=rate_hz)
    expected = signal.butter(order, natural, "high", output="sos", fs=rate_hz)
    names = ("pass_hz", "stop_hz", "pass_db", "stop_db")
    sos = asd_native.high_pass_sections(rate_hz, **dict(zip(names, edges, strict=True)))
    assert sos.shape == expected.shape
    at_hz = np.geomspace(edges[1] / 4, rate_hz / 2.001, 500)
    wanted, got = (signal.freqz_sos(filter_, worN=at_hz, fs=rate_hz)[1] for filter_ in (expected, sos))
    np.testing.assert_allclose(got, wanted, rtol=1e-8)


@pytest.mark.parametrize(
    ("edges", "rule"),
    [
        ((8000, 3500, 3, 40), "half the sample rate"),
        ((4000, 3500, 40, 40), "pass_db < stop_db"),
        ((4000, 3990, 3, 40), "32 sections"),
    ],
)
def test_a_high_pass_that_cannot_be_is_refused(edges: tuple[float, float, float, float], rule: str) -> None:
    names = ("pass_hz", "stop_hz", "pass_db", "stop_db")
    with pytest.raises(ValueError, match=rule):
        asd_native.high_pass_sections(16000, **dict(zip(names, edges, strict=True)))


def reference_power(
    clip: NDArray[np.int16 | np.float32],
    sos: NDArray[np.float64],
    segment: int,
    hop: int,
    bins: int,
    *,
    causal: bool = False,
) -> NDArray[np.float64]:
    values = clip.astype(np.float64) / (32768 if clip.dtype == np.int16 else 1)
    repeated = np.resize(values, max(len(values), segment))
    if causal:
        filtered = signal.sosfilt(sos, repeated, zi=signal.sosfilt_zi(sos) * repeated[0])[0]
    else:
        filtered = signal.sosfiltfilt(sos, repeated)
    squares = filtered**2
    starts = asd_native.segment_starts(len(clip), segment_samples=segment, hop_samples=hop)
    edges = [b * segment // bins for b in range(bins + 1)]
    return np.array([[squares[s + a : s + b].mean() for a, b in pairwise(edges)] for s in starts])


def noise(shape: tuple[int, ...], dtype: str, seed: int) -> NDArray[np.int16 | np.float32]:
    wave = np.random.default_rng(seed).standard_normal(shape)
    return (wave * 3000).astype(np.int16) if dtype == "int16" else wave.astype(np.float32)


def full_scale(wave: NDArray[np.int16 | np.float32]) -> float:
    return float(np.abs(wave.astype(np.float64)).max()) / (32768 if wave.dtype == np.int16 else 1)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from([(), (1,), (3,)]),
    st.integers(1, 600),
    st.integers(76, 400),
    st.integers(1, 500),
    st.integers(1, 76),
    st.sampled_from(["int16", "float32"]),
    st.integers(0, 2**32 - 1),
    st.integers(0, 3),
    st.booleans(),
)
def test_power_equals_the_square_of_scipys_filter(
    clips: tuple[int, ...],
    samples: int,
    segment: int,
    hop: int,
    bins: int,
    dtype: str,
    seed: int,
    threads: int,
    causal: bool,
) -> None:
    wave = noise((*clips, samples), dtype, seed)
    got = asd_native.high_passed_power(
        wave, SOS, segment_samples=segment, hop_samples=hop, bins=bins, threads=threads, causal=causal
    )
    expected = np.stack(
        [reference_power(clip, SOS, segment, hop, bins, causal=causal) for clip in wave.reshape(-1, samples)]
    )
    assert got.dtype == np.float64
    assert got.shape == (*clips, *expected.shape[1:])
    # As amplitudes: in a bin of one sample at a zero crossing, only rounding of the size of the whole clip is left.
    np.testing.assert_allclose(
        np.sqrt(got.reshape(expected.shape)), np.sqrt(expected), rtol=RELATIVE / 2, atol=ROUNDING * full_scale(wave)
    )


@pytest.mark.parametrize("samples", [160000, 192000, 30000])
def test_power_of_whole_clips_equals_scipy(samples: int) -> None:
    wave = noise((samples,), "int16", 1)
    got = asd_native.high_passed_power(wave, SOS, segment_samples=80000, hop_samples=20000, bins=10)
    np.testing.assert_allclose(got, reference_power(wave, SOS, 80000, 20000, 10), rtol=RELATIVE)


@pytest.mark.parametrize("order", [1, 2, 3, 7, 12, 25, 40])
@pytest.mark.parametrize("kind", ["low", "high"])
@pytest.mark.parametrize("causal", [False, True])
def test_any_butterworth_filter_equals_scipy_with_its_own_start(
    order: int, kind: Literal["low", "high"], causal: bool
) -> None:
    sos = signal.butter(order, 0.4, kind, output="sos")
    wave = noise((2000,), "float32", order) + np.float32(0.5)
    got = asd_native.high_passed_power(wave, sos, segment_samples=500, hop_samples=100, bins=3, causal=causal)
    np.testing.assert_allclose(got, reference_power(wave, sos, 500, 100, 3, causal=causal), rtol=RELATIVE)


def test_causal_power_of_a_moment_does_not_depend_on_what_comes_later() -> None:
    wave = noise((3000,), "int16", 11)
    changed = wave.copy()
    changed[2000:] = 0
    first, second = (
        asd_native.high_passed_power(w, SOS, segment_samples=500, hop_samples=500, causal=True) for w in (wave, changed)
    )
    np.testing.assert_array_equal(first[:4], second[:4])
    assert not np.array_equal(first, second)


def test_causal_power_of_a_clip_of_one_sample_is_that_of_a_constant() -> None:
    low_pass = signal.butter(4, 0.3, output="sos")
    got = asd_native.high_passed_power(np.ones(1, np.float32), low_pass, segment_samples=3, hop_samples=1, causal=True)
    np.testing.assert_allclose(got, [[1.0]], rtol=RELATIVE)


def test_a_band_pass_with_first_order_sections_equals_scipy() -> None:
    sos = np.vstack([signal.butter(1, 0.2, "high", output="sos"), signal.butter(1, 0.6, "low", output="sos")])
    wave = noise((300,), "float32", 9)
    got = asd_native.high_passed_power(wave, sos, segment_samples=100, hop_samples=30)
    np.testing.assert_allclose(got, reference_power(wave, sos, 100, 30, 1), rtol=RELATIVE)


def test_a_low_tone_has_no_power_and_a_high_one_keeps_it() -> None:
    time = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    low, high = (np.sin(2 * np.pi * f * time).astype(np.float32) for f in (500, 6000))
    power = asd_native.high_passed_power(np.stack([low, high]), SOS, segment_samples=4000, hop_samples=4000)
    assert power[0, 1:-1].max() < 1e-12
    np.testing.assert_allclose(power[1, 1:-1], 0.5, rtol=1e-3)


def test_silence_and_a_constant_have_no_power_at_all() -> None:
    wave = np.zeros((2, 1000), np.float32)
    wave[1] = 0.3
    for causal in (False, True):
        assert not asd_native.high_passed_power(wave, SOS, segment_samples=500, hop_samples=100, causal=causal).any()


def test_bins_average_to_the_segment() -> None:
    wave = noise((4000,), "float32", 2)
    whole = asd_native.high_passed_power(wave, SOS, segment_samples=1000, hop_samples=250)
    parts = asd_native.high_passed_power(wave, SOS, segment_samples=1000, hop_samples=250, bins=10)
    np.testing.assert_allclose(parts.mean(axis=1, keepdims=True), whole, rtol=1e-13)


def test_neither_layout_nor_threads_change_a_bit() -> None:
    wave = noise((3, 900), "float32", 3)
    expected = asd_native.high_passed_power(wave, SOS, segment_samples=300, hop_samples=100, bins=4)
    frozen, frozen_sos = wave.copy(), SOS.copy()
    frozen.flags.writeable = frozen_sos.flags.writeable = False
    for other in (np.asfortranarray(wave), np.repeat(wave, 2, axis=1)[:, ::2], wave[:, ::-1].copy()[:, ::-1], frozen):
        for threads in (0, 1, 2, 5):
            for sos in (np.asfortranarray(SOS), frozen_sos):
                got = asd_native.high_passed_power(
                    other, sos, segment_samples=300, hop_samples=100, bins=4, threads=threads
                )
                np.testing.assert_array_equal(got, expected)


def test_the_result_is_written_to_out() -> None:
    wave = noise((2, 900), "int16", 4)
    out = np.full((2, 3, 2), np.nan)
    got = asd_native.high_passed_power(wave, SOS, segment_samples=300, hop_samples=300, bins=2, out=out)
    assert got is out
    assert np.isfinite(out).all()


def test_no_clips_give_no_power() -> None:
    got = asd_native.high_passed_power(np.empty((0, 900), np.int16), SOS, segment_samples=300, hop_samples=300)
    assert got.shape == (0, 3, 1)
