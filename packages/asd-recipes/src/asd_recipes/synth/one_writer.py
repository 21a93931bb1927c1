"""One process at a time writes a data set: a locked file beside its folder, held for as long as the work lasts.

flock, not a file that is there or not: the system drops the lock when its last holder is gone, however it went. Worker
processes hold it as well (`HeldLock`), so a call that follows a killed one begins only when no worker of that one can
write any more.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any

from asd_recipes.synth.errors import DatasetBusyError

PATIENCE_S = 5.0  # workers of a killed call leave within milliseconds, or, if still starting, when their imports end


@dataclass(frozen=True)
class HeldLock:
    """A held lock; whichever process it is sent to when spawned holds it too, until it ends."""

    descriptor: int

    def __reduce__(self) -> tuple[Any, ...]:
        return _hold, (DupFd(self.descriptor),)


def _hold(duplicate: Any) -> HeldLock:
    return HeldLock(duplicate.detach())


@contextmanager
def only_writer(root: Path) -> Iterator[HeldLock]:
    """Hold the lock of root, an absolute path whose parent exists.

    Raises:
        DatasetBusyError: another process held it for all of PATIENCE_S.
    """
    path = root.with_name(f".{root.name}.synth-lock")
    until = time.monotonic() + PATIENCE_S
    while (descriptor := _try_to_lock(path)) is None:
        if time.monotonic() > until:
            raise DatasetBusyError(
                f"root {root} is being written by another process, which holds {path}; only one may write at a time. "
                "Wait until it is done or end it, or name another folder."
            )
        time.sleep(0.02)
    try:
        yield HeldLock(descriptor)
    finally:
        path.unlink(missing_ok=True)
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # also of duplicates that a fork elsewhere in this process has made
        os.close(descriptor)


def _try_to_lock(path: Path) -> int | None:
    """A descriptor of the locked file, or None if another process holds it or has just removed it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), os.stat(path)):  # else: a lock on a file that is no longer there
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None
