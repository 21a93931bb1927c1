"""The environments that the sessions of noxfile.py run in: plain pip and venv, versions from constraints.txt.

Most sessions share .nox/asd. It is built once and brought up to date when what defines it changes (`_fingerprint`).
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHARED = ROOT / ".nox" / "asd"
CONSTRAINTS = ROOT / "constraints.txt"
PACKAGES = ["asd-features", "asd-models", "asd-inlier", "asd-eval", "asd-runtime", "asd-recipes"]
EXTRAS = {"asd-features": "[torch]", "asd-inlier": "[faiss-cpu]", "asd-eval": "[plots]", "asd-recipes": "[plots]"}


def group(*names: str) -> list[str]:
    """The requirements of these dependency groups of the workspace's pyproject.toml."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    return [requirement for name in names for requirement in groups[name]]


def folder(distribution: str) -> Path:
    """Where the source of one of our distributions is."""
    return ROOT / "native" if distribution == "asd-native" else ROOT / "packages" / distribution


def program(environment: Path, name: str) -> str:
    return str(environment / "bin" / name)


def create(environment: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=True)


def install(environment: Path, *arguments: str) -> None:
    command = [program(environment, "python"), "-m", "pip", "install", "-q", *arguments]
    subprocess.run(command, check=True, env={**os.environ, **pip_settings()})


def pip_settings() -> dict[str, str]:
    # PIP_CONSTRAINT also holds in the isolated builds of the session `build`; `-c` does not.
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


def bring_torch(environment: Path) -> None:
    """Installs torch first where ASD_TORCH or ASD_TORCH_INDEX names its source; pip then finds it in place."""
    if os.environ.get("ASD_TORCH") == "skip":
        # A .pth file and not --system-site-packages, which from within a venv would show the Python below it.
        site = Path(_output(environment, "import sysconfig; print(sysconfig.get_path('purelib'))"))
        (site / "torch-of-the-running-python.pth").write_text(sysconfig.get_path("purelib") + "\n")
        if not (version := _output(environment, "import torch; print(torch.__version__)")):
            sys.exit(f"ASD_TORCH=skip, but {sys.executable} has no torch: install one there, or unset ASD_TORCH.")
        print(f"using torch {version} of {sys.executable}", flush=True)
    elif index := os.environ.get("ASD_TORCH_INDEX"):
        pinned = next(line.strip() for line in CONSTRAINTS.open() if line.startswith("torch=="))
        install(environment, "--index-url", index, "--no-deps", "--force-reinstall", pinned)


def _output(environment: Path, code: str) -> str:
    """What the environment's Python prints for this code; an empty string where it fails."""
    command = [program(environment, "python"), "-c", code]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def workers() -> list[str]:
    """Options of pytest: a worker for each core, a file at a time; a worker that dies ends the run with an error.

    Without the last option pytest-xdist starts another worker, and with `loadfile` then waits for ever.
    """
    return ["-n", str(len(os.sched_getaffinity(0))), "--dist", "loadfile", "--max-worker-restart", "0"]


def shared() -> Path:
    """The environment that most sessions share, brought up to date; returns its folder."""
    stamp, source = SHARED / "fingerprint", SHARED / "torch-source"
    wanted = _fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        return SHARED
    print("setting up .nox/asd (a few minutes the first time)", flush=True)
    stamp.unlink(missing_ok=True)
    torch_source = os.environ.get("ASD_TORCH") or os.environ.get("ASD_TORCH_INDEX") or "default"
    same_torch = source.exists() and source.read_text() == torch_source
    if not same_torch or _output(SHARED, "import sys; print(sys.version)") != sys.version:
        create(SHARED)
        source.write_text(torch_source)
        bring_torch(SHARED)
    install(SHARED, *group("build-backends"))
    editable = [part for name in PACKAGES for part in ("-e", f"{folder(name)}{EXTRAS.get(name, '')}")]
    tools = group("test", "reference", "lint", "types", "release")
    install(SHARED, "--no-build-isolation", str(folder("asd-native")), *editable, *tools)
    stamp.write_text(wanted)
    return SHARED


def _fingerprint() -> str:
    """A hash of all that decides what the shared environment holds."""
    digest = hashlib.sha256()
    settings = [sys.version, os.environ.get("ASD_TORCH", ""), os.environ.get("ASD_TORCH_INDEX", "")]
    digest.update("\0".join(settings).encode())
    native = folder("asd-native")
    files = [Path(__file__), ROOT / "pyproject.toml", CONSTRAINTS, *sorted(ROOT.glob("packages/*/pyproject.toml"))]
    files += [native / "pyproject.toml", native / "CMakeLists.txt"]
    for name in ("include", "src", "bindings", "python", "cmake"):
        files += sorted(path for path in (native / name).rglob("*") if path.is_file() and path.suffix != ".pyc")
    for path in files:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
