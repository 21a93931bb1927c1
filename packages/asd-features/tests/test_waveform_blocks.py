"""A recording in blocks is the recording: bit for bit, with the same errors, and in constant memory."""

from __future__ import annotations

import struct
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr

from asd_features import (
    ChannelError,
    EmptyAudioError,
    NonFiniteAudioError,
    SampleRateError,
    TruncatedAudioError,
    read_waveform,
    waveform_blocks,
)

MODULE = sys.modules["asd_features.waveform_blocks"]  # of the function's name
MOST_MEMORY = 40e6  # bytes, for any length: a block of a million samples, its mean in float64, and it resampled


def noise(frames: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-32768, 32768, (frames, channels)).astype(np.int16)


def silence(path: Path, *, seconds: int, rate_hz: int, channels: int) -> None:
    """A 16-bit file of zeros that takes no place on the disk."""
    frame_bytes = 2 * channels
    data_bytes = seconds * rate_hz * frame_bytes
    header = b"RIFF" + struct.pack("<I", 36 + data_bytes) + b"WAVEfmt "
    header += struct.pack("<IHHIIHH", 16, 1, channels, rate_hz, rate_hz * frame_bytes, frame_bytes, 16)
    path.write_bytes(header + b"data" + struct.pack("<I", data_bytes))
    with path.open("r+b") as file:
        file.truncate(44 + data_bytes)


@pytest.mark.parametrize("block_samples", [700, 4096, 30_001])
@pytest.mark.parametrize(
    ("name", "subtype", "rate_hz", "channel"),
    [
        ("a.wav", "PCM_16", 16_000, "mean"),
        ("a.flac", "PCM_16", 16_000, 1),
        ("a.wav", "PCM_24", 44_100, 0),
        ("a.flac", "PCM_16", 48_000, "mean"),
        ("a.wav", "FLOAT", 8_000, "mean"),
    ],
)
def test_the_blocks_are_the_whole_recording_bit_for_bit(
    name: str,
    subtype: str,
    rate_hz: int,
    channel: Any,
    block_samples: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / name
    soundfile.write(path, noise(60_000, 2), rate_hz, subtype=subtype)
    whole = read_waveform(path, channel=channel, resample=True).samples
    monkeypatch.setattr(MODULE, "_BLOCK_SAMPLES", block_samples)
    blocks = list(waveform_blocks(path, channel=channel, resample=True))
    assert len(blocks) >= 3
    assert {block.dtype for block in blocks} == {whole.dtype}
    assert min(block.size for block in blocks) > 0
    np.testing.assert_array_equal(np.concatenate(blocks), whole)
    np.testing.assert_array_equal(read_waveform(path, channel=channel, resample=True).samples, whole)


@pytest.mark.parametrize("frames", [1, 5, 50_000])
def test_resampled_blocks_are_what_soxr_gives_at_once(
    frames: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = noise(frames)[:, 0]
    soundfile.write(tmp_path / "a.wav", samples, 22_050)
    expected = soxr.resample(samples.astype(np.float32) / np.float32(32768), 22_050, 16_000, quality="HQ")
    monkeypatch.setattr(MODULE, "_BLOCK_SAMPLES", 7_000)
    np.testing.assert_array_equal(read_waveform(tmp_path / "a.wav", resample=True).samples, expected)


def test_what_is_wrong_with_a_recording_is_said_in_blocks_as_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = np.zeros(9_000, np.float32)
    bad[[4_000, 8_000]] = np.nan, np.inf
    soundfile.write(tmp_path / "nan.wav", bad, 16_000, subtype="FLOAT")
    soundfile.write(tmp_path / "both.wav", noise(9_000, 2), 16_000)
    soundfile.write(tmp_path / "fast.wav", noise(3), 48_000 * 64)
    soundfile.write(tmp_path / "cut.flac", noise(90_000), 16_000)
    whole = (tmp_path / "cut.flac").read_bytes()
    (tmp_path / "cut.flac").write_bytes(whole[: len(whole) // 2])
    monkeypatch.setattr(MODULE, "_BLOCK_SAMPLES", 1_000)
    for name, error, message in (
        ("nan.wav", NonFiniteAudioError, "2 of 9000 samples are NaN or infinite, the first at sample 4000"),
        ("both.wav", ChannelError, "2 channels"),
        ("fast.wav", SampleRateError, "resample=True"),
        ("cut.flac", TruncatedAudioError, "cut off or damaged"),
    ):
        for read in (read_waveform, lambda path: list(waveform_blocks(path))):
            with pytest.raises(error, match=message):
                read(tmp_path / name)
    with pytest.raises(EmptyAudioError, match="less than one"):
        list(waveform_blocks(tmp_path / "fast.wav", resample=True))
    taken = []
    with pytest.raises(NonFiniteAudioError):
        taken.extend(waveform_blocks(tmp_path / "nan.wav"))
    assert sum(block.size for block in taken) == 4_000, "what comes before the error is sound"
    with pytest.raises(ValueError, match="channel must be"):
        waveform_blocks(tmp_path / "nan.wav", channel="left")  # type: ignore[arg-type]


def test_a_long_recording_takes_no_more_memory_than_a_block(tmp_path: Path) -> None:
    """900 s in stereo at 44.1 kHz: 159 MB as they are stored, 58 MB as one channel at 16 kHz."""
    silence(tmp_path / "long.wav", seconds=900, rate_hz=44_100, channels=2)
    tracemalloc.start()
    try:
        samples = sum(b.size for b in waveform_blocks(tmp_path / "long.wav", channel="mean", resample=True))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert samples == 900 * 16_000
    assert most < MOST_MEMORY
