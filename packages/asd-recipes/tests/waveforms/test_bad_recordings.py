"""Three hundred bad files in twenty classes of fifteen: each is found quickly, and none stops the check."""

import os
import struct
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from asd_recipes.dataset.data_check import check_dataset
from asd_recipes.dataset.scan import scan_dataset
from asd_runtime.cli import command_line
from asd_runtime.sound.recording_findings import Expected, judge_recording

_OF_EACH = 15
_RATE = 16_000
Rng = np.random.Generator


def _sound(rng: Rng, seconds: float = 2.0, channels: int = 1) -> np.ndarray:
    """A tone in noise, int16, with peaks at about a fifth of full scale."""
    time_s = np.arange(int(seconds * _RATE)) / _RATE
    tone = 4000 * np.sin(2 * np.pi * rng.uniform(100, 4000) * time_s)
    noise = 500 * rng.standard_normal((len(time_s), channels))
    samples = np.rint(tone[:, None] + noise).astype(np.int16)
    return samples[:, 0] if channels == 1 else samples


def _write(path: Path, samples: np.ndarray, rate: int = _RATE, **kind: str) -> None:
    soundfile.write(path, samples, rate, **({"format": "WAV"} | kind))


def _patched(path: Path, rng: Rng, offset: int, layout: str, value: int) -> None:
    """A good wav file with one number in its header changed."""
    _write(path, _sound(rng))
    content = bytearray(path.read_bytes())
    struct.pack_into(layout, content, offset, value)
    path.write_bytes(content)


def _no_bytes(path: Path, rng: Rng) -> None:
    path.touch()


def _no_samples(path: Path, rng: Rng) -> None:
    _write(path, np.zeros((0, int(rng.integers(1, 3))), np.int16))


def _text(path: Path, rng: Rng) -> None:
    path.write_text("404 Not Found\n" * int(rng.integers(1, 500)))


def _random_bytes(path: Path, rng: Rng) -> None:
    path.write_bytes(b"\x01" + rng.bytes(int(rng.integers(1, 50_000))))


def _other_format(path: Path, rng: Rng) -> None:
    formats = [("AIFF", "PCM_16"), ("AU", "PCM_16"), ("CAF", "PCM_16"), ("OGG", "VORBIS"), ("W64", "PCM_16")]
    format, subtype = formats[int(rng.integers(len(formats)))]
    _write(path, _sound(rng), format=format, subtype=subtype)


def _cut_wav(path: Path, rng: Rng) -> None:
    _write(path, _sound(rng), subtype=str(rng.choice(["PCM_16", "PCM_24", "FLOAT"])))
    content = path.read_bytes()
    path.write_bytes(content[: int(rng.integers(12, len(content)))])


def _cut_flac(path: Path, rng: Rng) -> None:
    _write(path, _sound(rng), format="FLAC")
    content = path.read_bytes()
    path.write_bytes(content[: int(rng.integers(1000, len(content)))])


def _length_unknown(path: Path, rng: Rng) -> None:
    _patched(path, rng, 40, "<I", 0xFFFFFFFF)


def _false_header(path: Path, rng: Rng) -> None:
    """No channels, no rate, an unknown codec, no bits."""
    offset, layout, value = [(22, "<H", 0), (24, "<I", 0), (20, "<H", 0x7777), (34, "<H", 0)][int(rng.integers(4))]
    _patched(path, rng, offset, layout, value)


def _endless_chunks(path: Path, rng: Rng) -> None:
    path.write_bytes(b"RIFF\xff\xff\xff\x7fWAVE" + bytes(int(rng.integers(10_000, 1_000_000)) * 8))


def _other_rate(path: Path, rng: Rng) -> None:
    _write(path, _sound(rng, 4.0), int(rng.choice([8000, 11_025, 22_050])))


def _many_channels(path: Path, rng: Rng) -> None:
    _write(path, _sound(rng, channels=int(rng.integers(2, 9))))


def _not_a_number(path: Path, rng: Rng) -> None:
    samples = (_sound(rng) / 32768).astype(np.float32)
    samples[rng.integers(0, len(samples), 3)] = rng.choice([np.nan, np.inf, -np.inf])
    _write(path, samples, subtype="FLOAT")


def _silence(path: Path, rng: Rng) -> None:
    _write(path, np.zeros(int(rng.integers(_RATE, 3 * _RATE)), np.int16))


def _constant(path: Path, rng: Rng) -> None:
    _write(path, np.full(2 * _RATE, int(rng.integers(1, 32_767)), np.int16))


def _clipped(path: Path, rng: Rng) -> None:
    """Clipped by a converter, or clipped and then scaled down; the latter only for sounds below a sixth of the rate."""
    scaled = bool(rng.integers(2))
    time_s = np.arange(2 * _RATE) / _RATE
    tone = np.sin(2 * np.pi * rng.uniform(100, 2500 if scaled else 8000) * time_s)
    loud = (tone + 0.1 * rng.standard_normal(len(tone))) * rng.uniform(1.5, 10)
    _write(path, np.rint(loud.clip(-1, 1) * (rng.uniform(8000, 20_000) if scaled else 32_767)).astype(np.int16))


def _floats_of_integers(path: Path, rng: Rng) -> None:
    _write(path, _sound(rng).astype(np.float32), subtype="FLOAT")


def _gap(path: Path, rng: Rng) -> None:
    samples = _sound(rng)
    start = int(rng.integers(100, _RATE))
    samples[start : start + int(rng.uniform(0.3, 0.9) * _RATE)] = samples[start]
    _write(path, samples)


def _short(path: Path, rng: Rng) -> None:
    _write(path, _sound(rng)[: int(rng.integers(1, _RATE))])


def _no_file(path: Path, rng: Rng) -> None:
    """A folder, a pipe, a broken link, a device."""
    kind = int(rng.integers(4))
    if kind == 0:
        path.mkdir()
    elif kind == 1:
        os.mkfifo(path)
    else:
        path.symlink_to("/nowhere/at/all.wav" if kind == 2 else "/dev/zero")


# The kinds of finding for each class. If there are two, chance decides which fault a file has: truncated within its
# header or after it; a broken link, or something that is not a regular file.
_CLASSES: list[tuple[Callable[[Path, Rng], None], set[str]]] = [
    (_no_bytes, {"empty"}),
    (_no_samples, {"empty"}),
    (_text, {"unreadable"}),
    (_random_bytes, {"unreadable"}),
    (_other_format, {"unreadable"}),
    (_cut_wav, {"truncated"}),
    (_cut_flac, {"truncated"}),
    (_length_unknown, {"truncated"}),
    (_false_header, {"unreadable"}),
    (_endless_chunks, {"unreadable", "truncated"}),
    (_other_rate, {"wrong rate"}),
    (_many_channels, {"wrong channels"}),
    (_not_a_number, {"not finite"}),
    (_silence, {"silent"}),
    (_constant, {"constant"}),
    (_clipped, {"clipped"}),
    (_floats_of_integers, {"beyond full scale"}),
    (_gap, {"dropout"}),
    (_short, {"too short", "silent", "constant"}),
    (_no_file, {"unreadable", "no such clip"}),
]


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, set[str]]]:
    """A data set of 300 bad and 20 good clips, and for each key the expected kinds of finding."""
    root = tmp_path_factory.mktemp("bad")
    folder = root / "fan" / "train"
    folder.mkdir(parents=True)
    expected: dict[str, set[str]] = {}
    for number, (make, kinds) in enumerate(_CLASSES):
        for of_class in range(_OF_EACH):
            rng = np.random.default_rng([2023, number, of_class])
            name = f"section_00_source_train_normal_{100 * number + of_class:04d}.wav"
            make(folder / name, rng)
            expected[f"fan/train/{name}"] = kinds
        good = f"section_00_source_train_normal_{100 * number + 99:04d}.wav"
        _write(folder / good, _sound(np.random.default_rng([7, number])))
    return root, expected


def test_each_bad_file_has_a_typed_finding_and_each_good_one_has_none(bad: tuple[Path, dict[str, set[str]]]) -> None:
    root, expected = bad
    dataset = scan_dataset(root)
    seen: list[int] = []
    report = check_dataset(dataset, Expected(), advance=seen.append)
    assert sum(seen) == len(dataset.clips) == 320, "no file stops the others"
    found: dict[str, set[str]] = {}
    for problem in report.problems:
        found.setdefault(problem.file, set()).add(problem.kind)
        assert problem.reason
    assert {key: found.get(key, set()) for key, kinds in expected.items() if not found.get(key, set()) & kinds} == {}
    assert {key for key in found if key not in expected} == {"fan"}, "of the machine as a whole: it has no test clips"


@pytest.mark.timed
def test_no_bad_file_takes_two_seconds(bad: tuple[Path, dict[str, set[str]]]) -> None:
    slow = {}
    for key in bad[1]:
        start = time.perf_counter()
        judge_recording(bad[0] / key, Expected())
        if (taken := time.perf_counter() - start) > 2:
            slow[key] = taken
    assert slow == {}


@pytest.mark.parametrize("flat", [False, True])
def test_floats_beyond_full_scale_are_clipped_only_where_their_tops_are_flat(flat: bool, tmp_path: Path) -> None:
    wave = 4e8 * np.random.default_rng(3).standard_normal(2 * _RATE)
    _write(tmp_path / "a.wav", np.clip(wave, -6e8, 6e8) if flat else wave, subtype="FLOAT")
    kinds = [kind for kind, _ in judge_recording(tmp_path / "a.wav", Expected()).findings]
    assert kinds == (["clipped"] if flat else []) + ["beyond full scale"]


def test_the_command_goes_on_past_bad_files_and_exits_with_1(bad: tuple[Path, dict[str, set[str]]]) -> None:
    result = CliRunner().invoke(command_line(), ["data", "check", str(bad[0]), "--quiet"])
    assert result.exit_code == 1, result.output
    assert "320 clips, " in result.output


@pytest.mark.timed
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    container=st.sampled_from(["WAV", "WAVEX", "RF64", "FLAC"]),
    damage=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_a_header_damaged_anywhere_never_stops_the_check(
    tmp_path: Path, container: str, damage: list[tuple[int, int]]
) -> None:
    path = tmp_path / "a.wav"
    _write(path, np.random.default_rng(0).integers(-3000, 3000, 20_000).astype(np.int16), format=container)
    content = bytearray(path.read_bytes())
    for offset, value in damage:
        content[offset] = value
    path.write_bytes(content)
    start = time.perf_counter()
    judgement = judge_recording(path, Expected())
    assert time.perf_counter() - start < 2
    assert judgement.measures is not None or judgement.findings
