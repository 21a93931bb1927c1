"""The DCASE folders of all years: `<root>/<machine>/{train,test,...}/*.wav` beside `attributes_NN.csv`.

What the folders of the official baseline are called: `train` and `test` always; `source_test` and `target_test` in
2021; `supplemental` in 2025; and `test_rename`, where its tool has copied an evaluation test set to labelled names.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from asd_recipes.dataset.attribute_table import read_attribute_tables
from asd_recipes.dataset.clip import AUDIO_SUFFIXES, Clip, DatasetError, NoDatasetError, Problem
from asd_recipes.dataset.clip_name import ClipName, ClipNameError, parse_clip_name, parse_supplement_name
from asd_recipes.file_names import printable

_TEST_FOLDERS = ("test", "source_test", "target_test")
_FOLDERS = ("train", *_TEST_FOLDERS, "test_rename", "supplemental")


def machine_folders(root: Path) -> list[str]:
    """Names of the machine types in a folder.

    Raises:
        NoDatasetError: there is none; says which folder was probably meant.
        DatasetError: a name cannot be printed.
    """
    found = [entry.name for entry in root.iterdir() if any((entry / folder).is_dir() for folder in _FOLDERS)]
    if not found:
        below = sorted(path.parent.parent for depth in ("*/*", "*/*/*") for path in root.glob(f"{depth}/train"))
        raise NoDatasetError(root, below[0] if below else None)
    if strange := [name for name in found if not name.isprintable()]:
        raise DatasetError(f"{root}: the folder {strange[0]!a} holds a character that cannot be printed. Rename it.")
    return found


def scan_machine(root: Path, machine: str) -> tuple[list[Clip], list[Problem]]:
    """The clips of a machine, by folder and name, and the files that could not be taken."""
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
    """Whatever is in a folder of clips, in order; nothing in one that is not there."""
    try:
        return sorted(folder / entry for entry in os.listdir(folder) if not entry.startswith("."))
    except FileNotFoundError:
        return []
    except OSError as error:
        problems.append(Problem(name, "unreadable", f"the folder cannot be listed: {error.strerror or error}"))
        return []


def _sources(place: Path, problems: list[Problem]) -> Iterator[tuple[str, str, Callable[[str], ClipName]]]:
    """(folder of the clips, folder on the disk, reader of the names) of what a machine has."""
    renamed = (place / "test_rename").is_dir()
    if renamed:
        yield "test", "test_rename", parse_clip_name
    for folder in ("train", *_TEST_FOLDERS):
        if not (place / folder).is_dir():
            continue
        if renamed and folder != "train":
            reason = "test_rename holds the same clips under labelled names, and is taken in its place"
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
        return Problem(file, "wrong folder", f"the name says {name.split}, the folder {folder}")
    if folder == "train" and name.label != "normal":
        return Problem(file, "wrong label", "a training clip must be normal and say so in its name")
    return Clip(machine, folder, path, name)


def _without_repeats(clips: list[Clip]) -> list[Clip]:
    """One clip a key: the baseline's tool merges source_test and target_test into test and may leave both."""
    return list({clip.key: clip for clip in reversed(clips)}.values())[::-1]
