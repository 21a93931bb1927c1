"""One process at a time works in a folder: it holds a lock on a file in or beside the folder while it works.

The lock is a flock, not the existence of a file: the system releases it when its last holder ends, however that ends. A
holder may remove the file. A process that opened it before would then lock a file that no other process can find, so
each process checks that the file it locked is still the one at the path.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any

_LOOK_AGAIN_S = 0.02


@dataclass(frozen=True)
class HeldLock:
    """A held lock. Sent to a process as it is spawned, it is held by that process too, until the process ends."""

    descriptor: int

    def __reduce__(self) -> tuple[Any, ...]:
        return _hold, (DupFd(self.descriptor),)


def _hold(duplicate: Any) -> HeldLock:
    return HeldLock(duplicate.detach())


@contextmanager
def hold_lock(
    path: Path, *, busy: Exception | None = None, wait_s: float = 0.0, shared: bool = False
) -> Iterator[HeldLock]:
    """Holds the lock of a file until the block ends.

    Args:
        path: the lock file; it and its folder are created if missing. The block may remove it.
        busy: raised when others still hold the lock after wait_s. None: wait as long as it takes.
        wait_s: how long to wait for other holders.
        shared: hold it together with others that share it, not exclusively.
    """
    until = time.monotonic() + wait_s
    operation = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    while (descriptor := _locked(path, operation)) is None:
        if busy is not None and time.monotonic() >= until:
            raise busy
        time.sleep(_LOOK_AGAIN_S)
    try:
        yield HeldLock(descriptor)
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # also releases duplicates that a fork elsewhere in this process made
        os.close(descriptor)


def _locked(path: Path, operation: int) -> int | None:
    """A descriptor of the locked file that is at path; None if others hold it."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:  # the folder was removed just now
            continue
        try:
            fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except FileNotFoundError:
            pass
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # its last holder has removed the file that we opened
