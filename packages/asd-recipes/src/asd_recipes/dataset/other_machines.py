"""Machine types that only serve as pseudo-anomalies: a challenge's additional training set, or another factory.

Only their training clips are used. Each has a name such as `others1/bearing`, with the place of its folder: the bearing
of another data set is another machine. A machine of a data set has no slash in its name, so none has such a name.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from asd_recipes.dataset.clip import Clip, DatasetError
from asd_recipes.dataset.dcase_layout import FOLDERS
from asd_recipes.dataset.scan import Dataset, scan_dataset
from asd_runtime.sound.problem import Problem

_UNUSED = set(FOLDERS) - {"train"}


def find_other_machines(folders: Sequence[Path], dataset: Dataset) -> tuple[Dataset, ...]:
    """Lists the training clips in folders of other machines; opens none of them.

    Args:
        folders: each in one of the layouts of `scan_dataset`.
        dataset: the data set of the run.

    Returns:
        For each folder its training clips, and the files of its training folders that are not clips.

    Raises:
        DatasetError: a folder is not there, has no training clips, is the data set's, is given twice, or shares a
            recording with the data set or another of the folders.
    """
    places = [folder.resolve() for folder in folders]
    for number, folder in enumerate(folders):
        if places[number] == dataset.root.resolve():
            raise DatasetError(
                f"--others {folder} is the data set itself, whose machines already are pseudo-anomalies of each other. "
                "Name another data set, or leave --others out."
            )
        if places[number] in places[:number]:
            raise DatasetError(f"--others {folder} is given twice: its machines would count twice. Give it once.")
    found = tuple(_in_folder(folder, number) for number, folder in enumerate(folders, 1))
    _refuse_shared(found, dataset)
    return found


def _in_folder(folder: Path, number: int) -> Dataset:
    scanned, name = scan_dataset(folder), f"others{number}"
    clips = [replace(clip, machine=f"{name}/{clip.machine}") for clip in scanned.clips if clip.folder == "train"]
    if not clips:
        raise DatasetError(
            f"--others {folder} has no training clips, and only these serve as pseudo-anomalies. Pass a data set with "
            "recordings in <machine>/train, such as a challenge's additional training set."
        )
    problems = [replace(problem, file=f"{name}/{problem.file}") for problem in scanned.problems if _matters(problem)]
    return replace(scanned, clips=tuple(clips), problems=tuple(problems))


def _matters(problem: Problem) -> bool:
    """Whether a finding is about training clips."""
    parts = problem.file.split("/")
    return len(parts) < 2 or parts[1] not in _UNUSED


def _refuse_shared(found: Sequence[Dataset], dataset: Dataset) -> None:
    """Refuses a recording that is in two of the sets, also where links lead to it."""
    seen = dict.fromkeys(_files(dataset.clips), dataset.root)
    for others in found:
        files = _files(others.clips)
        for file, path in files.items():
            if file in seen:
                raise DatasetError(
                    f"--others {others.root}: {path} is a recording of {seen[file]} as well. A recording cannot be "
                    "of two machines: name folders that have none in common."
                )
        seen |= dict.fromkeys(files, others.root)


def _files(clips: Iterable[Clip]) -> dict[tuple[int, int], Path]:
    """The recordings by device and inode; one that is not there is left to those who read it."""
    files = {}
    for clip in clips:
        try:
            status = os.stat(clip.path)
        except OSError:
            continue
        files[status.st_dev, status.st_ino] = clip.path
    return files
