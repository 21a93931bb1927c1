"""Finds the recordings in a folder, to any depth, and names whatever looks like a recording but cannot be read.

Hidden files and folders are skipped. Links to files are followed, links to folders are not: a link to a parent folder
would never end. Every path begins with the folder as the caller gave it, so that findings name files as the user does.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from asd_runtime.file_names import printable
from asd_runtime.sound.problem import Problem

AUDIO_SUFFIXES = (".wav", ".flac")
OTHER_AUDIO_SUFFIXES = {
    ".3gp",
    ".aac",
    ".ac3",
    ".aif",
    ".aifc",
    ".aiff",
    ".amr",
    ".ape",
    ".au",
    ".caf",
    ".m4a",
    ".m4b",
    ".mp2",
    ".mp3",
    ".mp4",
    ".oga",
    ".ogg",
    ".opus",
    ".ra",
    ".raw",
    ".snd",
    ".w64",
    ".wave",
    ".wma",
    ".wv",
}
"""Suffixes of audio files that are not supported."""


@dataclass(frozen=True)
class FolderSearch:
    """What a folder holds.

    Attributes:
        recordings: wav and flac files in sorted order; none has been opened.
        problems: the files and folders that may hold recordings but were left out.
    """

    recordings: tuple[Path, ...]
    problems: tuple[Problem, ...]


_CONVERT = "ffmpeg -i FILE FILE.wav"


def search_folder(folder: Path, *, without: Sequence[Path] = ()) -> FolderSearch:
    """Lists the recordings in a folder and its sub-folders.

    Args:
        folder: where to look.
        without: folders to skip without mention.

    Raises:
        OSError: the folder itself cannot be listed.
    """
    recordings: list[Path] = []
    problems: list[Problem] = []
    for item in _listed(folder, {path.resolve() for path in without}):
        if isinstance(item, Path):
            recordings.append(item)
        else:
            problems.append(item)
    return FolderSearch(tuple(sorted(recordings)), tuple(sorted(problems, key=lambda problem: problem.file)))


def _listed(folder: Path, without: set[Path]) -> Iterator[Path | Problem]:
    pending = [] if folder.resolve() in without else [folder]
    while pending:
        place = pending.pop()
        try:
            with os.scandir(place) as entries:
                shown = [entry for entry in entries if not entry.name.startswith(".")]
        except OSError as error:
            if place == folder:
                raise
            yield _problem(place, "unreadable", f"the folder cannot be listed: {error.strerror or error}")
            continue
        for entry in shown:
            path = place / entry.name
            if not path.is_dir():  # False for a circular link; the entry's own method raises
                yield from _taken(path)
            elif path.resolve() in without:
                continue
            elif entry.is_symlink():
                reason = "links to folders are not followed; pass the folder that it points to"
                yield _problem(path, "folder not used", reason)
            else:
                pending.append(path)


def _taken(path: Path) -> Iterator[Path | Problem]:
    suffix = path.suffix.lower()
    if suffix in AUDIO_SUFFIXES:
        reason = "not a regular file but a broken link, a pipe or a device"
        yield path if path.is_file() else _problem(path, "unreadable", reason)
    elif suffix in OTHER_AUDIO_SUFFIXES:
        yield _problem(path, "other format", f"{suffix} files are not supported. Convert it: {_CONVERT}")


def _problem(path: Path, kind: str, reason: str) -> Problem:
    return Problem(printable(str(path)), kind, reason)
