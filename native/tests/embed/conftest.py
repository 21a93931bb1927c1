"""The core built from source and installed as docs/embedding.md says, and moved before anything is built with it."""

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from asd_native import _core

sys.path.insert(0, str(Path(__file__).parent))  # for what the tests share

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "native" / "examples"


def run(*command: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> str:
    """What a command prints; a failure shows both of its streams."""
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Prefix:
    """An installed core: `lib/cmake/asd`, `lib/pkgconfig` and `include` are in it."""

    folder: Path

    @property
    def pkgconfig(self) -> dict[str, str]:
        return {**os.environ, "PKG_CONFIG_PATH": str(self.folder / "lib" / "pkgconfig")}

    def c(self, build: Path, *, target: str = "asd::asd") -> Path:
        """With CMake and find_package."""
        source = build / "source"
        shutil.copytree(EXAMPLES / "c", source)
        lists = source / "CMakeLists.txt"
        lists.write_text(lists.read_text(encoding="utf-8").replace("asd::asd", target), encoding="utf-8")
        run("cmake", "-S", source, "-B", build / "c", f"-DCMAKE_PREFIX_PATH={self.folder}")
        run("cmake", "--build", build / "c")
        return build / "c" / "wav_scores"

    def cpp(self, build: Path) -> Path:
        """With pkg-config."""
        flags = shlex.split(run("pkg-config", "--cflags", "--libs", "asd", env=self.pkgconfig))
        strict = ["-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
        source, library = EXAMPLES / "cpp" / "wav_scores.cpp", self.folder / "lib"
        run("c++", *strict, source, *flags, f"-Wl,-rpath,{library}", "-o", build / "wav_scores")
        return build / "wav_scores"

    def rust(self, build: Path) -> Path:
        """With rustc alone."""
        source, library = EXAMPLES / "rust" / "wav_scores.rs", self.folder / "lib"
        options = ["-D", "warnings", "-L", library, "-C", f"link-arg=-Wl,-rpath,{library}"]
        run("rustc", *options, source, "-o", build / "wav_scores")
        return build / "wav_scores"

    def score_model(self, build: Path) -> Path:
        """The program that scores with a model, with CMake and the OpenVINO of the Python package."""
        from openvino.utils import get_cmake_path

        paths = [f"-DCMAKE_PREFIX_PATH={self.folder}", f"-DOpenVINO_DIR={get_cmake_path()}"]
        run("cmake", "-S", EXAMPLES / "cpp", "-B", build, "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror", *paths)
        run("cmake", "--build", build)
        return build / "score_model"

    def example(self, language: str, build: Path) -> Path:
        tool = {"c": "cmake", "cpp": "pkg-config", "rust": "rustc"}[language]
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not on PATH: the example in {language} is neither built nor compared")
        makers = {"c": self.c, "cpp": self.cpp, "rust": self.rust}
        return makers[language](build)


@pytest.fixture(scope="session")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Prefix:
    """Installed to one folder, moved to another."""
    build = ROOT / "build" / "native"
    run("cmake", "-S", ROOT / "native", "-B", build, "-DCMAKE_BUILD_TYPE=Release")
    run("cmake", "--build", build)
    first, second = tmp_path_factory.mktemp("first") / "asd", tmp_path_factory.mktemp("second") / "another name"
    run("cmake", "--install", build, "--prefix", first)
    shutil.move(first, second)
    return Prefix(second)


@pytest.fixture(scope="session")
def wheel() -> Prefix:
    """What is in the Python package."""
    return Prefix(Path(_core.__file__).parent)
