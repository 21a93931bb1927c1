"""Every file below a folder is a recording, hidden, irrelevant, or named with the reason why it is left out."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from asd_runtime.sound.folder_search import search_folder


def _touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")


@pytest.fixture(autouse=True)
def _never_hangs() -> Iterator[None]:
    signal.alarm(20)
    yield
    signal.alarm(0)


def test_recordings_are_found_at_any_depth_in_sorted_order_and_hidden_ones_are_not(tmp_path: Path) -> None:
    _touch(tmp_path, "b.wav", "a.FLAC", "Prüfstand 2/montags/c.wav", "notes.txt", ".d.wav", ".git/e.wav", "x.wav/f.wav")
    search = search_folder(tmp_path)
    names = [path.relative_to(tmp_path).as_posix() for path in search.recordings]
    assert names == ["Prüfstand 2/montags/c.wav", "a.FLAC", "b.wav", "x.wav/f.wav"]
    assert search.problems == ()


@pytest.mark.parametrize("name", ["monday.mp3", "deep/phone.M4A", "a.aiff", "b.ogg", "c.wma", "d.w64"])
def test_an_audio_file_of_another_format_is_named_with_the_way_out(name: str, tmp_path: Path) -> None:
    _touch(tmp_path, "a.wav", name)
    search = search_folder(tmp_path)
    assert [path.name for path in search.recordings] == ["a.wav"]
    (problem,) = search.problems
    assert (problem.file, problem.kind, problem.severity) == (str(tmp_path / name), "other format", "error")
    assert "Convert it: ffmpeg -i" in problem.reason


def test_a_link_to_a_folder_is_named_and_not_followed_even_in_a_circle(tmp_path: Path) -> None:
    _touch(tmp_path, "pump/a.wav", "elsewhere/b.wav")
    (tmp_path / "pump" / "up").symlink_to(tmp_path)
    (tmp_path / "pump" / "more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "pump" / "c.wav").symlink_to(tmp_path / "elsewhere" / "b.wav")
    (tmp_path / "link").symlink_to(tmp_path / "pump")
    search = search_folder(tmp_path / "link")
    assert [path.name for path in search.recordings] == ["a.wav", "c.wav"], "links to files are followed"
    assert {problem.kind for problem in search.problems} == {"folder not used"}
    assert [problem.file for problem in search.problems] == [str(tmp_path / "link" / name) for name in ("more", "up")]


def test_a_device_or_pipe_with_a_recordings_name_is_named_and_not_opened(tmp_path: Path) -> None:
    (tmp_path / "gone.wav").symlink_to(tmp_path / "nowhere.wav")
    (tmp_path / "itself.wav").symlink_to(tmp_path / "itself.wav")
    os.mkfifo(tmp_path / "pipe.wav")
    search = search_folder(tmp_path)
    assert search.recordings == ()
    assert [Path(problem.file).name for problem in search.problems] == ["gone.wav", "itself.wav", "pipe.wav"]
    assert {problem.kind for problem in search.problems} == {"unreadable"}


def _forbid(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulates a folder that the user may not list, because permissions do not stop root, who often runs tests."""
    scandir = os.scandir

    def guarded(path: Path) -> "os._ScandirIterator[str]":
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr("asd_runtime.sound.folder_search.os.scandir", guarded)


def test_a_folder_that_cannot_be_listed_is_named_and_the_rest_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _touch(tmp_path, "a.wav", "locked/b.wav", "open/c.wav")
    _forbid(tmp_path / "locked", monkeypatch)
    search = search_folder(tmp_path)
    assert [path.name for path in search.recordings] == ["a.wav", "c.wav"]
    (problem,) = search.problems
    assert (problem.file, problem.kind) == (str(tmp_path / "locked"), "unreadable")
    assert "Permission denied" in problem.reason


def test_the_folder_itself_must_be_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _forbid(tmp_path, monkeypatch)
    with pytest.raises(PermissionError):
        search_folder(tmp_path)


def test_real_permissions_have_the_same_effect(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may list every folder")
    _touch(tmp_path, "a.wav", "locked/b.wav")
    (tmp_path / "locked").chmod(0)
    try:
        search = search_folder(tmp_path)
    finally:
        (tmp_path / "locked").chmod(0o700)
    assert [problem.file for problem in search.problems] == [str(tmp_path / "locked")]


def test_an_unprintable_name_is_reported_in_printable_form(tmp_path: Path) -> None:
    _touch(tmp_path, "a\n.mp3")
    (problem,) = search_folder(tmp_path).problems
    assert problem.file.isprintable()
