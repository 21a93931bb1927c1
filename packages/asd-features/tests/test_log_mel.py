"""The spectrogram: equal to NumPy in float64, to librosa and to a plain loop; its laws of shape, scale and batch."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from asd_features import LogMelSettings, SegmentSettings, log_mel, mel_filterbank, read_waveform, segments, takes_window
from asd_features.log_mel import segment_log_mel
from asd_features.mel_filterbank import exact_filterbank

PAPER = LogMelSettings()
BASELINE = LogMelSettings.dcase_baseline()
SMALL = LogMelSettings(sample_rate_hz=4000, window_s=0.064, hop_s=0.016, bands=8, low_hz=80.0, high_hz=1900.0)
VARIANTS = {
    "paper": PAPER,
    "baseline": BASELINE,
    "powers": LogMelSettings(power=2.0),
    "slaney": LogMelSettings(mel_scale="slaney", area_norm=True),
    "zero padding": LogMelSettings(padding="zero", normalise_window=False),
}


def librosa() -> Any:
    return pytest.importorskip("librosa", reason="librosa is not installed: no comparison with it")


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def numpy_log_mel(wave: np.ndarray, settings: LogMelSettings) -> np.ndarray:
    """The readable reference, in float64: (T,) to (M, F)."""
    signal = wave / 32768 if wave.dtype == np.int16 else wave.astype(np.float64)
    length = settings.window_samples
    padded = np.pad(signal, length // 2, mode="reflect" if settings.padding == "reflect" else "constant")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    if settings.normalise_window:
        window /= np.linalg.norm(window)
    framed = sliding_window_view(padded, length)[:: settings.hop_samples]
    mel = exact_filterbank(settings) @ np.abs(np.fft.rfft(framed * window)).T ** settings.power
    return settings.decibels_per_decade * np.log10(np.maximum(mel, settings.floor)) if settings.log else mel


def plain_log_mel(wave: np.ndarray, settings: LogMelSettings) -> np.ndarray:
    """The definition, frame by frame and bin by bin, with no transform and no matrix."""
    length, hop, rate = settings.window_samples, settings.hop_samples, settings.sample_rate_hz
    window = np.sin(np.pi * np.arange(length) / length) ** 2
    if settings.normalise_window:
        window /= np.linalg.norm(window)
    mel_edges = np.linspace(
        *(2595 * np.log10(1 + f / 700) for f in (settings.low_hz, settings.high_hz)), settings.bands + 2
    )
    edges = 700 * (10 ** (mel_edges / 2595) - 1)
    padded = np.concatenate([wave[length // 2 : 0 : -1], wave, wave[-2 : -2 - length // 2 : -1]]).astype(float)
    rows = []
    for start in range(0, len(padded) - length + 1, hop):
        frame = padded[start : start + length] * window
        bands = np.zeros(settings.bands)
        for k in range(length // 2 + 1):
            size = abs(np.sum(frame * np.exp(-2j * np.pi * k * np.arange(length) / length))) ** settings.power
            for m in range(settings.bands):
                weight = np.interp(k * rate / length, edges[m : m + 3], [0, 1, 0], left=0, right=0)
                bands[m] += weight * size
        rows.append(20 / settings.power * np.log10(np.maximum(bands, settings.floor)))
    return np.array(rows).T


@pytest.mark.parametrize("settings", VARIANTS.values(), ids=VARIANTS)
def test_the_spectrogram_equals_numpy_in_float64(settings: LogMelSettings, tolerances: Any) -> None:
    wave = noise(20000)
    tone = np.sin(2 * np.pi * 1000 * np.arange(20000) / 16000)
    for signal in (wave, tone, 1e-4 * wave + tone):
        np.testing.assert_allclose(
            log_mel(signal, settings), numpy_log_mel(signal, settings), rtol=0, atol=tolerances.exact_decibels
        )


@pytest.mark.parametrize("settings", [PAPER, BASELINE], ids=["paper", "baseline"])
def test_the_spectrogram_of_real_clips_equals_numpy_in_float64(
    settings: LogMelSettings, recordings: Path, tolerances: Any
) -> None:
    paths = sorted(recordings.glob("dcase2023_clips/*/*/*.wav"))[::4]
    assert paths
    for path in paths:
        wave = read_waveform(path).samples
        np.testing.assert_allclose(
            log_mel(wave, settings), numpy_log_mel(wave, settings), rtol=0, atol=tolerances.exact_decibels
        )


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_the_spectrogram_is_its_definition(power: float, tolerances: Any) -> None:
    settings = dataclasses.replace(SMALL, power=power)
    wave = noise(330)
    np.testing.assert_allclose(
        log_mel(wave, settings),
        plain_log_mel(wave, settings),
        rtol=tolerances.same_arithmetic,
        atol=tolerances.decibels,
    )


@pytest.mark.parametrize("settings", VARIANTS.values(), ids=VARIANTS)
def test_filters_equal_librosa(settings: LogMelSettings, tolerances: Any) -> None:
    expected = librosa().filters.mel(
        sr=settings.sample_rate_hz, n_fft=settings.window_samples, n_mels=settings.bands, fmin=settings.low_hz,
        fmax=settings.high_hz, htk=settings.mel_scale == "htk", norm="slaney" if settings.area_norm else None,
    )  # fmt: skip
    filters = mel_filterbank(settings)
    assert filters.dtype == np.float32
    np.testing.assert_allclose(filters, expected, rtol=tolerances.spectrogram, atol=1e-6 * expected.max())


@pytest.mark.parametrize("settings", VARIANTS.values(), ids=VARIANTS)
def test_mel_spectrograms_equal_librosa(settings: LogMelSettings, tolerances: Any) -> None:
    wave = noise(20000)
    expected = librosa().feature.melspectrogram(
        y=wave.astype(np.float64), sr=settings.sample_rate_hz, n_fft=settings.window_samples,
        hop_length=settings.hop_samples, power=settings.power, n_mels=settings.bands, fmin=settings.low_hz,
        fmax=settings.high_hz, htk=settings.mel_scale == "htk", norm="slaney" if settings.area_norm else None,
        pad_mode="reflect" if settings.padding == "reflect" else "constant",
    )  # fmt: skip
    if settings.normalise_window:
        hann = librosa().filters.get_window("hann", settings.window_samples, fftbins=True)
        expected = expected / np.sum(hann**2) ** (settings.power / 2)
    sums = log_mel(wave, dataclasses.replace(settings, log=False))
    np.testing.assert_allclose(sums, expected, rtol=tolerances.spectrogram)
    decibels = 20.0 / settings.power * np.log10(np.maximum(expected, settings.floor))
    np.testing.assert_allclose(log_mel(wave, settings), decibels, rtol=tolerances.spectrogram, atol=tolerances.decibels)


def test_the_baseline_equals_the_call_of_the_official_baseline(tolerances: Any) -> None:
    wave = noise(32000, seed=3)
    powers = librosa().feature.melspectrogram(y=wave, sr=16000, n_fft=1024, hop_length=512, n_mels=128, power=2.0)
    expected = 20.0 / 2.0 * np.log10(np.maximum(powers, np.finfo(np.float64).eps))
    np.testing.assert_allclose(log_mel(wave, BASELINE), expected, rtol=tolerances.spectrogram, atol=1e-4)


def test_five_seconds_give_224_bands_and_313_frames() -> None:
    result = log_mel(noise(80000))
    assert result.shape == (224, 313)
    assert result.dtype == np.float32
    assert np.isfinite(result).all()
    assert PAPER.frames(80000) == 313


@settings(max_examples=25, deadline=None)
@given(samples=st.integers(129, 900), hop_samples=st.integers(1, 270))
def test_frames_are_one_more_than_whole_hops(samples: int, hop_samples: int) -> None:
    settings_ = dataclasses.replace(SMALL, hop_s=hop_samples / 4000)
    assert log_mel(noise(samples), settings_).shape == (8, 1 + samples // hop_samples)
    assert settings_.frames(samples) == 1 + samples // hop_samples


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_a_gain_adds_its_decibels_to_every_band_above_the_floor(power: float, tolerances: Any) -> None:
    wave = noise(20000)
    settings_ = LogMelSettings(power=power, floor=1e-30)
    for gain in (1e-2, 0.5, 30.0):
        louder = log_mel((gain * wave.astype(np.float64)), settings_)
        np.testing.assert_allclose(louder - log_mel(wave, settings_), 20 * np.log10(gain), atol=tolerances.decibels)


def test_silence_lies_on_the_floor() -> None:
    floor_db = np.float32(20 * np.log10(np.finfo(np.float32).eps))
    np.testing.assert_array_equal(log_mel(np.zeros(5000, np.float32)), np.full((224, 20), floor_db))


def test_the_spectrogram_of_a_clip_does_not_depend_on_its_batch() -> None:
    waves = noise(2, 3, 5000)
    batch = log_mel(waves)
    assert batch.shape == (2, 3, 224, 20)
    for i, j in np.ndindex(2, 3):
        np.testing.assert_array_equal(batch[i, j], log_mel(waves[i, j]))
    assert log_mel(waves[:0]).shape == (0, 3, 224, 20)


def test_int16_is_scaled_by_its_full_range() -> None:
    samples = np.random.default_rng(0).integers(-32768, 32768, 5000).astype(np.int16)
    np.testing.assert_array_equal(log_mel(samples), log_mel(samples / 32768))


def test_strided_and_read_only_waves_give_the_same() -> None:
    waves = noise(5000, 2)
    waves.flags.writeable = False
    np.testing.assert_array_equal(log_mel(waves[:, 1]), log_mel(waves[:, 1].copy()))


def test_a_tone_is_loudest_in_the_band_that_holds_it() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    band = log_mel(tone)[:, 30].argmax()
    frequency_of_peak = np.fft.rfftfreq(2048, 1 / 16000)[mel_filterbank(PAPER)[band].argmax()]
    assert abs(frequency_of_peak - 1000) < 16000 / 2048


def test_a_wave_of_half_a_window_is_too_short_and_one_more_sample_is_enough() -> None:
    with pytest.raises(ValueError, match=r"wave must have more than half a window, 1024 samples; got 1024"):
        log_mel(noise(1024))
    assert log_mel(noise(1025)).shape == (224, 5)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_wave_that_is_not_finite_is_refused(bad: float) -> None:
    wave = noise(5000)
    wave[7] = bad
    with pytest.raises(ValueError, match="wave must be finite; sample 7 of clip 0"):
        log_mel(wave)
    with pytest.raises(ValueError, match="wave must be finite; sample 7 of clip 0"):
        segment_log_mel(wave)


@pytest.mark.parametrize("window_s", [0.008, 0.1, 1.024])
def test_a_window_that_the_kernel_does_not_know_is_refused(window_s: float) -> None:
    settings = LogMelSettings(window_s=window_s, bands=4)
    assert not takes_window(settings)
    with pytest.raises(ValueError, match="window_s must be a power of two from 256 to 8192 samples; got"):
        log_mel(noise(20000), settings)


@pytest.mark.parametrize("samples", [256, 2048, 8192])
def test_a_window_that_the_kernel_knows_is_taken(samples: int) -> None:
    settings = LogMelSettings(window_s=samples / 16_000, bands=4)
    assert takes_window(settings)
    assert log_mel(noise(20000), settings).shape == (4, settings.frames(20000))


@pytest.mark.parametrize("per_segment", [False, True])
@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_spectrograms_of_segments_are_those_of_the_segments_cut_out(
    per_segment: bool, dtype: str, tolerances: Any
) -> None:
    waves = (3000 * noise(2, 190000)).astype(dtype)
    by: dict[str, Any] = {"per_segment": True} if per_segment else {"mean": 0.002, "std": 0.09}
    got = segment_log_mel(waves, **by, threads=2)
    assert got.shape == (2, 7, 224, 313)
    # Segments that are cut out are rounded to float32.
    np.testing.assert_allclose(got, log_mel(segments(waves, **by)), rtol=0, atol=tolerances.exact_decibels)
    np.testing.assert_array_equal(got[1], segment_log_mel(waves[1], **by))


def test_segments_of_another_rate_are_refused() -> None:
    with pytest.raises(ValueError, match="must have the same sample_rate_hz; got 16000 and 8000"):
        segment_log_mel(noise(90000), PAPER, SegmentSettings(sample_rate_hz=8000))


def test_other_dtypes_and_shapes_are_refused() -> None:
    with pytest.raises(TypeError, match="int16, float32 or float64; got int32"):
        log_mel(np.zeros(5000, np.int32))
    with pytest.raises(ValueError, match=r"wave must be \(\.\.\., T\)"):
        log_mel(np.float32(1.0))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sample_rate_hz", 0),
        ("window_s", 0.0),
        ("window_s", float("nan")),
        ("window_s", 0.0625625),
        ("hop_s", 0.0),
        ("bands", 0),
        ("low_hz", -1.0),
        ("high_hz", 8001.0),
        ("high_hz", 50.0),
        ("mel_scale", "bark"),
        ("power", 1.5),
        ("floor", 0.0),
        ("padding", "wrap"),
    ],
)
def test_a_setting_outside_its_range_is_named(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        LogMelSettings(**{name: value})  # type: ignore[arg-type]


def test_bands_between_two_bins_are_refused() -> None:
    with pytest.raises(ValueError, match="bands=128 is too many for a window"):
        mel_filterbank(dataclasses.replace(SMALL, bands=128))
