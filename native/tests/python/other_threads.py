"""Whether other threads run while a native call works, which they do where it has let go of the interpreter's lock."""

import threading
import time
from collections.abc import Callable

TRIES = 50


def others_run_during(call: Callable[[], object]) -> bool:
    """With the lock held another thread ticks at most twice, its first and its last time. Without, it ticks more often, if
    not in every try: a busy machine may give it no turn."""
    return any(_ticks_during(call) > 2 for _ in range(TRIES))


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
