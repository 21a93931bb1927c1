"""`python -m asd_native` says where headers and library are; the module loads the same library."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from asd_native import _core

PACKAGE = Path(_core.__file__).parent


def said(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "asd_native", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("option", "file"),
    [
        ("--cmake-dir", "asdConfig.cmake"),
        ("--include-dir", "asd/asd.h"),
        ("--pkgconfig-dir", "asd.pc"),
    ],
)
def test_each_folder_holds_what_its_option_promises(option: str, file: str) -> None:
    done = said(option)
    assert done.returncode == 0, done.stderr
    folder = Path(done.stdout.removesuffix("\n"))
    assert folder.is_absolute()
    assert (folder / file).is_file()


def test_one_folder_is_asked_for_at_a_time_and_help_shows_how() -> None:
    assert said().returncode == said("--cmake-dir", "--include-dir").returncode == 2
    assert "--cmake-dir" in said().stderr
    help_text = said("--help").stdout
    assert "find_package(asd" in help_text
    assert "pkg-config --cflags --libs asd" in help_text


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="the libraries of a process are read from /proc")
def test_the_module_and_other_programs_share_one_library() -> None:
    maps = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    loaded = {Path(line.split(maxsplit=5)[5]) for line in maps if "/libasd." in line}
    assert loaded == {PACKAGE / "lib" / "libasd.so.1"}


def test_no_installed_text_holds_an_absolute_path() -> None:
    texts = [path for pattern in ("*.cmake", "*.pc") for path in (PACKAGE / "lib").rglob(pattern)]
    assert len(texts) == 5
    for path in texts:
        assert not re.search(r"(?<![\w.}/])/\w+/\w+", path.read_text(encoding="utf-8")), path
