"""Write a file whole or not at all: a reader never sees half of one."""

from __future__ import annotations

import os
from pathlib import Path


def write_text(path: Path | str, text: str) -> None:
    """Write text beside ``path``, then rename it. If that fails, ``path`` is as it was and nothing is left beside it.

    Raises:
        OSError: if it cannot be written; names the file.
    """
    target = Path(path)
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        beside.write_text(text, encoding="utf-8", newline="")
        beside.replace(target)
    except BaseException as error:
        beside.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno is not None and error.filename is None:
            error.filename = str(target)  # a full disk does not say which file
        raise
