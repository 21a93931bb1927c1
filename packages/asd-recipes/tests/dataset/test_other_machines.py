"""Machines that only serve as pseudo-anomalies: what is taken of their folders, how they are named, what is refused."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from asd_recipes.dataset.clip import DatasetError
from asd_recipes.dataset.other_machines import find_other_machines
from asd_recipes.dataset.scan import Dataset, scan_dataset

CLIP = "section_00_source_{split}_normal_{number:04d}_spd_1.wav"


def _machine(root: Path, name: str, *splits: str) -> None:
    """Empty files: a scan opens none."""
    for split in splits:
        (root / name / split).mkdir(parents=True)
        for number in range(2):
            (root / name / split / CLIP.format(split=split, number=number)).touch()


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    for name in ("bearing", "fan"):
        _machine(tmp_path / "data", name, "train", "test")
    return scan_dataset(tmp_path / "data")


def test_only_training_clips_are_taken_and_a_machine_of_a_known_name_is_another_machine(
    dataset: Dataset, tmp_path: Path
) -> None:
    _machine(tmp_path / "a", "bearing", "train", "test")
    _machine(tmp_path / "b", "bearing", "train")
    _machine(tmp_path / "b", "saw", "train")
    found = find_other_machines([tmp_path / "a", tmp_path / "b"], dataset)
    assert [others.machines for others in found] == [["others1/bearing"], ["others2/bearing", "others2/saw"]]
    clips = [clip for others in found for clip in others.clips]
    assert {clip.folder for clip in clips} == {"train"}
    assert len(clips) == 6
    keys = {clip.key for clip in (*dataset.clips, *clips)}
    assert len(keys) == len(dataset.clips) + len(clips)


def test_a_finding_is_told_of_training_folders_alone_and_names_the_machine_as_the_clips_do(
    dataset: Dataset, tmp_path: Path
) -> None:
    _machine(tmp_path / "a", "saw", "train", "test")
    for split in ("train", "test"):
        (tmp_path / "a" / "saw" / split / "mine.wav").touch()
    (others,) = find_other_machines([tmp_path / "a"], dataset)
    assert [problem.file for problem in others.problems] == ["others1/saw/train/mine.wav"]


def _missing(folder: Path, data: Path) -> list[Path]:
    return [folder]


def _untrained(folder: Path, data: Path) -> list[Path]:
    _machine(folder, "saw", "test")
    return [folder]


def _itself(folder: Path, data: Path) -> list[Path]:
    folder.symlink_to(data)
    return [folder]


def _twice(folder: Path, data: Path) -> list[Path]:
    _machine(folder, "saw", "train")
    return [folder, data.parent / "data" / ".." / folder.name]


def _part(folder: Path, data: Path) -> list[Path]:
    _machine(folder, "saw", "train")
    (folder / "fan").symlink_to(data / "fan")
    return [folder]


def _hard_links(folder: Path, data: Path) -> list[Path]:
    shutil.copytree(data / "fan", folder / "fan", copy_function=os.link)
    return [folder]


def _of_each_other(folder: Path, data: Path) -> list[Path]:
    _machine(folder, "saw", "train")
    (data.parent / "second").mkdir()
    (data.parent / "second" / "plane").symlink_to(folder / "saw")
    return [folder, data.parent / "second"]


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (_missing, "others-given does not exist. Pass the folder"),
        (_untrained, "--others .*others-given has no training clips, .* Pass a data set with recordings in"),
        (_itself, "--others .*others-given is the data set itself, .* leave --others out"),
        (_twice, r"--others .*others-given is given twice: .* Give it once"),
        (_part, "--others .*others-given: .*fan/train/.* is a recording of .*data as well. .* none in common"),
        (_hard_links, "--others .*others-given: .*fan/train/.* is a recording of .*data as well. .* none in common"),
        (_of_each_other, "--others .*second: .*plane/train/.* is a recording of .*others-given as well"),
    ],
)
def test_a_folder_that_cannot_serve_is_refused_with_the_rule_and_the_way_out(
    prepare: Callable[[Path, Path], list[Path]], message: str, dataset: Dataset, tmp_path: Path
) -> None:
    folders = prepare(tmp_path / "others-given", dataset.root)
    with pytest.raises(DatasetError, match=message):
        find_other_machines(folders, dataset)
