"""One process at a time downloads to a folder."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from asd_recipes.download.errors import DownloadBusyError
from asd_recipes.folder_lock import hold_lock
from asd_runtime.whole_file import remove_partial_files


@contextmanager
def only_download(work: Path) -> Iterator[None]:
    """Holds the lock of a download's work folder; at the end removes the folder if nothing unfinished is in it.

    Raises:
        DownloadBusyError: another process holds the lock.
    """
    path = work / "lock"
    busy = DownloadBusyError(f"another process is downloading to {work.parent}: wait for it, or end it.")
    with hold_lock(path, busy=busy):
        remove_partial_files(work)
        try:
            yield
        finally:
            if [entry.name for entry in work.iterdir()] == [path.name]:
                path.unlink()
                with suppress(OSError):  # another call has begun in it
                    work.rmdir()
