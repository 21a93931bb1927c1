"""The machine's limits, measured in the same run: bytes copied and multiply-adds in a second."""

import ctypes
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

RUNS, COPIED_BYTES, FMA_ROUNDS = 5, 1 << 28, 10_000_000


@dataclass(frozen=True)
class Limits:
    """By number of threads."""

    copy_bytes_per_s: dict[int, float]  # read and written together
    fma_flops_per_s: dict[int, float]  # in float64; in float32 twice as many

    def line(self) -> str:
        """Both, for the header of the table."""
        copies = ", ".join(f"{rate / 1e9:.1f} GB/s on {threads}" for threads, rate in self.copy_bytes_per_s.items())
        peaks = ", ".join(f"{rate / 1e9:.0f} on {threads}" for threads, rate in self.fma_flops_per_s.items())
        return f"copy {copies} threads (bytes read and written); float64 multiply-adds {peaks} threads, in 10^9 flops/s"


def measure_limits(threads: list[int]) -> Limits:
    """The best of several runs, because a limit is wanted and not a typical time."""
    fma = _fma_peak()
    sink = ctypes.c_double()
    source = np.ones(COPIED_BYTES, np.uint8)
    target = np.zeros_like(source)

    def copy(part: int, parts: int) -> float:
        chosen = slice(part * COPIED_BYTES // parts, (part + 1) * COPIED_BYTES // parts)
        np.copyto(target[chosen], source[chosen])
        return 2.0 * COPIED_BYTES / parts

    return Limits(
        {number: _best_rate(copy, number) for number in threads},
        {number: _best_rate(lambda part, parts: fma(FMA_ROUNDS, ctypes.byref(sink)), number) for number in threads},
    )


def _best_rate(work: Callable[[int, int], float], threads: int) -> float:
    """Units a second of `work(part, parts)`, which returns how many it did, on this many threads at once."""
    best = 0.0
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(RUNS):
            start = time.perf_counter()
            done = sum(pool.map(work, range(threads), [threads] * threads))
            best = max(best, done / (time.perf_counter() - start))
    return best


def _fma_peak() -> Callable[..., float]:
    """The probe, compiled for this processor: NumPy's own loops do not reach the limit."""
    source = Path(__file__).with_name("fma_peak.cpp")
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "fma_peak.so"
        subprocess.run(["c++", "-O3", "-march=native", "-shared", "-fPIC", "-o", library, source], check=True)
        probe = ctypes.CDLL(str(library)).fma_peak
    probe.restype = ctypes.c_double
    probe.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_double)]
    return probe  # type: ignore[no-any-return]
