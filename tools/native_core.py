"""Configure, build and test the native core: the sessions native, cuda, emulate_cuda, sanitize and emulate.

    python tools/native_core.py NAME [CMAKE_OPTION ...] [-- CTEST_OPTION ...]

NAME is the folder under .nox/cmake to build in. cmake, ninja and ctest are those of the Python that runs this.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILDS = ROOT / ".nox" / "cmake"
BIN = Path(sys.executable).parent


def build(name: str, *options: str) -> Path:
    """Configure and build in a folder of its own, which is returned."""
    folder = BUILDS / name
    fixed = ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={BIN / 'ninja'}", "-DCMAKE_BUILD_TYPE=Release",
             "-DASD_BUILD_TESTS=ON", "-DASD_WARNINGS_AS_ERRORS=ON"]  # fmt: skip
    subprocess.run([BIN / "cmake", "-S", ROOT / "native", "-B", folder, *fixed, *options], check=True)
    subprocess.run([BIN / "cmake", "--build", folder], check=True)
    return folder


def test(folder: Path, *options: str) -> None:
    subprocess.run([BIN / "ctest", "--test-dir", folder, "--output-on-failure", *options], check=True)


def with_python() -> list[str]:
    """The options that build the Python module too, for the Python that runs this."""
    import pybind11

    return ["-DASD_PYTHON=ON", f"-DPython_EXECUTABLE={sys.executable}", f"-Dpybind11_DIR={pybind11.get_cmake_dir()}"]


def main(name: str, *words: str) -> None:
    end = words.index("--") if "--" in words else len(words)
    options, ctest_options = words[:end], words[end + 1 :]
    extra = with_python() if "-DASD_CUDA=ON" in options else []  # nvcc compiles the bindings' CUDA branches as well
    test(build(name, *options, *extra), *ctest_options)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error.cmd[0]} failed with exit code {error.returncode}")
