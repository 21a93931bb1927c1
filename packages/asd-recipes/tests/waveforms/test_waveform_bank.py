"""Crops equal plain slices, a broken file is left out and reported, and the digest covers every sample."""

import errno
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asd_features import waveform_blocks
from asd_recipes.dataset.clip import Clip
from asd_recipes.dataset.clip_name import parse_clip_name
from asd_recipes.waveforms.waveform_bank import WaveformBank, load_bank, open_bank
from asd_runtime.sound.audio import Audio

SAMPLES = [np.random.default_rng(number).integers(-32768, 32768, 900 + number, np.int16) for number in range(4)]


def _write(folder: Path) -> list[Clip]:
    clips = []
    for number, samples in enumerate(SAMPLES):
        name = f"section_00_source_train_normal_{number:04d}_spd_1.wav"
        path = folder / "fan" / "train" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, 16_000)
        clips.append(Clip("fan", "train", path, parse_clip_name(name)))
    return clips


def _read(clips: list[Clip]) -> WaveformBank:
    return open_bank(clips, Audio(), _place(clips), advance=lambda steps: None)


def _place(clips: list[Clip]) -> Path:
    """The bank's folder, beside the recordings."""
    return clips[-1].path.parents[2] / "bank"


def test_files_become_the_16_bit_samples_that_they_hold(tmp_path: Path) -> None:
    bank = _read(_write(tmp_path))
    assert bank.problems == ()
    assert {wave.dtype for wave in bank.waves} == {np.dtype(np.int16)}
    for wave, samples in zip(bank.waves, SAMPLES, strict=True):
        np.testing.assert_array_equal(wave, samples)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:500]), id="truncated"),
        pytest.param(lambda path: path.write_bytes(b"not a recording"), id="no audio"),
        pytest.param(lambda path: path.unlink(), id="gone"),
        pytest.param(lambda path: soundfile.write(path, np.ones(900, np.int16), 8_000), id="other rate"),
        pytest.param(lambda path: soundfile.write(path, np.ones((900, 2), np.int16), 16_000), id="two channels"),
    ],
)
def test_a_broken_file_is_left_out_and_reported(damage, tmp_path: Path) -> None:
    clips = _write(tmp_path)
    damage(clips[1].path)
    steps: list[int] = []
    bank = open_bank(clips, Audio(), tmp_path / "bank", advance=steps.append)
    assert bank.clips == (clips[0], clips[2], clips[3])
    assert [len(wave) for wave in bank.waves] == [900, 902, 903]
    assert [problem.file for problem in bank.problems] == [clips[1].key]
    assert bank.problems[0].reason
    assert sum(steps) == len(clips), "the progress counts the broken file too"


def test_the_digest_is_of_keys_and_samples_and_not_of_the_place(tmp_path: Path) -> None:
    first, second = _read(_write(tmp_path / "here")), _read(_write(tmp_path / "there"))
    assert first.digest == second.digest


def test_the_digest_changes_with_a_sample_a_name_or_a_missing_clip(tmp_path: Path) -> None:
    clips = _write(tmp_path)
    digests = {_read(clips).digest, _read(clips[:-1]).digest}
    renamed = clips[0].path.rename(clips[0].path.with_name("section_00_source_train_normal_0009_spd_1.wav"))
    digests.add(_read([Clip("fan", "train", renamed, parse_clip_name(renamed.name)), *clips[1:]]).digest)
    renamed.rename(clips[0].path)
    changed = SAMPLES[0].copy()
    changed[450] ^= 1  # the last bit of one sample
    soundfile.write(clips[0].path, changed, 16_000)
    digests.add(_read(clips).digest)
    assert len(digests) == 4


def _opened(clips: list[Clip], audio: Audio | None = None) -> tuple[WaveformBank, list[str]]:
    """The bank, and the files that were read for it."""
    read: list[str] = []

    def watched(path: Path, **settings: object) -> object:
        read.append(path.name)
        return waveform_blocks(path, **settings)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("asd_recipes.waveforms.waveform_bank.waveform_blocks", watched)
        return open_bank(clips, audio or Audio(), _place(clips), advance=lambda steps: None), read


def test_a_bank_is_read_once_and_then_mapped(tmp_path: Path) -> None:
    clips = _write(tmp_path)
    clips[1].path.write_bytes(b"broken")
    first, read = _opened(clips)
    assert len(read) == 4
    second, read = _opened(clips)
    assert read == []
    assert (second.clips, second.problems, second.digest) == (first.clips, first.problems, first.digest)
    for one, other in zip(first.waves, second.waves, strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match="read-only"):
        second.waves[0][0] = 1


def test_a_bank_is_read_again_when_a_file_or_the_recipe_changed(tmp_path: Path) -> None:
    clips = _write(tmp_path)
    first, _ = _opened(clips)
    soundfile.write(clips[2].path, SAMPLES[2] // 2, 16_000)
    second, read = _opened(clips)
    assert len(read) == 4
    assert second.digest != first.digest
    np.testing.assert_array_equal(second.waves[2], SAMPLES[2] // 2)
    assert len(_opened(clips, Audio(channel=0))[1]) == 4
    assert len(_opened(clips[:3], Audio(channel=0))[1]) == 3


def _fail(name: str, error: OSError, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes reading that file fail, as for a user without the permission; root may read everything."""

    def failing(path: Path, **settings: object) -> Iterator[object]:
        if path.name == name:
            raise error
        yield from waveform_blocks(path, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr("asd_recipes.waveforms.waveform_bank.waveform_blocks", failing)


@pytest.mark.parametrize(
    "error",
    [
        PermissionError(errno.EACCES, "Permission denied"),
        OSError(errno.EIO, "Input/output error"),
        FileNotFoundError(errno.ENOENT, "a disk that was away for a moment"),
    ],
    ids=["permission", "disk", "gone for a moment"],
)
def test_a_file_that_could_not_be_read_is_tried_again_though_it_has_the_same_size_and_time(
    error: OSError, tmp_path: Path
) -> None:
    clips = _write(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        _fail(clips[1].path.name, error, patch)
        for _ in range(2):
            without = _read(clips)
            assert [problem.reason for problem in without.problems] == [error.strerror]
            assert load_bank(clips, _place(clips)).problems == without.problems, "this run's other processes map it"
    bank, read = _opened(clips)
    assert len(read) == 4
    assert bank.problems == ()
    np.testing.assert_array_equal(bank.waves[1], SAMPLES[1])
    assert _opened(clips)[1] == [], "which is kept"


def test_a_missing_clip_causes_no_new_reading_until_it_appears(tmp_path: Path) -> None:
    clips = _write(tmp_path)
    content = clips[1].path.read_bytes()
    clips[1].path.unlink()
    assert len(_opened(clips)[1]) == 4
    assert _opened(clips)[1] == []
    clips[1].path.write_bytes(content)
    assert _opened(clips)[0].problems == ()


def test_the_remains_of_a_killed_reader_are_not_a_bank(tmp_path: Path) -> None:
    clips = _write(tmp_path)
    _opened(clips)
    (_place(clips) / "index.json").unlink()
    (tmp_path / ".bank.partial").mkdir()
    (tmp_path / ".bank.partial" / "samples.int16").write_bytes(b"half")
    bank, read = _opened(clips)
    assert len(read) == 4
    np.testing.assert_array_equal(bank.waves[3], SAMPLES[3])


def test_float_recordings_and_16_bit_ones_share_a_bank(tmp_path: Path) -> None:
    clips = _write(tmp_path)
    wave = np.random.default_rng(1).uniform(-1, 1, 800).astype(np.float32)
    soundfile.write(clips[1].path, wave, 16_000, subtype="FLOAT")
    for _ in range(2):
        bank, _ = _opened(clips)
        np.testing.assert_array_equal(bank.waves[1], wave)
        np.testing.assert_array_equal(bank.waves[2], SAMPLES[2])


def test_nothing_is_kept_of_a_clip_whose_fault_shows_at_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The digest is that of the other clips. A full disk is not a clip's fault."""
    clips = _write(tmp_path)
    others = [clips[0], *clips[2:]]
    floats = np.random.default_rng(2).uniform(-1, 1, 900).astype(np.float32)
    soundfile.write(clips[2].path, floats, 16_000, subtype="FLOAT")
    without = _read(others)
    floats[-1] = np.nan
    soundfile.write(clips[1].path, floats, 16_000, subtype="FLOAT")
    monkeypatch.setattr(sys.modules["asd_features.waveform_blocks"], "_BLOCK_SAMPLES", 100)
    bank = _read(clips)
    assert [problem.kind for problem in bank.problems] == ["NonFiniteAudioError"]
    assert (bank.clips, bank.digest) == (without.clips, without.digest)
    for one, other in zip(bank.waves, without.waves, strict=True):
        np.testing.assert_array_equal(one, other)
    assert (_place(clips) / "samples.float32").stat().st_size == 900 * 4


def test_a_selection_holds_the_clips_that_a_plain_loop_finds(make_bank) -> None:
    bank = make_bank(machines=("fan", "valve"))
    for machine, folder, domain in [("fan", "train", None), (None, "test", "target"), ("valve", "train", "source")]:
        expected = []
        for index, clip in enumerate(bank.clips):
            named = f"/{folder}/section_00_{domain or ''}" in clip.key
            if named and clip.key.startswith(machine or ""):
                expected.append(index)
        assert bank.select(machine=machine, folder=folder, domain=domain) == expected != []
