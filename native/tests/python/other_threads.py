"""Whether other threads run while a native call works, which they do where it has let go of the interpreter's lock."""

import statistics
import threading
import time
from collections.abc import Callable

TRIES = 15


def others_run_during(call: Callable[[], object]) -> bool:
    """With the lock held another thread ticks once or twice, its first and its last time; without, every millisecond.
    Of many tries the median: a busy machine may give no turn in one, or take its time just before the call."""
    return statistics.median(_ticks_during(call) for _ in range(TRIES)) > 2


def _ticks_during(call: Callable[[], object]) -> int:
    """How often another thread, which wants to run every millisecond, ran meanwhile."""
    ticks: list[float] = []
    done = threading.Event()

    def tick() -> None:
        while not done.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    ticker = threading.Thread(target=tick)
    ticker.start()
    begin = time.perf_counter()
    call()
    end = time.perf_counter()
    done.set()
    ticker.join()
    return sum(begin < t < end for t in ticks)
