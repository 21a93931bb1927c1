"""A row of the benchmark: ours and the other tool in the same process, medians of several runs, and the error."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

quick = False
"""One run each, of less data: tests that all rows run, not how fast anything is. Set before any row."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One comparison.

    Attributes:
        step: what is computed, of what size, on how many threads.
        tool: what a user would otherwise take.
        ours_s, theirs_s: medians.
        error: what was compared, and by how much the results differ.
        reach: ratio that the project set itself.
        reach_s: time that the project set itself.
        audio_s: seconds of sound that went through.
        moved_bytes: least that memory has to move, each input and output once.
        flops, float32: multiplications and additions as the algorithm counts them, in float32 or in float64.
        threads: that ours ran on, for the machine's limit.
    """

    step: str
    tool: str
    ours_s: float
    theirs_s: float
    error: str
    reach: float | None = None
    reach_s: float | None = None
    audio_s: float | None = None
    moved_bytes: float | None = None
    flops: float | None = None
    float32: bool = False
    threads: int = 1

    @property
    def ratio(self) -> float:
        """Above 1: ours is faster; below 1: theirs."""
        return self.theirs_s / self.ours_s


def median_s(work: Callable[[], object], *, runs: int = 5, warm_up: bool = True) -> float:
    """Median wall time of several runs, after one run that is not counted."""
    if warm_up and not quick:
        work()
    times = []
    for _ in range(1 if quick else runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)
