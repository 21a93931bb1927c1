"""Write a file whole or not at all: a reader never sees half of one."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(text: str, path: Path | str) -> None:
    """Write text beside ``path`` and rename it; if that fails, ``path`` is as it was and nothing is left beside it.

    Raises:
        OSError: if it cannot be written.
    """
    target = Path(path)
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        beside.write_text(text, encoding="utf-8", newline="")
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
