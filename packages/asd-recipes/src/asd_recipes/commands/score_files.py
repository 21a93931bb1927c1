"""Finds the recordings that `asd score` reads, and makes sure that the files it writes replace none of them."""

import os
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

import typer

from asd_recipes.dataset.clip import AUDIO_SUFFIXES, Problem
from asd_recipes.dataset.folder_search import search_folder
from asd_recipes.file_names import printable


def recordings_of(given: Sequence[Path]) -> list[Path | Problem]:
    """Every recording once, in order: files as given, folders searched as `asd fit` does.

    Where a folder holds a file that cannot be taken, a problem stands in its place.
    """
    recordings: dict[Path | Problem, None] = {}
    for path in given:
        recordings |= dict.fromkeys(_of_folder(path) if path.is_dir() else [path])
    return list(recordings)


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
    """Refuses to overwrite a recording, to write into the model, and to write two tables to one file.

    Args:
        outputs: the files to write, by option.
        recordings: the files to score.
        model: folder of the model, or of a machine of a run.
    """
    places = {option: path for option, path in outputs.items() if path is not None}
    kept = {path.resolve() for path in recordings}
    files = {_identity(path) for path in (*recordings, *model.rglob("*"))} - {None}
    for option, path in places.items():
        if path.suffix.lower() in AUDIO_SUFFIXES:
            _refuse(option, path, "is the name of a recording. Choose another one for the table, such as scores.csv")
        if path.is_dir() or not _can_hold(path.absolute().parent):
            _refuse(option, path, "cannot be written: it is a folder, or its folder cannot be written to")
        if path.resolve() in kept or _identity(path) in files:
            _refuse(option, path, "is one of the recordings, or a file of the model. Choose another place")
        if path.resolve().is_relative_to(model.resolve()):
            _refuse(option, path, "is inside the model's folder. Choose another place")
    for (option, path), (_, other) in combinations(places.items(), 2):
        if path.resolve() == other.resolve() or (path.exists() and _identity(path) == _identity(other)):
            _refuse(option, path, "is the file of two options. Choose a different file for each table")


def _identity(path: Path) -> tuple[int, int] | None:
    """What identifies a file under all its names, including links; None if it does not exist."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _can_hold(folder: Path) -> bool:
    """Whether a file can be written in the folder once the missing folders are made."""
    existing = next(above for above in (folder, *folder.parents) if above.exists())
    return existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)


def _refuse(option: str, path: Path, reason: str) -> None:
    raise typer.BadParameter(f"{printable(str(path))} {reason}.", param_hint=option)
