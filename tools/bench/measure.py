"""A row of the benchmark: ours and the other tool in the same process, medians of several runs, and the error."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One comparison. `error` says what was compared and by how much the results differ."""

    step: str
    tool: str
    ours_s: float
    theirs_s: float
    error: str

    @property
    def ratio(self) -> float:
        """Above 1 we win, below 1 we lose."""
        return self.theirs_s / self.ours_s


def median_s(work: Callable[[], object], *, runs: int = 5) -> float:
    """Median wall time of several runs after one that is not counted."""
    work()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)
