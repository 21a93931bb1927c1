"""Worker processes live no longer than the process that started them, and ignore Ctrl-C."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import parent_process, resource_tracker
from multiprocessing.connection import Connection, wait
from threading import Thread, current_thread, main_thread


@contextmanager
def interrupts_later() -> Iterator[None]:
    """Delays Ctrl-C in this process until the block ends; processes started in the block never see it.

    A terminal sends Ctrl-C to all processes. The signal is blocked because a new process inherits that from its first
    instruction on: a worker that ignores the signal in its initializer can still be interrupted in the imports before.
    A blocked signal may still reach another thread, and its handler then runs in the main thread; so the handler here
    only takes note.
    """
    resource_tracker.ensure_running()  # started later, with a process or semaphore, it would unblock the signal
    came: list[int] = []
    handler = signal.getsignal(signal.SIGINT)
    ours = current_thread() is main_thread() and handler is not None  # None: set by a program that embeds Python
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
    """For `ExitStack.push`: closes `held` if the block raises, so that workers watching its other end exit at once.

    Waiting for their current work would look like a hang.
    """

    def close(kind: type[BaseException] | None, error: object, trace: object) -> None:
        if kind is not None:
            held.close()

    return close


def leave_with_parent(watched: Connection) -> None:
    """Ends this worker, whatever it is doing, as soon as its parent closes the other end of `watched` or ends."""
    Thread(target=_leave, args=(watched,), daemon=True).start()


def _leave(watched: Connection) -> None:
    parent = parent_process()
    assert parent is not None, "must run in a worker"
    wait([watched, parent.sentinel])
    os._exit(1)
