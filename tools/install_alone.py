"""One package by itself in a fresh environment, installed as its README says: what `nox -s alone` runs for each.

    python tools/install_alone.py FOLDER PYTHON

FOLDER is the package's, PYTHON that of the environment. The command is the block under "Install" in FOLDER/README.md.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import environments

ROOT = Path(__file__).parents[1]
# The heavy libraries, and what each package may bring along of them.
HEAVY = {"torch", "faiss", "sklearn"}
ALLOWED_HEAVY = {"asd-models": {"torch"}, "asd-inlier": {"sklearn"}, "asd-recipes": {"torch", "sklearn"}}
MOST_MB = {"asd-runtime": 400}
"""Of all that a package's installation needs, itself among it."""
SIZES = """
from importlib.metadata import distributions
for found in distributions():
    size = sum(file.locate().stat().st_size for file in found.files or [] if file.locate().is_file())
    print(found.name, found.version, size)
"""
# What a package's own tests compare with, beyond the test group; installed after the check.
REFERENCES = {
    "native": ["scipy"],
    "asd-features": ["scipy"],
    "asd-models": ["onnx", "onnxruntime", "openvino"],
    "asd-runtime": ["onnx", "onnxruntime"],
}
# Other packages run all their tests. The others of asd-recipes take long and show nothing more about the installation.
CHOSEN_TESTS = {"asd-recipes": ["commands", "own_machine", "scoring", "dataset"]}
INSTALL = re.compile(r"^## Install$.*?^```sh\n([^\n]+)\n```$", re.MULTILINE | re.DOTALL)


def install_command(folder: Path) -> list[str]:
    """The one line of the first block under "Install" in a package's README.

    Raises:
        ValueError: if the README has no such line, or it is not `pip install` of folders of the repository.
    """
    readme = folder / "README.md"
    found = INSTALL.search(readme.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f'{readme} needs a section "## Install" with a block ```sh of one line.')
    program, verb, *folders = shlex.split(found[1])
    if (program, verb) != ("pip", "install") or not all(name.startswith("./") for name in folders):
        raise ValueError(f"{readme} must install from folders: pip install ./native ...; got {found[1]!r}.")
    return [program, verb, *folders]


def check_nothing_heavy(folder: Path, python: str) -> None:
    unwanted = sorted(HEAVY - ALLOWED_HEAVY.get(folder.name, set()))
    code = f"import importlib.util as u; print(*[m for m in {unwanted} if u.find_spec(m)])"
    brought = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    if brought:
        sys.exit(f"{folder.name} brings along {brought}; it may bring {ALLOWED_HEAVY.get(folder.name, 'none')}")


def check_size(folder: Path, python: str) -> None:
    """Prints what was installed, in megabytes, and holds it against the limit."""
    lines = subprocess.run([python, "-c", SIZES], check=True, capture_output=True, text=True).stdout.splitlines()
    sizes = {f"{name} {version}": int(size) / 1e6 for name, version, size in map(str.split, lines) if name != "pip"}
    total = sum(sizes.values())
    print(f"{folder.name} needs {total:.0f} MB:", flush=True)
    for name, megabytes in sorted(sizes.items(), key=lambda item: -item[1]):
        print(f"{megabytes:8.1f} MB  {name}", flush=True)
    if total > MOST_MB.get(folder.name, float("inf")):
        sys.exit(f"{folder.name} needs {total:.0f} MB; it may need {MOST_MB[folder.name]}")


def main(folder: Path, python: str) -> None:
    pip = [python, "-m", "pip", "install", "-q"]
    _, _, *folders = install_command(folder)
    print("pip install", *folders, flush=True)
    subprocess.run([*pip, *folders], check=True, cwd=ROOT)
    check_nothing_heavy(folder, python)
    check_size(folder, python)
    group = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["test"]
    subprocess.run([*pip, *group, *REFERENCES.get(folder.name, [])], check=True)
    tests = folder / "tests" / "python" if folder.name == "native" else folder / "tests"
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env |= {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}  # as in the session tests
    chosen = [tests / part for part in CHOSEN_TESTS.get(folder.name, [""])]
    command = [python, "-m", "pytest", "-q", *environments.workers(), "-m", "not slow and not timed", *chosen]
    sys.exit(subprocess.run(command, check=False, cwd=ROOT, env=env).returncode)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]).resolve(), sys.argv[2])
