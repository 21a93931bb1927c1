"""How long worker processes live: no longer than the process that started them, and no Ctrl-C reaches them."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from threading import Thread


@contextmanager
def interrupts_later() -> Iterator[None]:
    """Put off Ctrl-C, for this process until the end of the block, for processes started in it for good.

    A terminal sends it to all of them. A worker that ignored it in its initializer would still print a traceback when
    it came during the imports before that; a blocked signal is inherited from the first instruction on.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def leave_with_parent(watched: Connection) -> None:
    """Ends this worker, whatever it does, as soon as its parent closes the other end of watched or is gone."""
    Thread(target=_leave, args=(watched,), daemon=True).start()


def _leave(watched: Connection) -> None:
    parent = parent_process()
    assert parent is not None, "runs in a worker"
    wait([watched, parent.sentinel])
    os._exit(1)
