"""The project's commands. `nox -s reproduce` and `nox -s tests` are all that a newcomer needs.

The work is done by the scripts in tools/. Most sessions share one environment, .nox/asd (tools/environments.py); two
settings come from the process environment:

    ASD_TORCH=skip             use the torch of the Python that runs nox instead of installing one
    ASD_TORCH_INDEX=<url>      package index to take torch from (another build: CPU alone, another CUDA)
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path

import nox

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT / "tools"))

import environments  # noqa: E402
from environments import PACKAGES, program  # noqa: E402

nox.needs_version = ">=2024.4.15"
nox.options.sessions = ["tests"]
nox.options.default_venv_backend = "none"


def _python(session: nox.Session, *arguments: str, env: dict[str, str] | None = None) -> None:
    session.run(program(environments.shared(), "python"), *arguments, env=env, external=True)


def _tool(session: nox.Session, name: str, *arguments: str | Path) -> None:
    """Runs tools/NAME.py with the shared environment's Python."""
    words = [str(word) for word in arguments]
    _python(session, str(ROOT / "tools" / f"{name}.py"), *words, env=environments.pip_settings())


@nox.session
def reproduce(session: nox.Session) -> None:
    """The paper's tables, from wav files; arguments after `--` go to `asd reproduce`."""
    _python(session, "-m", "asd_recipes", "reproduce", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """The Python tests, without those marked slow (`-- -m slow`) and the C and C++ ones (session native).

    Without arguments for pytest: a worker for each core, a file at a time; then what measures time, by itself.
    """
    # Two threads that wait for each other cost networks of test size several times what they save.
    env = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    if session.posargs:
        _python(session, "-m", "pytest", *session.posargs, env=env)
        return
    _python(session, "-m", "pytest", "-m", "not slow and not timed", *environments.workers(), env=env)
    _python(session, "-m", "pytest", "-m", "timed and not slow", env=env)


@nox.session
def lint(session: nox.Session) -> None:
    """ruff: rules and layout."""
    _python(session, "-m", "ruff", "check", ".")
    _python(session, "-m", "ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """mypy, strict, on every package."""
    sources = [str(ROOT / "packages" / name / "src") for name in PACKAGES] + [str(ROOT / "native" / "python")]
    for source in sources:
        _python(session, "-m", "mypy", source)


@nox.session
def alone(session: nox.Session) -> None:
    """Each package by itself, installed as its README says: brings nothing heavy along, passes its own tests."""
    for name in session.posargs or ["asd-native", *PACKAGES]:
        environment = ROOT / ".nox" / f"alone-{name}"
        environments.create(environment)
        if name in ("asd-models", "asd-recipes"):
            environments.bring_torch(environment)
        _tool(session, "install_alone", environments.folder(name), program(environment, "python"))
        shutil.rmtree(environment)


@nox.session
def native(session: nox.Session) -> None:
    """The C and C++ tests of the native core; arguments after `--` go to ctest."""
    _tool(session, "native_core", "release", "--", *session.posargs)


@nox.session
def embed(session: nox.Session) -> None:
    """Programs in C, C++ and Rust that use the installed core and the wheel; every command of docs/embedding.md."""
    path = os.pathsep.join([str(environments.shared() / "bin"), os.environ["PATH"]])
    _python(session, "-m", "pytest", "-q", str(ROOT / "native" / "tests" / "embed"), env={"PATH": path})


@nox.session
def emulate(session: nox.Session) -> None:
    """The wheel and the C and C++ tests on a processor with AVX2 and one without AVX, by qemu: ten minutes."""
    emulator = shutil.which("qemu-x86_64")
    if emulator is None or platform.machine() != "x86_64":
        session.skip("needs qemu-x86_64 on an x86-64 machine: apt-get install qemu-user")
    _tool(session, "native_core", "release")
    folder = ROOT / ".nox" / "emulate"
    _tool(session, "distributions", folder / "dist", ROOT / "native")
    environments.create(folder / "venv")
    (wheel,) = (folder / "dist").glob("*.whl")
    environments.install(folder / "venv", str(wheel), *environments.group("test"), "scipy")
    _tool(session, "emulate", emulator, program(folder / "venv", "python"), ROOT / ".nox" / "cmake" / "release")


def _native_beside(name: str, *settings: str) -> Path:
    """asd-native built with other settings, in a folder of its own that goes on PYTHONPATH."""
    folder = ROOT / ".nox" / name
    shutil.rmtree(folder, ignore_errors=True)
    options = [f"-C{setting}" for setting in settings]
    fixed = ["--no-deps", "--no-build-isolation", "--target", str(folder)]
    environments.install(environments.shared(), *fixed, *options, str(ROOT / "native"))
    return folder


@nox.session
def sanitize(session: nox.Session) -> None:
    """The native core's tests with sanitizers: address and undefined behaviour; C++ also threads."""
    _tool(session, "native_core", "asan", "-DASD_SANITIZE=address,undefined")
    _tool(session, "native_core", "tsan", "-DASD_SANITIZE=thread")
    build = ROOT / ".nox" / "cmake" / "asan-python"
    settings = "cmake.define.ASD_SANITIZE=address,undefined", f"build-dir={build}"
    _tool(session, "sanitized_python", _native_beside("sanitized", *settings))


@nox.session
def fuzz(session: nox.Session) -> None:
    """libFuzzer on native/fuzz, 60 s each, plain and sanitized; `-- 600` for 600 s, `-- -runs=N` for its options."""
    if shutil.which("clang++") is None:
        session.skip("clang++ is not on PATH, and libFuzzer comes with it: apt-get install clang")
    _tool(session, "fuzz", *session.posargs)


@nox.session
def cuda(session: nox.Session) -> None:
    """Compile all of CUDA with nvcc; test it where there is a device. ASD_REQUIRE_CUDA=1: fail without one."""
    if shutil.which("nvcc") is None:
        session.error("nvcc is not on PATH: install the CUDA 13 toolkit, or leave this session out.")
    _tool(session, "native_core", "cuda", "-DASD_CUDA=ON", "--", *session.posargs)


@nox.session
def emulate_cuda(session: nox.Session) -> None:
    """The CUDA launchers on a device emulated on the host: their C++ tests, and Python's with arrays on that device."""
    _tool(session, "native_core", "emulated-cuda", "-DASD_EMULATED_CUDA=ON", "--", *session.posargs)
    folder = _native_beside("emulated-cuda", "cmake.define.ASD_EMULATED_CUDA=ON")
    tests = [str(ROOT / "native" / "tests" / "python" / f"test_{topic}_arrays.py") for topic in ("cuda", "foreign")]
    _python(session, "-m", "pytest", "-q", *tests, env={"PYTHONPATH": str(folder), "ASD_REQUIRE_CUDA": "1"})


@nox.session
def bench(session: nox.Session) -> None:
    """One table: each step beside the tool that a user would otherwise take; `-- --markdown docs/benchmarks.md`."""
    _python(session, str(ROOT / "tools" / "bench"), *session.posargs)


@nox.session
def few_recordings(session: nox.Session) -> None:
    """`asd fit` on each machine of a synthetic factory, its detectors alone and joined: a minute or two a machine."""
    _tool(session, "few_recordings", *session.posargs)


@nox.session
def build(session: nox.Session) -> None:
    """Source distributions and wheels of everything in dist/, then installed from there into a fresh environment."""
    dist, environment = ROOT / "dist", ROOT / ".nox" / "build-check"
    names = ["asd-native", *PACKAGES]
    _tool(session, "distributions", dist, *map(environments.folder, names))
    environments.create(environment)
    environments.bring_torch(environment)
    environments.install(environment, "--find-links", str(dist), "--pre", "asd-recipes==0.1.0")
    modules = ", ".join(name.replace("-", "_") for name in names)
    session.run(program(environment, "python"), "-c", f"import {modules}", external=True)
    session.run(program(environment, "asd"), "--help", external=True, silent=True)
    shutil.rmtree(environment)
