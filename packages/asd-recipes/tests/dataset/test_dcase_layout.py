"""The folders of every year give one table of clips, and nothing in them is silently ignored."""

from collections import Counter
from pathlib import Path

import pytest

from asd_recipes.dataset.clip import Clip, DatasetError
from asd_recipes.dataset.clip_name import ClipName
from asd_recipes.dataset.scan import Dataset, scan_dataset


def _touch(root: Path, *files: str) -> Path:
    """Empty files: a scan opens no recording."""
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    return root


def _kinds(dataset: Dataset) -> Counter[tuple[str | None, ...]]:
    return Counter((clip.folder, clip.name.section, clip.name.domain, clip.name.label) for clip in dataset.clips)


def test_2020_has_ids_for_sections_and_no_domains(tmp_path: Path) -> None:
    root = _touch(
        tmp_path,
        "ToyConveyor/train/normal_id_01_00000000.wav",
        "ToyConveyor/train/normal_id_02_00000000.wav",
        "ToyConveyor/test/normal_id_01_00000000.wav",
        "ToyConveyor/test/anomaly_id_01_00000000.wav",
        "pump/test/id_05_00000000.wav",
    )
    dataset = scan_dataset(root)
    assert dataset.problems == ()
    assert _kinds(dataset) == {
        ("train", "01", None, "normal"): 1,
        ("train", "02", None, "normal"): 1,
        ("test", "01", None, "normal"): 1,
        ("test", "01", None, "anomaly"): 1,
        ("test", "05", None, None): 1,
    }


def test_2021_has_a_test_folder_for_each_domain(tmp_path: Path) -> None:
    root = _touch(
        tmp_path,
        "fan/train/section_00_target_train_normal_0002_strength_1_ambient.wav",
        "fan/source_test/section_00_source_test_normal_0000.wav",
        "fan/target_test/section_00_target_test_anomaly_0000.wav",
        "pump/source_test/section_03_source_test_0000.wav",
    )
    dataset = scan_dataset(root)
    assert dataset.problems == ()
    assert _kinds(dataset) == {
        ("train", "00", "target", "normal"): 1,
        ("test", "00", "source", "normal"): 1,
        ("test", "00", "target", "anomaly"): 1,
        ("test", "03", "source", None): 1,
    }


def test_a_clip_in_source_test_and_in_test_counts_once(tmp_path: Path) -> None:
    names = ["section_00_source_test_normal_0000.wav", "section_00_source_test_normal_0001.wav"]
    root = _touch(tmp_path, *[f"fan/source_test/{name}" for name in names], f"fan/test/{names[0]}")
    clips = scan_dataset(root).clips
    assert [clip.path.name for clip in clips] == names
    assert [clip.path.parent.name for clip in clips] == ["test", "source_test"]


def test_2022_has_three_sections_with_a_table_of_attributes_each(tmp_path: Path) -> None:
    names = [f"section_{section}_source_train_normal_0000.wav" for section in ("00", "01", "02")]
    root = _touch(tmp_path, *[f"fan/train/{name}" for name in names], "fan/test/section_03_test_0000.wav")
    for section, name in zip(("00", "01"), names, strict=False):
        table = f"file_name,d1p,d1v,d2p,d2v\nfan/train/{name},m-n,W{section},,\n"
        (root / "fan" / f"attributes_{section}.csv").write_text(table)
    attributes = {clip.name.section: clip.name.attributes for clip in scan_dataset(root).clips}
    assert attributes == {"00": (("m-n", "W00"),), "01": (("m-n", "W01"),), "02": (), "03": ()}


def test_attributes_in_the_name_win_over_those_of_the_table(tmp_path: Path) -> None:
    name = "section_00_source_train_normal_0000_vel_5.wav"
    root = _touch(tmp_path, f"bearing/train/{name}")
    (root / "bearing" / "attributes_00.csv").write_text(f"file_name,d1p,d1v\nbearing/train/{name},vel,6\n")
    (clip,) = scan_dataset(root).clips
    assert clip.name.attributes == (("vel", "5"),)


def test_noattribute_means_no_attributes_in_names_and_in_tables(tmp_path: Path) -> None:
    names = ["section_00_source_train_normal_0000_noAttribute.wav", "section_00_source_train_normal_0001.wav"]
    root = _touch(tmp_path, *[f"fan/train/{name}" for name in names])
    rows = "".join(f"fan/train/{name},noAttribute\n" for name in names)
    (root / "fan" / "attributes_00.csv").write_text(f"file_name,d1p,d1v\n{rows}")
    assert [clip.name.attributes for clip in scan_dataset(root).clips] == [(), ()]


def test_the_supplementary_clips_of_2025_are_neither_training_nor_test(tmp_path: Path) -> None:
    root = _touch(
        tmp_path,
        "ToyPet/train/section_00_source_train_normal_0000_noAttribute.wav",
        "ToyPet/supplemental/section_00_machine_0001.wav",
        "ToyPet/supplemental/section_00_noise_0002.wav",
        "ToyPet/test/section_00_0000.wav",
    )
    dataset = scan_dataset(root)
    assert dataset.problems == ()
    assert [(clip.folder, clip.name.supplement) for clip in dataset.clips] == [
        ("train", None),
        ("test", None),
        ("supplemental", "clean"),
        ("supplemental", "noise"),
    ]


def test_clips_renamed_by_the_official_tool_replace_the_anonymous_ones(tmp_path: Path) -> None:
    root = _touch(
        tmp_path,
        "shaker/train/section_00_source_train_normal_0000_speed_1000.wav",
        "shaker/test/section_00_0000.wav",
        "shaker/test_rename/section_00_target_test_anomaly_0007_speed_1200.wav",
    )
    dataset = scan_dataset(root)
    assert [(clip.folder, clip.name.label) for clip in dataset.clips] == [("train", "normal"), ("test", "anomaly")]
    assert [(problem.file, problem.kind, problem.severity) for problem in dataset.problems] == [
        ("shaker/test", "folder not used", "warning")
    ]


def test_every_file_is_a_clip_or_a_problem(tmp_path: Path) -> None:
    names = ["section_00_source_train_normal_0000.wav", "section_00_source_test_normal_0000.wav", "folder.wav/a"]
    names += ["section_00_source_train_anomaly_0000.wav", "section_00_0001.wav", "a.wav", "a.mp3", "bad\nname.wav"]
    dataset = scan_dataset(_touch(tmp_path, *[f"fan/train/{name}" for name in names]))
    assert len(dataset.clips) + len(dataset.problems) == len(names)
    assert Counter(problem.kind for problem in dataset.problems) == {
        "wrong name": 3, "not audio": 1, "wrong folder": 1, "wrong label": 2
    }  # fmt: skip
    assert all(problem.file.isprintable() and problem.reason.isprintable() for problem in dataset.problems)


def test_a_key_is_unique_and_the_clips_are_sorted(tmp_path: Path) -> None:
    root = _touch(
        tmp_path, *[f"{machine}/{folder}/section_00_{number:04d}.wav" for machine in "ba" for folder in ("test",)
                    for number in (2, 1)]
    )  # fmt: skip
    keys = [clip.key for clip in scan_dataset(root).clips]
    assert keys == sorted(set(keys))
    assert len(keys) == 4


def test_a_name_that_is_not_utf8_is_a_printable_problem(tmp_path: Path) -> None:
    folder = _touch(tmp_path, "fan/train/section_00_source_train_normal_0000.wav") / "fan" / "train"
    try:
        Path(bytes(folder).decode() + "/section_00_source_train_normal_0001_a_\udcff.wav").touch()
    except (OSError, UnicodeError):
        pytest.skip("this file system takes no such name")
    (problem,) = scan_dataset(tmp_path).problems
    assert problem.kind == "wrong name"
    (problem.file + problem.reason).encode()


def test_a_broken_attribute_table_is_a_problem_and_not_a_crash(tmp_path: Path) -> None:
    root = _touch(tmp_path, "fan/train/section_00_source_train_normal_0000.wav")
    (root / "fan" / "attributes_00.csv").write_bytes(b"\xff\xfe\x00\x00 nothing")
    dataset = scan_dataset(root)
    assert len(dataset.clips) == 1
    assert [problem.kind for problem in dataset.problems] == ["unreadable table"]


def test_a_machine_whose_folders_are_empty_is_an_error(tmp_path: Path) -> None:
    _touch(tmp_path, "fan/test/section_00_0000.wav")
    (tmp_path / "pump" / "train").mkdir(parents=True)
    (problem,) = scan_dataset(tmp_path).problems
    assert (problem.file, problem.kind, problem.severity) == ("pump", "no recordings", "error")


def test_one_machine_can_be_asked_for_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    root = _touch(tmp_path, "fan/test/section_00_0000.wav", "pump/test/section_00_0000.wav")
    assert scan_dataset(root, machines=["pump"]).machines == ["pump"]
    with pytest.raises(DatasetError, match="no machine valve; it has fan, pump"):
        scan_dataset(root, machines=["valve"])


def test_clips_can_be_made_by_hand_without_a_table() -> None:
    clip = Clip("fan", "train", Path("fan/train/a.wav"), ClipName("00", 0))
    assert clip.key == "fan/train/a.wav"
