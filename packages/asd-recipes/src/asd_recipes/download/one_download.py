"""One process at a time downloads to a folder: a lock that ends with the process, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from asd_recipes.download.errors import DownloadBusyError


@contextmanager
def only_download(work: Path) -> Iterator[None]:
    """Holds the lock of a download's work folder; removes the folder at the end when nothing unfinished is in it.

    Raises:
        DownloadBusyError: another process holds the lock.
    """
    work.mkdir(parents=True, exist_ok=True)
    path = work / "lock"
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held = os.path.samestat(os.fstat(file.fileno()), path.stat())  # else its last holder has just removed it
        except (BlockingIOError, FileNotFoundError):
            held = False
        if not held:
            raise DownloadBusyError(f"another process is downloading to {work.parent}: wait for it, or end it.")
        try:
            yield
        finally:
            if [entry.name for entry in work.iterdir()] == ["lock"]:
                path.unlink()
                work.rmdir()
