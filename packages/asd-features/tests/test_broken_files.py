"""No broken file is read as samples: each raises an error that names its fault, its path and what to do."""

from __future__ import annotations

import os
import pickle
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asd_features import (
    AudioError,
    EmptyAudioError,
    NonFiniteAudioError,
    SampleRateError,
    TruncatedAudioError,
    UnreadableAudioError,
    measure_recording,
    read_waveform,
)

READERS = [read_waveform, measure_recording]


def noise(frames: int) -> np.ndarray:
    return np.random.default_rng(0).integers(-3000, 3000, frames).astype(np.int16)


def chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def wav_bytes(*before_data: bytes, declared: int, data: bytes) -> bytes:
    """A 16 kHz mono 16-bit wav file with any chunks before its samples and any declared length."""
    form = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 16000, 32000, 2, 16))
    body = b"WAVE" + form + b"".join(before_data) + b"data" + struct.pack("<I", declared) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("format", ["WAV", "WAVEX", "RF64", "FLAC"])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keep=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_anywhere_is_refused(
    tmp_path: Path, format: str, read: Callable[[Path], object], keep: float
) -> None:
    path = tmp_path / "whole"
    soundfile.write(path, noise(20000), 16000, format=format, subtype="PCM_16")
    content = path.read_bytes()
    cut = tmp_path / "cut"
    cut.write_bytes(content[: int(keep * len(content))])
    with pytest.raises(AudioError) as caught:
        read(cut)
    assert caught.value.path == cut
    if keep > 0.5:
        assert isinstance(caught.value, TruncatedAudioError)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_a_file_that_lacks_its_last_byte_is_truncated(
    tmp_path: Path, name: str, read: Callable[[Path], object]
) -> None:
    path = tmp_path / name
    soundfile.write(path, noise(5000), 16000)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(TruncatedAudioError, match="again"):
        read(path)


def test_a_flac_file_damaged_inside_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, noise(50000), 16000)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 20] = bytes(value ^ 0x5A for value in content[middle : middle + 20])
    path.write_bytes(content)
    with pytest.raises(TruncatedAudioError, match="damaged"):
        read_waveform(path)


def test_chunks_before_the_samples_are_walked_over(tmp_path: Path) -> None:
    samples = noise(100)
    path = tmp_path / "a.wav"
    path.write_bytes(wav_bytes(chunk(b"LIST", b"odd"), chunk(b"junk", b""), declared=200, data=samples.tobytes()))
    np.testing.assert_array_equal(read_waveform(path).samples, samples)


def test_chunks_after_the_samples_do_not_matter(tmp_path: Path) -> None:
    samples = noise(100)
    path = tmp_path / "a.wav"
    path.write_bytes(wav_bytes(declared=200, data=samples.tobytes() + chunk(b"LIST", b"made by hand")))
    np.testing.assert_array_equal(read_waveform(path).samples, samples)


@pytest.mark.parametrize("read", READERS)
def test_a_wav_header_that_declares_gigabytes_is_refused_before_they_are_allocated(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav_bytes(declared=4_000_000_000, data=noise(100).tobytes()))
    tracemalloc.start()
    with pytest.raises(TruncatedAudioError, match="declares 4000000000 bytes of samples, the file holds 200"):
        read(path)
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("frames", "rule"),
    [(10**9, "decoding stopped after"), (2**36 - 1, "bytes cannot hold"), (0, "bytes cannot hold")],
)
def test_a_flac_header_that_declares_gigabytes_is_refused_before_they_are_allocated(
    tmp_path: Path, frames: int, rule: str
) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, noise(200_000), 16000)
    content = bytearray(path.read_bytes())
    # STREAMINFO ends its 36-bit number of frames (0: unknown) at byte 26 of the file.
    content[21] = content[21] & 0xF0 | frames >> 32
    content[22:26] = struct.pack(">I", frames & 0xFFFFFFFF)
    path.write_bytes(content)
    tracemalloc.start()
    with pytest.raises(TruncatedAudioError, match=rule):
        read_waveform(path)
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


@pytest.mark.parametrize("read", READERS)
def test_a_wav_file_of_unknown_length_is_refused_and_the_error_names_the_way_out(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav_bytes(declared=0xFFFFFFFF, data=noise(100).tobytes()))
    with pytest.raises(TruncatedAudioError, match="ffmpeg"):
        read(path)


@pytest.mark.parametrize("read", READERS)
def test_an_empty_file_is_empty(tmp_path: Path, read: Callable[[Path], object]) -> None:
    path = tmp_path / "a.wav"
    path.touch()
    with pytest.raises(EmptyAudioError, match="no bytes"):
        read(path)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_a_file_without_samples_is_empty(tmp_path: Path, name: str, read: Callable[[Path], object]) -> None:
    path = tmp_path / name
    soundfile.write(path, noise(0), 16000)
    with pytest.raises((EmptyAudioError, TruncatedAudioError) if name == "a.flac" else EmptyAudioError):
        read(path)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "content",
    [
        b"file_name,d1p,d1v\n",
        b"OggS" + bytes(100),
        b"RIFF\x10\0\0\0AVI LIST",
        wav_bytes(declared=2, data=b"\0\0").replace(b"fmt ", b"fmt_"),
        b"RIFF\0\0\0\0WAVE" + bytes(1_000_000),
        b"fLaC" + bytes(100),
    ],
    ids=["text", "ogg", "avi", "no format", "zeros", "flac magic alone"],
)
def test_what_is_neither_wav_nor_flac_is_unreadable(
    tmp_path: Path, content: bytes, read: Callable[[Path], object]
) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(UnreadableAudioError) as caught:
        read(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("read", READERS)
def test_a_folder_is_unreadable_and_a_missing_file_is_not_found(tmp_path: Path, read: Callable[[Path], object]) -> None:
    with pytest.raises(UnreadableAudioError, match="not a regular file"):
        read(tmp_path)
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "missing.wav")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_named_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.wav")
    with pytest.raises(UnreadableAudioError, match="not a regular file"):
        read_waveform(tmp_path / "a.wav")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("channel", ["only", "mean", 0])
def test_a_sample_that_is_not_finite_is_found_and_its_place_named(
    tmp_path: Path, bad: float, channel: int | str
) -> None:
    samples = np.zeros((100, 1 if channel == "only" else 2), np.float32)
    samples[42, 0] = bad
    soundfile.write(tmp_path / "a.wav", samples, 16000, subtype="FLOAT")
    with pytest.raises(NonFiniteAudioError, match=r"1 of 100 samples .* the first at sample 42"):
        read_waveform(tmp_path / "a.wav", channel=channel)  # type: ignore[arg-type]


def test_a_clip_too_short_to_resample_is_empty(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", noise(1), 192000)
    with pytest.raises(EmptyAudioError, match="less than one at 16000 Hz"):
        read_waveform(tmp_path / "a.wav", resample=True)


def test_a_rate_that_would_make_gigabytes_of_a_small_file_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", noise(100_000), 1)
    with pytest.raises(SampleRateError, match="grow more than 64-fold"):
        read_waveform(tmp_path / "a.wav", resample=True)
    assert read_waveform(tmp_path / "a.wav", sample_rate_hz=1).samples.dtype == np.int16


def test_errors_are_value_errors_and_survive_a_worker_process(tmp_path: Path) -> None:
    error = TruncatedAudioError(tmp_path / "a.wav", "is cut")
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, ValueError)
    assert (type(again), str(again), again.path) == (TruncatedAudioError, str(error), error.path)
