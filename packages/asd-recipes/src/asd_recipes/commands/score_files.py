"""What `asd score` reads, recordings and folders of them, and that what it writes harms none of them."""

import os
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

import typer

from asd_recipes.dataset.clip import AUDIO_SUFFIXES, Problem
from asd_recipes.dataset.folder_search import search_folder
from asd_recipes.file_names import printable


def recordings_of(given: Sequence[Path]) -> list[Path | Problem]:
    """Every recording once, in order: files as they were given, folders searched as `asd fit` searches them.

    What a folder holds and cannot be taken is a problem in its place.
    """
    found: dict[Path | Problem, None] = {}
    for path in given:
        found |= dict.fromkeys(_of_folder(path) if path.is_dir() else [path])
    return list(found)


def _of_folder(folder: Path) -> Iterator[Path | Problem]:
    try:
        search = search_folder(folder)
    except OSError as error:
        yield Problem(str(folder), "unreadable", f"the folder cannot be listed: {error.strerror or error}")
        return
    yield from search.recordings
    yield from search.problems
    if not search.recordings:
        yield Problem(str(folder), "no recordings", "the folder holds no wav or flac file")


def check_outputs(outputs: dict[str, Path | None], recordings: Sequence[Path], model: Path) -> None:
    """Refuses to write over a recording, into the model, or two tables into one file; before anything is computed.

    Args:
        outputs: by option.
        recordings: to be scored.
        model: the model's folder, or a machine's of a run.
    """
    places = {option: path for option, path in outputs.items() if path is not None}
    kept = {path.resolve() for path in recordings}
    files = {_identity(path) for path in (*recordings, *model.rglob("*"))} - {None}
    for option, path in places.items():
        if path.suffix.lower() in AUDIO_SUFFIXES:
            _refuse(option, path, "has the name of a recording. Give the table another one, such as scores.csv")
        if path.is_dir() or not _can_hold(path.absolute().parent):
            _refuse(option, path, "cannot be written: it is a folder, or its folder cannot be written to")
        if path.resolve() in kept or _identity(path) in files:
            _refuse(option, path, "is one of the recordings, or a file of the model. Choose another place")
        if path.resolve().is_relative_to(model.resolve()):
            _refuse(option, path, "lies in the model. Choose another place")
    for (option, path), (_, other) in combinations(places.items(), 2):
        if path.resolve() == other.resolve() or (path.exists() and _identity(path) == _identity(other)):
            _refuse(option, path, "is named by two options. Give each table a file of its own")


def _identity(path: Path) -> tuple[int, int] | None:
    """The file behind all of its names, links among them; None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _can_hold(folder: Path) -> bool:
    """Whether a file can be written there, once the folders that are missing have been made."""
    there = next(above for above in (folder, *folder.parents) if above.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _refuse(option: str, path: Path, reason: str) -> None:
    raise typer.BadParameter(f"{printable(str(path))} {reason}.", param_hint=option)
