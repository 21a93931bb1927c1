"""Where a command may write: over no recording, no other input, into no model, and no two tables into one file."""

import os
import stat
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path

import typer

from asd_runtime.file_names import printable, shortened
from asd_runtime.regular_file import open_regular
from asd_runtime.sound.folder_search import AUDIO_SUFFIXES, OTHER_AUDIO_SUFFIXES
from asd_runtime.whole_file import LONGEST_NAME

Outputs = Sequence[tuple[str, Path | None]]
"""Options, and where each is to write."""


def check_outputs(outputs: Outputs, *, inputs: Iterable[Path] = (), model: Path | None = None) -> None:
    """Refuses what would harm a file, or cannot be written; before anything is computed.

    Args:
        outputs: a device or a pipe may be one.
        inputs: recordings and tables that the command reads.
        model: the model's folder; no file of any other model may be replaced either.
    """
    places = [(option, path) for option, path in outputs if path is not None]
    read = [*inputs, *(model.rglob("*") if model else ())]
    kept = {os.path.realpath(path) for path in read}
    files = {_identity(path) for path in read} - {None}
    for option, path in places:
        if path.suffix.lower() in {*AUDIO_SUFFIXES, *OTHER_AUDIO_SUFFIXES}:
            _refuse(option, path, "has the name of a recording. Give it another one, such as scores.csv or report.json")
        if _is_stream(option, path):
            continue
        real = Path(os.path.realpath(path))
        if real.is_dir() or not _can_hold(real.parent):
            _refuse(option, path, "cannot be written: it is a folder, or its folder cannot be written to")
        if str(real) in kept or _identity(path) in files:
            _refuse(option, path, "is one of the recordings or tables that are read, or a file of the model. "
                    "Choose another place")  # fmt: skip
        if _in_a_model(real, model):
            _refuse(option, path, "lies in a model. Choose another place")
    for (option, path), (_, other) in combinations(places, 2):
        if not _is_stream(option, path) and _same(path, other):
            _refuse(option, path, "is named twice. Give each table a file of its own")


def _is_stream(option: str, path: Path) -> bool:
    """Whether it is a device or a pipe, which nothing replaces; refuses what no file can be called."""
    if any(len(os.fsencode(part)) > LONGEST_NAME for part in path.parts):
        _refuse(option, path, f"has a name of more than {LONGEST_NAME} bytes. Choose a shorter one")
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:  # a link that leads back to itself, a folder that is closed
        _refuse(option, path, f"cannot be written: {error.strerror}")
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _same(path: Path, other: Path) -> bool:
    return os.path.realpath(path) == os.path.realpath(other) or (path.exists() and _identity(path) == _identity(other))


def _identity(path: Path) -> tuple[int, int] | None:
    """The file behind all of its names, links among them; None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _in_a_model(real: Path, model: Path | None) -> bool:
    if model is not None and real.is_relative_to(os.path.realpath(model)):
        return True
    return any(_is_model(folder) for folder in real.parents)


def _is_model(folder: Path) -> bool:
    """Whether it holds a manifest of ours, intact or not."""
    from asd_runtime.model.manifest import FORMAT, LARGEST_MANIFEST_BYTES, MANIFEST  # imports NumPy

    try:
        with open_regular(folder / MANIFEST) as file:
            return f'"{FORMAT}"'.encode() in file.read(LARGEST_MANIFEST_BYTES)
    except OSError:
        return False


def _can_hold(folder: Path) -> bool:
    """Whether a file can be written there, once the folders that are missing have been made."""
    there = next(above for above in (folder, *folder.parents) if above.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _refuse(option: str, path: Path, reason: str) -> None:
    raise typer.BadParameter(f"{shortened(printable(str(path)))} {reason}.", param_hint=option)
