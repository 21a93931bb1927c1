"""Write a file whole or not at all: a reader never sees half of one."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def write_text(path: Path | str, text: str) -> None:
    """Write text beside ``path``, then rename it. If that fails, ``path`` is as it was and nothing is left beside it.

    A link stays, and the file that it points to is replaced. A device or a pipe is written into.

    Raises:
        OSError: if it cannot be written; names the file.
    """
    try:
        if Path(path).exists() and not Path(path).is_file():
            Path(path).write_text(text, encoding="utf-8", newline="")
        else:
            _replace(Path(os.path.realpath(path)), text)
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(path)  # a full disk does not say which file
        raise


def _replace(target: Path, text: str) -> None:
    # A digest: the name beside it must be no longer than a name may be.
    digest = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]
    beside = target.with_name(f".{digest}.{os.getpid()}.part")
    try:
        beside.write_text(text, encoding="utf-8", newline="")
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
