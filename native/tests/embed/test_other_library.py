"""The Python module works with the library that came with it, and says so when its process has another one."""

import os
import subprocess
import sys
from pathlib import Path

from asd_native import _core

PACKAGE = Path(_core.__file__).parent
LISTED = (Path(__file__).parents[1] / "python" / "exports.txt").read_text(encoding="utf-8").split()


def other_library(folder: Path) -> None:
    """A library of all the functions, none of which does anything, that calls itself release 9.9.9."""
    idle = "".join(f"int {name}(void) {{ return 0; }}\n" for name in LISTED if name != "asd_build_info")
    told = '#include "asd/asd.h"\nasd_status asd_build_info(asd_build *b) { b->version = "9.9.9"; return ASD_OK; }\n'
    (folder / "idle.c").write_text(idle, encoding="utf-8")
    (folder / "told.c").write_text(told, encoding="utf-8")
    flags = ["-shared", "-fPIC", f"-I{PACKAGE / 'include'}", "-Wl,-soname,libasd.so.1", "-o", "libasd.so.1"]
    subprocess.run(["cc", *flags, "idle.c", "told.c"], cwd=folder, check=True)


def test_a_library_of_another_release_is_refused_at_import(tmp_path: Path) -> None:
    other_library(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", "import asd_native"],
        env={**os.environ, "LD_LIBRARY_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "ImportError: asd_native 0.1.0 needs the library that is installed with it" in done.stderr
    assert "libasd 9.9.9: take the other one off LD_LIBRARY_PATH" in done.stderr
