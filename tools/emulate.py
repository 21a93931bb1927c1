"""asd-native on older processors: what `nox -s emulate` runs.

    python tools/emulate.py EMULATOR PYTHON BUILD

PYTHON is one that has the wheel, BUILD the folder of the built C and C++ tests. On each emulated processor the core
must choose the right instruction set and pass its tests. The emulator has no AVX-512;
native/tests/masked_registers_test.cpp checks that AVX-512 is not used where the operating system does not enable it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
# The oldest processor that NumPy's wheels promise to run on is x86-64-v2: Nehalem.
TESTED = {"Haswell": "avx2", "Nehalem": "baseline"}
# A processor with AVX-512, which the emulator masks; one with AVX2 whose system does not keep the registers (XSAVE).
CHOICE_ONLY = {"Skylake-Server": "avx2", "Haswell,-xsave": "baseline"}
SKIPPED = 77  # the exit code of a C or C++ test that has nothing to test here
LONGEST_S = 1200
# Tests of Python's lock, and 100,000 calls on 8 threads: they do not depend on the processor.
NOT_EMULATED = "not other_threads_run"
LEFT_OUT = {"stress_test"}


def emulated(command: list[str], emulator: str, cpu: str, *, quiet: bool = False) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [emulator, "-cpu", cpu, *command], cwd=ROOT, capture_output=quiet, text=True, check=False, timeout=LONGEST_S
    )


def check_choice(emulator: str, python: str, cpu: str, expected: str) -> None:
    code = "import asd_native; print(asd_native.build_info()['instruction_set'])"
    done = emulated([python, "-c", code], emulator, cpu, quiet=True)
    if done.stdout.strip() != expected:
        sys.exit(f"{cpu}: chose {done.stdout.strip()!r}, not {expected!r}\n{done.stderr}")
    print(f"{cpu}: {expected}", flush=True)


def native_tests(build: str) -> list[list[str]]:
    command = [str(Path(sys.executable).parent / "ctest"), "--test-dir", build, "--show-only=json-v1"]
    listing = subprocess.run(command, check=True, capture_output=True, text=True)
    return [test["command"] for test in json.loads(listing.stdout)["tests"] if test["name"] not in LEFT_OUT]


def check_tests(emulator: str, python: str, cpu: str, commands: list[list[str]]) -> None:
    start_s = time.monotonic()
    skipped = 0
    for command in commands:
        done = emulated(command, emulator, cpu, quiet=True)
        skipped += done.returncode == SKIPPED
        if done.returncode not in (0, SKIPPED):
            sys.exit(f"{cpu}: {command} failed\n{done.stdout}\n{done.stderr}")
    native_s = time.monotonic() - start_s
    passed = len(commands) - skipped
    print(f"{cpu}: {passed} C and C++ tests passed, {skipped} skipped, in {native_s:.0f} s", flush=True)
    tests = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", NOT_EMULATED, "native/tests/python"]
    if emulated(tests, emulator, cpu).returncode != 0:
        sys.exit(f"{cpu}: the Python tests failed")


def main(emulator: str, python: str, build: str) -> None:
    for cpu, expected in {**TESTED, **CHOICE_ONLY}.items():
        check_choice(emulator, python, cpu, expected)
    commands = native_tests(build)
    for cpu in TESTED:
        check_tests(emulator, python, cpu, commands)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
