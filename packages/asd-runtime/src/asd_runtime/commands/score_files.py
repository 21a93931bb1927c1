"""Finds the recordings that `asd score` reads: files, and folders of them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from asd_runtime.sound.folder_search import search_folder
from asd_runtime.sound.problem import Problem


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
