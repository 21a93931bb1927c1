"""libFuzzer on native/fuzz, first plain, then with sanitizers: what `nox -s fuzz` runs. Needs clang.

    python tools/fuzz.py [SECONDS | LIBFUZZER_OPTION ...]

SECONDS is the time for each fuzzer, 60 by default.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import native_core

CORPUS = native_core.ROOT / "native" / "fuzz" / "corpus"
FOUND = native_core.ROOT / ".nox" / "fuzz"
CLANG = ["-DASD_FUZZ=ON", "-DASD_BUILD_TESTS=OFF", "-DCMAKE_C_COMPILER=clang", "-DCMAKE_CXX_COMPILER=clang++"]
BUILDS = {"fuzz": [], "fuzz-asan": ["-DASD_SANITIZE=address,undefined"]}


def run(fuzzer: Path, build: str, limits: list[str]) -> None:
    topic = fuzzer.name.removesuffix("_fuzz")
    found = FOUND / topic  # new inputs and failures go here; the corpus in the repository is only read
    found.mkdir(parents=True, exist_ok=True)
    fixed = ["-max_len=4096", "-timeout=60", "-rss_limit_mb=4096", "-print_final_stats=1", f"-artifact_prefix={found}/"]
    command = [str(fuzzer), *fixed, *limits, str(found), str(CORPUS / topic)]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"{done.stdout}\n{fuzzer.name} ({build}) failed with exit code {done.returncode}")
    statistics = {name: int(value) for name, value in re.findall(r"^stat::(\w+): +(\d+)$", done.stdout, re.MULTILINE)}
    executions, per_second = statistics["number_of_executed_units"], statistics["average_exec_per_sec"]
    print(f"{fuzzer.name} ({build}): {executions:,} executions, {per_second:,} a second, no failure", flush=True)


def main(words: list[str]) -> None:
    limits = [f"-max_total_time={word}" if word.isdigit() else word for word in words or ["60"]]
    for name, options in BUILDS.items():
        folder = native_core.build(name, *CLANG, *options)
        for fuzzer in sorted((folder / "fuzz").glob("*_fuzz")):
            run(fuzzer, name, limits)


if __name__ == "__main__":
    main(sys.argv[1:])
