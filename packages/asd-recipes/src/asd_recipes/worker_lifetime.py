"""How long worker processes live: no longer than the process that started them, and no Ctrl-C reaches them."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import parent_process, resource_tracker
from multiprocessing.connection import Connection, wait
from threading import Thread, current_thread, main_thread


@contextmanager
def interrupts_later() -> Iterator[None]:
    """Put off Ctrl-C, for this process until the end of the block, for processes started in it for good.

    A terminal sends it to all of them. A worker that ignored it in its initializer would still print a traceback when
    it came during the imports before that; a blocked signal is inherited from the first instruction on. But a blocked
    signal goes to any other thread, and its handler then runs in the main thread all the same: so that only takes note.
    """
    resource_tracker.ensure_running()  # where it starts with a process or semaphore, it lets the signal through again
    came: list[int] = []
    handler = signal.getsignal(signal.SIGINT)
    ours = current_thread() is main_thread() and handler is not None  # None: of a program that embeds Python
    if ours:
        signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if ours:
            signal.signal(signal.SIGINT, handler)
    if came:
        signal.raise_signal(signal.SIGINT)


def leaves_on_error(held: Connection) -> Callable[[type[BaseException] | None, object, object], None]:
    """For `ExitStack.push`: closes held if the block raises; the workers that watch its other end then leave at once.

    To wait for what they are at would look like a hang.
    """

    def close(kind: type[BaseException] | None, error: object, trace: object) -> None:
        if kind is not None:
            held.close()

    return close


def leave_with_parent(watched: Connection) -> None:
    """Ends this worker, whatever it does, as soon as its parent closes the other end of watched or is gone."""
    Thread(target=_leave, args=(watched,), daemon=True).start()


def _leave(watched: Connection) -> None:
    parent = parent_process()
    assert parent is not None, "runs in a worker"
    wait([watched, parent.sentinel])
    os._exit(1)
