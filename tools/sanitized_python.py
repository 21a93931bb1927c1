"""asd-native's Python tests on a core built with sanitizers: the last part of `nox -s sanitize`.

    python tools/sanitized_python.py SITE

SITE is the folder that holds the sanitized asd_native.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def library(name: str) -> str:
    compiler = os.environ.get("CXX", "c++")
    found = subprocess.run([compiler, f"-print-file-name={name}"], check=True, capture_output=True, text=True)
    return found.stdout.strip()


def main(site: str) -> None:
    # The sanitizer must be loaded before Python allocates memory, and with the C++ library, because it wraps that
    # library's exceptions at start. Python keeps some memory until it exits, on purpose: only the C++ tests look for
    # leaks.
    preload = " ".join([library("libasan.so"), library("libstdc++.so.6")])
    env = {**os.environ, "LD_PRELOAD": preload, "ASAN_OPTIONS": "detect_leaks=0", "PYTHONMALLOC": "malloc",
           "PYTHONPATH": site}  # fmt: skip
    check = f"import asd_native; assert asd_native.__file__.startswith({site!r}), asd_native.__file__"
    subprocess.run([sys.executable, "-c", check], check=True, env=env)
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "native/tests/python"]
    sys.exit(subprocess.run(tests, check=False, cwd=ROOT, env=env).returncode)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
