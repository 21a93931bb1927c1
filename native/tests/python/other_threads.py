"""Whether other threads run while a native call works, which they do where it has let go of the interpreter's lock."""

import threading
import time
from collections.abc import Callable


def ticks_during(call: Callable[[], object]) -> int:
    """How often another thread, which wants to run every millisecond, ran meanwhile. With the lock held at most twice:
    its first and its last tick could fall into the call."""
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
