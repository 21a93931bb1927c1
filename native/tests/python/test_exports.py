"""What the installed shared library exports is what asd.h declares, and what the list beside this file says."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from asd_native import _core

PACKAGE = Path(_core.__file__).parent
LIBRARY = PACKAGE / "lib" / "libasd.so.1"
LISTED = (Path(__file__).parent / "exports.txt").read_text(encoding="utf-8").split()


def declared() -> list[str]:
    header = (PACKAGE / "include" / "asd" / "asd.h").read_text(encoding="utf-8")
    return re.findall(r"^ASD_API [^;(]*?\b(\w+)\(", header, re.MULTILINE)


@pytest.mark.skipif(shutil.which("nm") is None, reason="nm, of binutils, is not on PATH")
def test_the_library_exports_what_the_header_declares_and_nothing_else() -> None:
    symbols = subprocess.run(
        ["nm", "-D", "--defined-only", "--format=posix", LIBRARY], check=True, capture_output=True, text=True
    ).stdout
    assert sorted(line.split()[0] for line in symbols.splitlines()) == sorted(declared())


def test_every_declaration_of_a_function_is_exported_and_listed() -> None:
    """A line removed from the list is a function that programs lose: raise ASD_ABI_VERSION with it."""
    header = (PACKAGE / "include" / "asd" / "asd.h").read_text(encoding="utf-8")
    code = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    assert sorted(re.findall(r"\b(asd_\w+)\(", code)) == sorted(declared()) == LISTED
