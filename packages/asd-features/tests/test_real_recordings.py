"""Real recordings: DCASE 2023 clips are read as they are, an engineer's stereo files only when told how."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asd_features import (
    ChannelError,
    SampleRateError,
    SegmentSettings,
    log_mel,
    measure_recording,
    power_weights,
    read_waveform,
    segments,
)


def test_28_dcase_clips_stay_int16_and_give_5_segments_of_10_s_or_7_of_12_s(recordings: Path) -> None:
    paths = sorted(recordings.glob("dcase2023_clips/*/*/*.wav"))
    assert len(paths) == 28
    counts = []
    for path in paths:
        wave = read_waveform(path)
        info = measure_recording(path).info
        assert wave.samples.dtype == np.int16
        assert wave.conversions == ()
        assert wave.samples.shape == (info.frames,)
        counts.append((info.duration_s, SegmentSettings().count(info.frames), len(segments(wave.samples))))
    assert sorted(set(counts)) == [(10.0, 5, 5), (12.0, 7, 7)]


def test_features_of_real_clips_are_finite_and_their_weights_sum_to_one(recordings: Path) -> None:
    paths = sorted(recordings.glob("dcase2023_clips/*/train/*.wav"))[::2]
    assert paths
    for path in paths:
        wave = read_waveform(path).samples
        assert np.isfinite(log_mel(segments(wave)[0])).all()
        assert power_weights(wave, bins=10).sum() == pytest.approx(1.0)


def test_stereo_recordings_are_refused_until_a_channel_is_chosen(recordings: Path) -> None:
    paths = sorted(recordings.glob("bldc_motors/*/M[23]/*.wav"))
    assert paths
    for path in paths:
        with pytest.raises(ChannelError):
            read_waveform(path)
    first, second, mean = (read_waveform(paths[0], channel=choice) for choice in (0, 1, "mean"))  # type: ignore[arg-type]
    assert first.samples.dtype == np.int16
    assert first.conversions == ("channel 0 of 2",)
    half_sum = (first.samples.astype(float) + second.samples) / 65536
    np.testing.assert_array_equal(mean.samples, half_sum.astype(np.float32))


def test_a_recording_at_44100_hz_is_refused_until_resampling_is_allowed(recordings: Path) -> None:
    path = recordings / "bldc_motors" / "Healthy" / "M1" / "1400.wav"
    with pytest.raises(SampleRateError):
        read_waveform(path, channel=0)
    with pytest.raises(ChannelError):
        read_waveform(path, resample=True)
    wave = read_waveform(path, channel=0, resample=True)
    assert wave.samples.dtype == np.float32
    assert wave.samples.size == pytest.approx(448027 * 16000 / 44100, abs=1)
    assert wave.conversions == ("channel 0 of 2", "44100 -> 16000 Hz (soxr HQ)")
