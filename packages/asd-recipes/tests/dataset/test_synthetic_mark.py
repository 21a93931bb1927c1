"""Every folder of a synthetic set is recognised as synthetic, even as a copy or through a link."""

import shutil
from pathlib import Path

import pytest

from asd_recipes.dataset.plain_folder import scan_any
from asd_recipes.dataset.scan import scan_dataset
from asd_recipes.dataset.synthetic_mark import folders_of, is_synthetic
from asd_recipes.synth import DatasetSize, write_dataset


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mark") / "whole"
    write_dataset(folder, size=DatasetSize(2, 2, 1), seed=2, machines=["fan", "valve"])
    return folder


def test_a_whole_set_is_synthetic_and_so_is_every_folder_of_it(whole: Path) -> None:
    assert scan_dataset(whole).synthetic
    assert is_synthetic([whole / "fan" / "train"])
    assert not is_synthetic([whole.parent])


def test_the_copy_of_one_machine_among_others_is_synthetic(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole / "fan", tmp_path / "data" / "fan")
    dataset = scan_dataset(tmp_path / "data")
    assert dataset.synthetic
    assert dataset.problems == (), "the mark is not taken for a recording"


def test_the_copy_of_a_folder_of_clips_is_synthetic(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole / "fan" / "train", tmp_path / "mine")
    assert scan_any(tmp_path / "mine").synthetic


def test_a_link_to_one_clip_is_synthetic(whole: Path, tmp_path: Path) -> None:
    clip = next((whole / "fan" / "train").glob("*.wav"))
    (tmp_path / clip.name).symlink_to(clip)
    assert is_synthetic(folders_of([tmp_path / clip.name]))


def test_a_table_of_synthetic_clips_is_synthetic(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole / "fan" / "train", tmp_path / "clips")
    names = sorted(path.name for path in (tmp_path / "clips").glob("*.wav"))
    (tmp_path / "metadata.csv").write_text("file_name\n" + "".join(f"clips/{name}\n" for name in names))
    assert scan_dataset(tmp_path).synthetic


def test_other_recordings_are_not_synthetic(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "pump" / "train").mkdir(parents=True)
    clip = next((whole / "fan" / "train").glob("*.wav"))
    (tmp_path / "pump" / "train" / clip.name).write_bytes(clip.read_bytes())
    assert not scan_dataset(tmp_path).synthetic
