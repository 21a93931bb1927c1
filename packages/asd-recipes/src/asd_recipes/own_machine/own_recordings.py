"""Lists one's own recordings: a folder of the machine while it runs well, and folders of other sounds.

Folders are searched to any depth (`asd_runtime.sound.folder_search`). Attributes of the recordings come from
`recording_attributes`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from asd_recipes.dataset.clip import Clip, DatasetError
from asd_recipes.dataset.clip_name import ClipName
from asd_recipes.own_machine.normal import NORMAL
from asd_runtime.file_names import printable
from asd_runtime.sound.folder_search import search_folder
from asd_runtime.sound.problem import Problem


@dataclass(frozen=True)
class OwnRecordings:
    """One clip for each file, `NORMAL` first, and what was left out.

    Attributes:
        problems: files and folders that were left out, by their paths as the user gave them.
        normal_left_out: how many of these belong to the machine itself.
        notes: other messages for the user.
    """

    clips: tuple[Clip, ...]
    problems: tuple[Problem, ...]
    normal_left_out: int
    notes: tuple[str, ...]

    @property
    def others(self) -> list[str]:
        """Names of the other machines."""
        return sorted({clip.machine for clip in self.clips} - {NORMAL})

    def by_path(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """The problems, with each clip's key replaced by its path as the user gave it."""
        paths = {clip.key: printable(str(clip.path)) for clip in self.clips}
        return tuple(replace(problem, file=paths[problem.file]) for problem in problems)


@dataclass(frozen=True)
class NormalRecordings:
    """The recordings of the machine itself, and what was left out."""

    folder: Path
    clips: tuple[Clip, ...]
    problems: tuple[Problem, ...]

    def with_others(self, others: Sequence[Path]) -> OwnRecordings:
        """These and those of other sounds.

        Args:
            others: folders of other sounds; each sub-folder with recordings is a machine, and so are the recordings
                that lie in the folder itself. A sub-folder that is or holds the normal recordings is left out.

        Raises:
            DatasetError: no recording in all of `others`.
        """
        clips, problems, notes = list(self.clips), list(self.problems), list[str]()
        for number, folder in enumerate(others, 1):
            unused = [
                path for path in sorted(folder.glob("[!.]*")) if path.is_dir() and _is_or_holds(path, self.folder)
            ]
            notes += [f"{path} is not used as another machine: it contains the normal recordings" for path in unused]
            found = search_folder(folder, without=unused)
            problems += found.problems
            for name, paths in _by_sub_folder(folder, found.recordings):
                machine = f"others{number}/{printable(name or folder.resolve().name)}" + ("" if name else "/.")
                clips += _clips(folder / name, paths, machine, problems)
        if len(clips) == len(self.clips):
            raise DatasetError(
                f"{', '.join(map(str, others))}: no wav or flac recordings of other sounds. Outlier exposure needs "
                "them as pseudo-anomalies. Add some, or leave out --others to use synthetic machines."
            )
        return OwnRecordings(tuple(clips), tuple(problems), len(self.problems), tuple(notes))


def find_normal(folder: Path, *, without: Sequence[Path]) -> NormalRecordings:
    """Lists the recordings of a machine as it runs well; opens none of them.

    Args:
        folder: searched to any depth.
        without: folders of other sounds, which may lie in it.

    Raises:
        DatasetError: a folder is not there, or no recording in the machine's.
    """
    for needed in (folder, *without):
        if not needed.is_dir():
            raise DatasetError(f"{needed} is not a folder. Pass a folder of wav or flac recordings.")
    found = search_folder(folder, without=[other for other in without if _is_or_holds(folder, other)])
    problems = list(found.problems)
    clips = _clips(folder, found.recordings, NORMAL, problems)
    if not clips:
        outside = " outside the other folders" if without else ""
        first = f" The first file left out: {problems[0].file}: {problems[0].reason}." if problems else ""
        raise DatasetError(f"{folder} holds no wav or flac recordings{outside}.{first}")
    return NormalRecordings(folder, tuple(clips), tuple(problems))


def _is_or_holds(folder: Path, other: Path) -> bool:
    return other.resolve().is_relative_to(folder.resolve())


def _by_sub_folder(folder: Path, recordings: Sequence[Path]) -> list[tuple[str, list[Path]]]:
    """(sub-folder, its recordings) in order; recordings directly in the folder come first, under ""."""

    def name(path: Path) -> str:
        below = path.relative_to(folder).parts
        return below[0] if len(below) > 1 else ""

    return [(key, list(paths)) for key, paths in groupby(sorted(recordings, key=name), name)]


def _clips(folder: Path, paths: Sequence[Path], machine: str, problems: list[Problem]) -> list[Clip]:
    clips: list[Clip] = []
    for path in paths:
        name = path.relative_to(folder).as_posix()
        if name.isprintable():
            clips.append(Clip(machine, "train", path, ClipName("00", len(clips)), listed_as=name))
        else:
            reason = "the name has an unprintable character. Rename the file"
            problems.append(Problem(printable(str(path)), "wrong name", reason))
    return clips
