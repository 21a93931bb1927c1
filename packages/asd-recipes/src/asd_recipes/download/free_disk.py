"""Checks before a download that it fits on the disk."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from asd_recipes.download.errors import DiskSpaceError

# 28 clips of the 2023 set deflate by 1.2 to 1.4; the real size is checked once the zip file is there.
UNPACKED_TIMES_ZIP = 1.5
AT_ONCE = 2  # zip files that are fetched or unpacked at the same time; only these need space


def bytes_needed(sizes: Iterable[int], *, begun: int, placed: Iterable[int], keep_zip: bool) -> int:
    """Disk space that a download takes.

    Args:
        sizes: of the zip files to fetch.
        begun: bytes of them that part files already hold.
        placed: sizes of the zip files that are already there.
        keep_zip: whether the zip files are kept.
    """
    largest_first = sorted(sizes, reverse=True)
    zips = sum(largest_first if keep_zip else largest_first[:AT_ONCE])
    return max(0, zips - begun) + int(UNPACKED_TIMES_ZIP * (sum(largest_first) + sum(placed)))


def require_free(folder: Path, needed: int, purpose: str) -> None:
    """Raises DiskSpaceError unless the folder's disk has `needed` bytes free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DiskSpaceError(
            f"{purpose} takes about {needed / 1e9:.1f} GB, but the disk of {folder} has {free / 1e9:.1f} GB free. "
            "Make room, choose another --out, or fetch fewer machines with --machine; finished files are kept."
        )
