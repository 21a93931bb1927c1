"""Whether other threads run during a native call, which they do if it has released Python's lock."""

import statistics
import threading
import time
from collections.abc import Callable

TRIES = 15


def others_run_during(call: Callable[[], object]) -> bool:
    """If the lock is held, another thread ticks once or twice, at the start and the end; otherwise every millisecond.
    The median of many tries: a busy machine may give it no turn in one of them, or delay the start."""
    return statistics.median(_ticks_during(call) for _ in range(TRIES)) > 2


def _ticks_during(call: Callable[[], object]) -> int:
    """How many times another thread, which wants to run every millisecond, ran meanwhile."""
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
