"""`asd data check` on a data set with one fault of each kind."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asd_recipes.data_check import check_dataset
from asd_recipes.dataset import DatasetError, scan_dataset
from asd_recipes.synth import DatasetSize, write_dataset


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("check") / "clean"
    write_dataset(folder, size=DatasetSize.named("tiny"), seed=1, machines=["fan"])
    return folder


def _report(folder: Path):
    return check_dataset(folder, advance=lambda steps: None)


def test_a_synthetic_data_set_has_no_finding(clean: Path) -> None:
    report = _report(clean)
    assert report.problems == []
    counts = {}
    for line in report.counts:
        key = (line.split, line.domain, line.label)
        counts[key] = counts.get(key, 0) + line.clips
    assert counts == {
        ("train", "source", "normal"): 12,
        ("train", "target", "normal"): 4,
        **{("test", domain, label): 3 for domain in ("source", "target") for label in ("normal", "anomaly")},
    }


def _break_truncated(clips: list[Path]) -> None:
    clips[0].write_bytes(clips[0].read_bytes()[:3000])


def _break_empty(clips: list[Path]) -> None:
    clips[0].write_bytes(b"")


def _break_text(clips: list[Path]) -> None:
    clips[0].write_text("not a recording")


def _break_rate(clips: list[Path]) -> None:
    soundfile.write(clips[0], np.ones(44_100, np.int16), 44_100)


def _break_channels(clips: list[Path]) -> None:
    soundfile.write(clips[0], np.ones((16_000, 2), np.int16), 16_000)


def _break_nan(clips: list[Path]) -> None:
    soundfile.write(clips[0], np.full(16_000, np.nan, np.float32), 16_000, subtype="FLOAT")


def _break_duplicate(clips: list[Path]) -> None:
    shutil.copy(clips[1], clips[0])


def _break_name(clips: list[Path]) -> None:
    clips[0].rename(clips[0].with_name("fan_12.wav"))


def _break_folder(clips: list[Path]) -> None:
    clips[0].rename(clips[0].parents[1] / "test" / clips[0].name)


def _break_attribute(clips: list[Path]) -> None:
    table = clips[0].parents[1] / "attributes_00.csv"
    text = table.read_text()
    row = next(line for line in text.splitlines() if clips[0].name in line)
    table.write_text(text.replace(row, row.rsplit(",", 1)[0] + ",Q"))


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (_break_truncated, "truncated"),
        (_break_empty, "empty"),
        (_break_text, "unreadable"),
        (_break_rate, "wrong rate"),
        (_break_channels, "channel"),
        (_break_nan, "nonfinite"),
        (_break_duplicate, "duplicate content"),
        (_break_name, "wrong name"),
        (_break_folder, "wrong folder"),
        (_break_attribute, "attributes disagree"),
    ],
)
def test_each_fault_is_found_and_named(damage, kind: str, clean: Path, tmp_path: Path) -> None:
    copy = tmp_path / "data"
    shutil.copytree(clean, copy)
    damage(sorted((copy / "fan" / "train").glob("*.wav")))
    kinds = {problem.kind for problem in _report(copy).problems}
    assert kind in kinds
    assert kinds <= {kind, "no such clip"}, "nothing else is wrong, but for the list that still names the clip"


def test_a_folder_without_machines_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds no machine type"):
        scan_dataset(tmp_path)


def test_a_folder_above_the_data_set_is_answered_with_the_right_one(clean: Path) -> None:
    with pytest.raises(DatasetError) as caught:
        scan_dataset(clean.parent)
    assert f"Did you mean {clean}?" in str(caught.value)
