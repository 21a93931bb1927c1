"""Programs in C, C++ and Rust, built outside the tree against an installed core, print the numbers of Python."""

import subprocess
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import asd_native
from asd_features import power_weights, segment_log_mel, segments

Int16Array = NDArray[np.int16]
PLUGIN = """
#include <asd/asd.h>
int level(const short *wave, const asd_log_mel *log_mel, const asd_segment_options *options, float *mel) {
    return asd_log_mel_segments(log_mel, wave, 1, 80000, options, mel);
}
"""
PLUGIN_LISTS = """
cmake_minimum_required(VERSION 3.18...3.30)
project(plugin LANGUAGES C)
find_package(asd REQUIRED)
add_library(plugin SHARED plugin.c)
target_link_libraries(plugin PRIVATE asd::asd_static)
"""
LANGUAGES = ["c", "cpp", "rust"]


def written(path: Path, samples: Int16Array, *, rate_hz: int = 16000, channels: int = 1, width: int = 2) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate_hz)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def recording(seed: int, samples: int) -> Int16Array:
    """Noise that swells and fades, so that segments differ in level and weight."""
    noise = np.random.default_rng(seed).integers(-8000, 8000, samples)
    return (noise * (1 + np.arange(samples) * 7 // samples % 5) // 5).astype(np.int16)


def expected_lines(samples: Int16Array) -> list[str]:
    """What the examples print, by asd_features, which has the filter from SciPy."""
    mel, weights = segment_log_mel(samples), power_weights(samples)
    starts = asd_native.segment_starts(len(samples), segment_samples=80000, hop_samples=20000)
    levels = mel.max(axis=(1, 2)).astype(np.float64)
    lines = [f"{len(mel)} segments of {mel.shape[1]} bands x {mel.shape[2]} frames"]
    lines.append("start_s  loudest_db  band  frame    weight")
    for start, cells, level, weight in zip(starts, mel, levels, weights[:, 0], strict=True):
        band, frame = np.unravel_index(int(cells.argmax()), cells.shape)
        lines.append(f"{start / 16000:7.2f}  {level:10.4f}  {band:4}  {frame:5}  {weight:8.6f}")
    means = asd_native.weighted_mean(np.stack([levels, levels]), np.stack([np.ones_like(levels), weights[:, 0]]))
    return [*lines, f"mean {means[0]:.4f}  weighted {means[1]:.4f}"]


def ran(program: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module", params=LANGUAGES)
def example(request: pytest.FixtureRequest, moved: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example in each language, over the installed folder that was moved."""
    program: Path = moved.example(request.param, tmp_path_factory.mktemp(request.param))
    return program


@pytest.mark.parametrize("samples", [192000, 160001, 80000, 12345])
def test_an_example_prints_the_numbers_of_the_python_packages(example: Path, samples: int, tmp_path: Path) -> None:
    wave_samples = recording(samples, samples)
    assert len(segments(wave_samples)) >= 1
    done = ran(example, written(tmp_path / "clip.wav", wave_samples))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == expected_lines(wave_samples)


def test_an_example_refuses_what_is_no_whole_mono_16_bit_wav_at_16_khz(example: Path, tmp_path: Path) -> None:
    whole = written(tmp_path / "whole.wav", recording(0, 16000)).read_bytes()
    format_chunk = whole[12:36]
    wrong = {
        "cannot": None,
        "not a wav": b"RIFX" + whole[4:],
        "is not a wav": whole[:11],
        "ends within a chunk": whole[:-1],
        "has no data": whole[:36],
        "before their format": whole[:12] + whole[36:],
        "whole samples": whole[:40] + b"\x03\0\0\0" + whole[44:47],
        "mono": written(tmp_path / "stereo.wav", recording(0, 16000), channels=2).read_bytes(),
        "16000 Hz": written(tmp_path / "fast.wav", recording(0, 16000), rate_hz=48000).read_bytes(),
        "16-bit": written(tmp_path / "deep.wav", recording(0, 16000), width=4).read_bytes(),
        "PCM": whole[:20] + b"\x03" + whole[21:],
        "is not 16-bit PCM": whole[:12] + format_chunk[:4] + b"\x04\0\0\0" + format_chunk[8:12] + whole[36:],
    }
    for word, content in wrong.items():
        file = tmp_path / "wrong.wav"
        file.unlink(missing_ok=True)
        if content is not None:
            file.write_bytes(content)
        done = ran(example, file)
        assert done.returncode == 1, word
        assert done.stdout == ""
        if content is not None:
            assert word in done.stderr
    assert ran(example).returncode == 1


def test_an_example_skips_chunks_that_it_does_not_know(example: Path, tmp_path: Path) -> None:
    whole = written(tmp_path / "whole.wav", recording(1, 90000)).read_bytes()
    (tmp_path / "odd.wav").write_bytes(whole[:12] + b"LIST\x03\0\0\0abc\0" + whole[12:] + b"tail\x01\0\0\0x")
    assert ran(example, tmp_path / "odd.wav").stdout == ran(example, tmp_path / "whole.wav").stdout != ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_wheel_serves_each_language_as_the_installed_folder_does(language: str, wheel: Any, tmp_path: Path) -> None:
    samples = recording(2, 100000)
    build: Callable[[str, Path], Path] = wheel.example
    done = ran(build(language, tmp_path), written(tmp_path / "clip.wav", samples))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == expected_lines(samples)


def test_the_static_library_makes_a_program_in_c_that_needs_no_shared_one(moved: Any, tmp_path: Path) -> None:
    program: Path = moved.c(tmp_path, target="asd::asd_static")
    samples = recording(3, 100000)
    assert ran(program, written(tmp_path / "clip.wav", samples)).stdout.splitlines() == expected_lines(samples)
    assert b"libasd.so" not in program.read_bytes()


def test_a_plug_in_with_the_static_library_passes_none_of_its_names_on(moved: Any, tmp_path: Path) -> None:
    (tmp_path / "plugin.c").write_text(PLUGIN, encoding="utf-8")
    (tmp_path / "CMakeLists.txt").write_text(PLUGIN_LISTS, encoding="utf-8")
    for command in (["-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={moved.folder}"], ["--build", "build"]):
        subprocess.run(["cmake", *command], cwd=tmp_path, check=True)
    names = subprocess.run(
        ["nm", "-D", "--defined-only", "--format=posix", "build/libplugin.so"],
        cwd=tmp_path, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert [line.split()[0] for line in names.splitlines()] == ["level"]
