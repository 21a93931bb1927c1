"""Writes a file or a folder whole or not at all: beside its place, flushed to the disk, then renamed."""

import hashlib
import json
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LONGEST_NAME = 255
"""Bytes of a file name, on every file system that we know."""
_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/(\d+)|/dev/(stdin|stdout|stderr)")


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Lets `write` fill a file beside `path`, then renames it into place.

    A link stays: the file that it points to is replaced. A device, a pipe and /dev/stdout stay as well: they are
    written into.

    Raises:
        OSError: names the file, even where the disk is full and the system's own error names none.
    """
    try:
        if (stream := _stream(path)) is not None:
            _write_into(stream, write)
        else:
            _replace(Path(os.path.realpath(path)), write)
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise


def write_bytes(path: Path, content: bytes) -> None:
    """Writes the bytes whole or not at all."""
    write_whole(path, lambda partial: partial.write_bytes(content))


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8 text whole or not at all."""
    write_whole(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def write_json(path: Path, content: Any) -> None:
    """Writes JSON whole or not at all; keys are sorted, so that equal content gives equal bytes."""
    write_text(path, json.dumps(content, indent=2, sort_keys=True, allow_nan=False) + "\n")


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """An empty folder for the block to fill. When the block ends without an error, it replaces `folder`."""
    partial = _beside(folder)
    shutil.rmtree(partial, ignore_errors=True)  # left by a process that was killed
    partial.mkdir(parents=True)
    try:
        yield partial
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    _flush(folder.parent)


def remove_partial_files(folder: Path) -> None:
    """Removes half-written files that killed processes left anywhere in a folder."""
    for pattern in (".*.partial", ".tmp*"):  # the second is safetensors' own
        for path in list(folder.rglob(pattern)):
            if not path.is_dir():
                path.unlink(missing_ok=True)


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _beside(path)
    try:
        write(partial)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _stream(path: Path) -> Path | int | None:
    """What cannot be replaced, as `open` takes it: a descriptor of this process, a device or a pipe; else None."""
    if found := _DESCRIPTOR.fullmatch(os.path.abspath(path)):
        return int(found[1]) if found[1] else ("stdin", "stdout", "stderr").index(found[2])
    try:
        return None if stat.S_ISREG(path.stat().st_mode) else path
    except FileNotFoundError:
        return None


def _write_into(stream: Path | int, write: Callable[[Path], object]) -> None:
    sys.stdout.flush()
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole"
        write(whole)
        with whole.open("rb") as file, open(stream, "wb", closefd=not isinstance(stream, int)) as place:
            shutil.copyfileobj(file, place)


def _beside(path: Path) -> Path:
    """A hidden name beside it, the same each time; of a long name a digest, as no name may be longer."""
    name = f".{path.name}.partial"
    if len(os.fsencode(name)) > LONGEST_NAME:
        name = f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]}.partial"
    return path.with_name(name)


def _flush(folder: Path) -> None:
    """Makes a rename in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
