"""The DCASE folders of all years: `<root>/<machine>/{train,test,...}/*.wav` beside `attributes_NN.csv`.

The official baseline's folders are `train` and `test`, in 2021 `source_test` and `target_test`, in 2025 also
`supplemental`. `test_rename` is where its tool copies an evaluation test set under labelled names.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from asd_recipes.dataset.attribute_table import read_attribute_tables
from asd_recipes.dataset.clip import Clip, DatasetError, NoDatasetError
from asd_recipes.dataset.clip_name import ClipName, ClipNameError, parse_clip_name, parse_supplement_name
from asd_runtime.file_names import printable
from asd_runtime.sound.folder_search import AUDIO_SUFFIXES
from asd_runtime.sound.problem import Problem

_TEST_FOLDERS = ("test", "source_test", "target_test")
FOLDERS = ("train", *_TEST_FOLDERS, "test_rename", "supplemental")


def machine_folders(root: Path) -> list[str]:
    """Names of the machine types in a folder.

    Raises:
        NoDatasetError: there is none; names the folder that was probably meant.
        DatasetError: a name is unprintable.
    """
    machines = [entry.name for entry in root.iterdir() if _is_machine(entry)]
    if not machines:
        below = sorted(path.parent.parent for depth in ("*/*", "*/*/*") for path in root.glob(f"{depth}/train"))
        raise NoDatasetError(root, below[0] if below else None)
    if strange := [name for name in machines if not name.isprintable()]:
        raise DatasetError(f"{root}: the name of the folder {strange[0]!a} has an unprintable character. Rename it.")
    return machines


def _is_machine(entry: Path) -> bool:
    try:
        return any((entry / folder).is_dir() for folder in FOLDERS)
    except PermissionError:
        return False


def closed_folders(root: Path) -> list[Problem]:
    """A finding for each folder of which nobody can say whether it is a machine's."""
    closed = [entry for entry in sorted(root.iterdir()) if entry.is_dir() and not os.access(entry, os.R_OK | os.X_OK)]
    reason = "the folder cannot be listed: Permission denied"
    return [Problem(printable(str(entry)), "unreadable", reason) for entry in closed]


def scan_machine(root: Path, machine: str) -> tuple[list[Clip], list[Problem]]:
    """The clips of a machine, ordered by folder and name, and the files that are not clips."""
    place = root / machine
    attributes, problems = read_attribute_tables(place)
    clips: list[Clip] = []
    for folder, source, parse in _sources(place, problems):
        for path in _files(place / source, f"{machine}/{source}", problems):
            taken = _take(path, machine, folder, parse)
            if isinstance(taken, Problem):
                problems.append(taken)
                continue
            if not taken.name.attributes and path.name in attributes:
                taken = replace(taken, name=replace(taken.name, attributes=attributes[path.name]))
            clips.append(taken)
    if not clips and not problems:
        problems.append(Problem(machine, "no recordings", "its folders are empty. Unpack or download it again"))
    order = {"train": 0, "test": 1, "supplemental": 2}
    clips.sort(key=lambda clip: (order[clip.folder], clip.path.name))
    return _without_repeats(clips), problems


def _files(folder: Path, name: str, problems: list[Problem]) -> list[Path]:
    """Everything in a folder of clips, in order; empty if the folder does not exist."""
    try:
        return sorted(folder / entry for entry in os.listdir(folder) if not entry.startswith("."))
    except FileNotFoundError:
        return []
    except OSError as error:
        problems.append(Problem(name, "unreadable", f"the folder cannot be listed: {error.strerror or error}"))
        return []


def _sources(place: Path, problems: list[Problem]) -> Iterator[tuple[str, str, Callable[[str], ClipName]]]:
    """(folder of the clips, folder on the disk, parser of the names) for each folder of a machine."""
    renamed = (place / "test_rename").is_dir()
    if renamed:
        yield "test", "test_rename", parse_clip_name
    for folder in ("train", *_TEST_FOLDERS):
        if not (place / folder).is_dir():
            continue
        if renamed and folder != "train":
            reason = "test_rename holds the same clips under labelled names and is used instead"
            problems.append(Problem(f"{place.name}/{folder}", "folder not used", reason))
        else:
            yield "train" if folder == "train" else "test", folder, parse_clip_name
    yield "supplemental", "supplemental", parse_supplement_name


def _take(path: Path, machine: str, folder: str, parse: Callable[[str], ClipName]) -> Clip | Problem:
    file = f"{machine}/{path.parent.name}/{printable(path.name)}"
    if path.suffix.lower() not in AUDIO_SUFFIXES:
        return Problem(file, "not audio", "neither .wav nor .flac")
    try:
        name = parse(path.name)
    except ClipNameError as error:
        return Problem(file, "wrong name", str(error))
    if name.split is not None and name.split != folder:
        return Problem(file, "wrong folder", f"the name says {name.split}, the folder says {folder}")
    if folder == "train" and name.label != "normal":
        return Problem(file, "wrong label", "a training clip must be normal, and its name must say so")
    return Clip(machine, folder, path, name)


def _without_repeats(clips: list[Clip]) -> list[Clip]:
    """One clip per key: the baseline's tool merges source_test and target_test into test, and may keep all three."""
    return list({clip.key: clip for clip in reversed(clips)}.values())[::-1]
