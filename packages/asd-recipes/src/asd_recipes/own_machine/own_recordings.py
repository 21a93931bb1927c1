"""Recordings as an engineer has them: a folder of the machine that runs well, and folders of whatever else there is.

Folders are searched to any depth; hidden files and folders are not. What is known of a recording beside its sound comes
from `recording_attributes`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from asd_recipes.bundle.manifest import NORMAL
from asd_recipes.dataset.clip import AUDIO_SUFFIXES, Clip, DatasetError, Problem, printable
from asd_recipes.dataset.clip_name import ClipName


@dataclass(frozen=True)
class OwnRecordings:
    """One clip for each file, `NORMAL` first, and what was left out.

    Attributes:
        notes: what else the reader should know, in sentences.
    """

    clips: tuple[Clip, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]

    @property
    def others(self) -> list[str]:
        """Names of the other machines."""
        return sorted({clip.machine for clip in self.clips} - {NORMAL})


def find_recordings(normal: Path, others: Sequence[Path]) -> OwnRecordings:
    """Lists the recordings; opens none of them.

    Args:
        normal: recordings of the machine as it runs well.
        others: folders of other sounds; each sub-folder with recordings is a machine, and so are the recordings that
            lie in the folder itself. A sub-folder that is or holds `normal` is left out.

    Raises:
        DatasetError: a folder is not there, or no recording in `normal` or in all of `others`.
    """
    clips, problems = normal_recordings(normal, others)
    notes: list[str] = []
    for number, folder in enumerate(others, 1):
        groups = [(folder.resolve().name, folder)]
        groups += [(path.name, path) for path in sorted(folder.glob("[!.]*")) if path.is_dir()]
        for name, path in groups:
            flat = path == folder
            if not flat and normal.resolve().is_relative_to(path.resolve()):
                notes.append(f"{path} is not used as another machine: it is or holds the normal recordings")
                continue
            machine = f"others{number}/{printable(name)}" + ("/." if flat else "")
            clips += _clips(path, machine, problems, deep=not flat)
    if all(clip.machine == NORMAL for clip in clips):
        raise DatasetError(
            f"{', '.join(map(str, others))}: no wav or flac recordings of anything else. Outlier exposure needs other "
            "sounds as pseudo-anomalies; without --others the embedded synthetic machines are taken."
        )
    return OwnRecordings(tuple(clips), tuple(problems), tuple(notes))


def normal_recordings(normal: Path, others: Sequence[Path] = ()) -> tuple[list[Clip], list[Problem]]:
    """The first part of `find_recordings`, with its errors: what there is of the machine itself."""
    for folder in (normal, *others):
        if not folder.is_dir():
            raise DatasetError(f"{folder} is not a folder. Pass a folder of wav or flac recordings.")
    problems: list[Problem] = []
    within = [folder for folder in others if folder.resolve().is_relative_to(normal.resolve())]
    clips = _clips(normal, NORMAL, problems, without=within)
    if not clips:
        raise DatasetError(f"{normal} holds no wav or flac recordings outside the other folders.")
    return clips, problems


def _clips(
    folder: Path, machine: str, problems: list[Problem], *, without: Sequence[Path] = (), deep: bool = True
) -> list[Clip]:
    clips: list[Clip] = []
    left_out = [path.resolve() for path in without]
    for path in sorted(folder.rglob("*") if deep else folder.glob("*")):
        below = path.relative_to(folder)
        if path.suffix.lower() not in AUDIO_SUFFIXES or path.is_dir() or any(p.startswith(".") for p in below.parts):
            continue
        if any(path.resolve().is_relative_to(other) for other in left_out):
            continue
        name = below.as_posix()
        if not name.isprintable():
            reason = "the name holds a character that cannot be printed. Rename the file"
            problems.append(Problem(f"{machine}/{printable(name)}", "wrong name", reason))
            continue
        clips.append(Clip(machine, "train", path, ClipName("00", len(clips)), listed_as=name))
    return clips
