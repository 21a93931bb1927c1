"""The table as Markdown: a header with the machine and the versions, then a line for each row."""

import datetime
import os
import platform
from importlib.metadata import version
from pathlib import Path

import measure
from machine_limits import Limits
from measure import Row

import asd_native

TOOLS = ("numpy", "scipy", "torch", "librosa", "kaldi-native-fbank", "scikit-learn", "faiss-cpu")
COLUMNS = ("step", "beside", "ours", "theirs", "ratio", "to reach", "times real time", "of the limit", "error")


def header(limits: Limits) -> str:
    """Machine, versions and the meaning of the columns."""
    build = asd_native.build_info()
    versions = ", ".join(f"{name} {version(name)}" for name in TOOLS)
    runs = "SINGLE RUNS OF LITTLE DATA (--quick): no measurement" if measure.quick else "Medians of several runs"
    return "\n".join(
        [
            f"{datetime.date.today()}: {_processor()}, {os.cpu_count()} cores, {platform.system()}; load before: "
            f"{os.getloadavg()[0]:.2f}. Python {platform.python_version()}, {versions}; asd-native {build['version']} "
            f"({build['compiler']}, {build['instruction_set']}).",
            "",
            f"Limits of this machine, the best of several runs: {limits.line()}.",
            "",
            f"{runs}; ratio above 1: ours is faster. To reach: the project's own goal, and what was reached. Of the "
            "limit: bytes that must be moved, or flops that the algorithm needs, as a share of the machine's limit on "
            "as many threads.",
            "",
            f"| {' | '.join(COLUMNS)} |",
            "|---|---|---:|---:|---:|---|---:|---:|---|",
        ]
    )


def line(row: Row, limits: Limits) -> str:
    """A row of the table."""
    real_time = f"{row.audio_s / row.ours_s:,.0f}" if row.audio_s else ""
    cells = (row.step, row.tool, _time(row.ours_s), _time(row.theirs_s), f"{row.ratio:.2f}", _reached(row), real_time)
    return f"| {' | '.join(cells)} | {_of_limit(row, limits)} | {row.error} |"


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"


def _reached(row: Row) -> str:
    """For example 8x: 5.0x, missed."""
    parts = []
    if row.reach is not None:
        parts.append(f"{row.reach:.3g}x: {row.ratio:.3g}x{'' if row.ratio >= row.reach else ', missed'}")
    if row.reach_s is not None:
        missed = "" if row.ours_s <= row.reach_s else ", missed"
        parts.append(f"{_time(row.reach_s)}: {_time(row.ours_s)}{missed}")
    return "; ".join(parts)


def _of_limit(row: Row, limits: Limits) -> str:
    parts = []
    if row.moved_bytes is not None:
        share = row.moved_bytes / row.ours_s / limits.copy_bytes_per_s[row.threads]
        parts.append(f"{share:.0%} of copy")
    if row.flops is not None:
        share = row.flops / row.ours_s / limits.fma_flops_per_s[row.threads] / (2 if row.float32 else 1)
        parts.append(f"{share:.0%} of FMA")
    return ", ".join(parts)


def _processor() -> str:
    for text in Path("/proc/cpuinfo").read_text().splitlines():
        if text.startswith("model name"):
            return text.partition(":")[2].strip()
    return platform.processor()
