"""Whole files are read as they are; every conversion is requested and recorded."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asd_features import AudioInfo, ChannelError, SampleRateError, measure_recording, read_waveform


def noise(frames: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).integers(-32768, 32768, (frames, channels)).astype(np.int16)
    return values[:, 0] if channels == 1 else values


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.wav", {}),
        ("a.flac", {}),
        ("a.wav", {"format": "WAVEX"}),
        ("a.wav", {"format": "RF64"}),
        ("a.wav", {"endian": "BIG"}),
    ],
)
def test_a_16_bit_file_comes_back_bit_for_bit_as_int16(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    samples = noise(5000)
    soundfile.write(tmp_path / name, samples, 16000, subtype="PCM_16", **options)
    wave = read_waveform(tmp_path / name)
    assert wave.samples.dtype == np.int16
    assert wave.samples.flags.c_contiguous
    assert (wave.sample_rate_hz, wave.conversions) == (16000, ())
    np.testing.assert_array_equal(wave.samples, samples)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frames=st.integers(1, 3000), channels=st.integers(1, 4), suffix=st.sampled_from(["wav", "flac"]), data=st.data())
def test_any_length_and_channel_of_a_file_is_read_exactly(
    tmp_path: Path, frames: int, channels: int, suffix: str, data: st.DataObject
) -> None:
    channel = data.draw(st.integers(0, channels - 1))
    samples = noise(frames, channels, seed=frames)
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, samples, 16000)
    np.testing.assert_array_equal(
        read_waveform(path, channel=channel).samples, samples.reshape(frames, channels)[:, channel]
    )


def test_24_bit_samples_come_as_float32_without_loss(tmp_path: Path) -> None:
    values = np.array([-(2**23), -1, 0, 1, 2**23 - 1, 1234567], np.int32)
    for name in ("a.wav", "a.flac"):
        soundfile.write(tmp_path / name, values << 8, 16000, subtype="PCM_24")
        wave = read_waveform(tmp_path / name)
        assert wave.samples.dtype == np.float32
        assert wave.conversions == ()
        np.testing.assert_array_equal(wave.samples, values / 2.0**23)


def test_a_float_file_comes_as_it_is_beyond_full_scale_too(tmp_path: Path) -> None:
    values = np.array([-3.5, 0.1, 1e-20, 2.0], np.float32)
    soundfile.write(tmp_path / "a.wav", values, 16000, subtype="FLOAT")
    np.testing.assert_array_equal(read_waveform(tmp_path / "a.wav").samples, values)


def test_a_format_that_float32_cannot_hold_is_rounded_and_says_so(tmp_path: Path) -> None:
    values = np.array([0.1, -0.7])
    soundfile.write(tmp_path / "a.wav", values, 16000, subtype="DOUBLE")
    wave = read_waveform(tmp_path / "a.wav")
    np.testing.assert_array_equal(wave.samples, values.astype(np.float32))
    assert wave.conversions == ("DOUBLE -> float32",)


def test_a_compressed_wav_file_is_read_whole(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", noise(5000), 16000, subtype="MS_ADPCM")
    assert read_waveform(tmp_path / "a.wav").samples.shape == (soundfile.info(tmp_path / "a.wav").frames,)


def test_a_file_is_opened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(100), 16000)
    opened = []
    real = builtins.open

    def counted(file: Any, *arguments: Any, **options: Any) -> Any:
        opened.append(file)
        return real(file, *arguments, **options)

    monkeypatch.setattr(builtins, "open", counted)
    read_waveform(path)
    assert opened == [path]


def test_another_rate_is_refused_and_the_error_names_the_way_out(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", noise(4410), 44100)
    with pytest.raises(SampleRateError, match=r"44100 Hz, but 16000 Hz .* resample=True .* sample_rate_hz=44100") as e:
        read_waveform(tmp_path / "a.wav")
    assert e.value.path == tmp_path / "a.wav"
    assert read_waveform(tmp_path / "a.wav", sample_rate_hz=44100).samples.dtype == np.int16


def test_resampling_keeps_a_tone_and_is_noted(tmp_path: Path) -> None:
    def tone(rate_hz: int) -> np.ndarray:
        return 0.5 * np.sin(2 * np.pi * 1000 * np.arange(rate_hz) / rate_hz)

    soundfile.write(tmp_path / "a.wav", tone(44100), 44100, subtype="PCM_16")
    wave = read_waveform(tmp_path / "a.wav", resample=True)
    assert wave.samples.dtype == np.float32
    assert wave.samples.shape == (16000,)
    assert wave.conversions == ("44100 -> 16000 Hz (soxr HQ)",)
    # 16-bit rounding is 1.5e-5; the ends, where the filter meets silence, are left out.
    np.testing.assert_allclose(wave.samples[200:-200], tone(16000)[200:-200], atol=5e-5)


def test_16_bit_samples_are_resampled_at_full_scale_1(tmp_path: Path) -> None:
    samples = noise(4410)
    soundfile.write(tmp_path / "a.wav", samples, 44100)
    expected = soxr.resample((samples / 32768).astype(np.float32), 44100, 16000, quality="HQ")
    np.testing.assert_array_equal(read_waveform(tmp_path / "a.wav", resample=True).samples, expected)


def test_resampling_the_right_rate_changes_nothing(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", noise(100), 16000)
    wave = read_waveform(tmp_path / "a.wav", resample=True)
    assert wave.samples.dtype == np.int16
    assert wave.conversions == ()


def test_several_channels_are_refused_and_the_error_names_both_ways_out(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", noise(100, 2), 16000)
    with pytest.raises(ChannelError, match=r'has 2 channels.*channel=0.*channel="mean"'):
        read_waveform(tmp_path / "a.wav")


def test_the_mean_of_channels_is_their_mean_at_full_scale_1(tmp_path: Path) -> None:
    samples = noise(100, 3)
    soundfile.write(tmp_path / "a.wav", samples, 16000)
    wave = read_waveform(tmp_path / "a.wav", channel="mean")
    assert wave.samples.dtype == np.float32
    assert wave.conversions == ("mean of 3 channels",)
    np.testing.assert_array_equal(wave.samples, (samples.mean(axis=1) / 32768).astype(np.float32))


def test_channel_and_rate_are_converted_in_the_order_noted(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", noise(4410, 2), 44100)
    wave = read_waveform(tmp_path / "a.wav", channel=1, resample=True)
    assert wave.conversions == ("channel 1 of 2", "44100 -> 16000 Hz (soxr HQ)")


def test_the_only_channel_is_also_channel_0_and_the_mean_of_one(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", noise(100), 16000)
    for choice in ("only", 0, "mean"):
        wave = read_waveform(tmp_path / "a.wav", channel=choice)  # type: ignore[arg-type]
        assert wave.samples.dtype == np.int16
        assert wave.conversions == ()


@pytest.mark.parametrize("channel", [2, -1])
def test_a_channel_that_is_not_there_is_an_error(tmp_path: Path, channel: int) -> None:
    soundfile.write(tmp_path / "a.wav", noise(100, 2), 16000)
    with pytest.raises(ChannelError, match=rf"no channel {channel}: channels count from 0 to 1"):
        read_waveform(tmp_path / "a.wav", channel=channel)


def test_arguments_outside_their_range_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="channel must be"):
        read_waveform(tmp_path / "a.wav", channel="left")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="sample_rate_hz must be positive"):
        read_waveform(tmp_path / "a.wav", sample_rate_hz=0)
    with pytest.raises(TypeError, match=r"sample_rate_hz must be a whole number of hertz.*got 16000\.0"):
        read_waveform(tmp_path / "a.wav", sample_rate_hz=16000.0)  # type: ignore[arg-type]
    for channel in (0.5, None):
        with pytest.raises(TypeError, match=f"channel must be a whole number.*got {channel}"):
            read_waveform(tmp_path / "a.wav", channel=channel)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_info_says_what_the_header_says(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    soundfile.write(path, noise(8000, 2), 32000)
    info = measure_recording(str(path)).info
    assert info == AudioInfo(path, sample_rate_hz=32000, channels=2, frames=8000, subtype="PCM_16")
    assert info.duration_s == 0.25
