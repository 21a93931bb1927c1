"""Opens files that others may have put in their place: a link is not followed, and a pipe cannot block."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path


class NotRegularError(OSError):
    """A pipe, a device, a folder, or a file of a size that it cannot have."""


@contextmanager
def open_regular(path: Path) -> Iterator[BufferedReader]:
    """The bytes of a regular file.

    Raises:
        NotRegularError: it is not a regular file.
        OSError: it is not there, is a link, or cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NotRegularError("is not a regular file")
        with open(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


def read_regular(path: Path, *, most: int) -> bytes:
    """The content of a regular file of 1 to `most` bytes.

    Raises:
        NotRegularError: it is not such a file.
        OSError: it is not there, is a link, or cannot be read.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if not 0 < size <= most:
            raise NotRegularError(f"is empty or too large ({size} bytes)")
        return file.read(size)
