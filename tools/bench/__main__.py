"""`nox -s bench`: one table, each step beside the tool that a user would otherwise take, and the machine it ran on."""

import os
import platform
from collections.abc import Iterator
from pathlib import Path

import torch
from eval_rows import rows as eval_rows
from features_rows import rows as features_rows
from inlier_rows import rows as inlier_rows
from measure import Row
from native_rows import rows as native_rows
from scoring_rows import rows as scoring_rows
from training_rows import rows as training_rows


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _rows() -> Iterator[Row]:
    cores = os.cpu_count() or 1
    for threads in (1, cores):
        torch.set_num_threads(threads)
        yield from native_rows(threads)
        yield from features_rows(threads)
        yield from scoring_rows(threads)
    yield from training_rows(cores)
    yield from inlier_rows()
    yield from eval_rows()


def main() -> None:
    """Prints the table, each row as it is measured."""
    print(f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, torch {torch.__version__}")
    print(f"load before: {os.getloadavg()[0]:.2f}. Medians of several runs; ratio above 1: ours is faster.\n")
    print("| step | beside | ours | theirs | ratio | error |\n|---|---|---:|---:|---:|---|")
    for row in _rows():
        times = f"{1000 * row.ours_s:.2f} ms | {1000 * row.theirs_s:.2f} ms | {row.ratio:.2f}"
        print(f"| {row.step} | {row.tool} | {times} | {row.error} |", flush=True)


main()
