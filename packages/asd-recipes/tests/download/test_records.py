"""Record numbers, the parsing of records, and pauses."""

from __future__ import annotations

from typing import Any

import pytest

from asd_recipes.download import RecordError
from asd_recipes.download.patience import Patience, retry_after_s
from asd_recipes.download.record_listing import parse_listing
from asd_recipes.download.records import RECORDS, SPLITS, known_archives, known_record, machine_of


def test_record_numbers_and_md5_are_the_published_ones() -> None:
    numbers = {year: [record.number for record in splits.values()] for year, splits in RECORDS.items()}
    assert numbers == {
        2020: [3678171, 3727685, 3841772],
        2021: [4562016, 4660992, 4884786],
        2022: [6355122, 6462969, 6586456],
        2023: [7882613, 7830345, 7860847],
        2024: [10902294, 11259435, 11363076],
        2025: [15097779, 15392814, 15519362],
        2026: [19336329, 20151556, 20437238],
    }
    assert all(list(splits) == list(SPLITS) for splits in RECORDS.values())
    sums = {archive.name: archive.md5 for split in RECORDS[2023] for archive in known_archives(2023, split)}
    assert len(set(sums.values())) == 21
    assert sums["dev_bearing.zip"] == "8a813bc8d8f156b5395bfccdfac7673c"
    assert sums["eval_data_Vacuum_train.zip"] == "1c8de33d9a8c7850a1f7aaddb97d87be"
    assert sums["eval_data_ToyTank_test.zip"] == "f5639bf58c47169c622751f19c6fc321"


def test_the_evaluation_clips_of_2026_are_of_the_machines_of_its_additional_training_clips() -> None:
    machines = ["BlowerDustCollector", "Sander", "SewingMachine", "ToothBrush", "ToyDrone"]
    archives = known_archives(2026, "eval")
    assert [archive.name for archive in archives] == [f"eval_data_{machine}_test.zip" for machine in machines]
    assert [archive.machine for archive in archives] == machines
    assert [archive.machine for archive in known_archives(2026, "additional")] == machines


def test_an_unknown_split_is_refused_with_the_known_ones() -> None:
    with pytest.raises(RecordError, match="dcase2026 has no split 'test'; there are dev, additional, eval"):
        known_record(2026, "test")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dev_fan.zip", ("fan", 1)),
        ("dev_data_ToyConveyor.zip", ("ToyConveyor", 1)),
        ("eval_data_train_pump.zip", ("pump", 1)),
        ("eval_data_test_pump.zip", ("pump", 1)),
        ("eval_data_3DPrinter_train_r2.zip", ("3DPrinter", 2)),
        ("dev_ToyCar_r2.zip", ("ToyCar", 2)),
        ("readme.md", None),
        ("dev_.zip", None),
        ("dev_../../x.zip", None),
        ("dev_...zip", None),
        ("dev_a/b.zip", None),
        ("dev_fan.zip\n", None),
    ],
)
def test_the_machine_is_read_from_the_zip_s_name(name: str, expected: tuple[str, int] | None) -> None:
    assert machine_of(name) == expected


SOUND = {"key": "dev_fan.zip", "size": 5, "checksum": "md5:" + "0" * 32, "links": {"self": "https://zenodo.org/x"}}


@pytest.mark.parametrize(
    "change",
    [
        {"key": None},
        {"size": -1},
        {"size": 0},
        {"size": True},
        {"size": 5.0},
        {"size": "5"},
        {"size": 1 << 50},
        {"checksum": "sha256:" + "0" * 64},
        {"checksum": "md5:xyz"},
        {"checksum": None},
        {"links": None},
        {"links": {"self": "file:///etc/passwd"}},
        {"links": {"self": "https://"}},
        {"links": {"self": ["https://zenodo.org"]}},
    ],
    ids=str,
)
def test_an_entry_of_a_record_with_a_wrong_field_is_refused(change: dict[str, Any]) -> None:
    def listing(*entries: Any) -> Any:
        return parse_listing({"id": 7, "files": list(entries)}, 7, "dev", mirror="http://mirror")

    assert listing(SOUND).archives[0].url == "http://mirror/x"
    with pytest.raises(RecordError, match="record 7"):
        listing({**SOUND, **change})
    with pytest.raises(RecordError, match="twice"):
        listing(SOUND, SOUND)
    with pytest.raises(RecordError, match="record 7"):
        listing(None)


def test_a_record_without_licence_is_used_and_one_with_control_characters_cannot_move_the_cursor() -> None:
    reply = {"id": "7", "files": [SOUND], "metadata": {"title": "a\x1b[2Jb\n", "license": None, "creators": "x"}}
    source = parse_listing(reply, 7, "dev").source
    assert source.title == "a[2Jb"
    assert source.licence == "see https://zenodo.org/records/7"
    assert source.citation == "https://doi.org/10.5281/zenodo.7"


def test_pauses_grow_to_a_limit_and_are_never_shorter_than_asked_for() -> None:
    patience = Patience()
    assert [patience.pause_s(n, None) for n in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert patience.pause_s(1, 100.0) == 100
    assert patience.pause_s(4, 2.0) == 8


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30", 30.0),
        (" 30 ", 30.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 60.0),
        ("Wednesday, 21-Oct-15 07:28:00 GMT", 60.0),
        ("Wed Oct 21 07:28:00 2015", 60.0),
        ("Wed, 21 Oct 2015 07:20:00 GMT", 0.0),
        ("3.5", None),
        ("-3", None),
        ("²", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(text: str, expected: float | None) -> None:
    assert retry_after_s({"Retry-After": text}, 1445412420.0) == expected  # 07:27:00
