"""Folders of recordings without a layout, and their attributes from a table or from names."""

from pathlib import Path

import pytest

from asd_recipes.dataset.clip import DatasetError
from asd_recipes.own_machine.normal import NORMAL
from asd_recipes.own_machine.own_recordings import OwnRecordings, find_normal
from asd_recipes.own_machine.recording_attributes import with_attributes


def _find(normal: Path, others: list[Path]) -> OwnRecordings:
    return find_normal(normal, without=others).with_others(others)


def _touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")
    return root


def _found(recordings: OwnRecordings) -> dict[str, list[str]]:
    machines: dict[str, list[str]] = {}
    for clip in recordings.clips:
        machines.setdefault(clip.machine, []).append(clip.listed_as)
    return machines


def test_folders_are_searched_to_any_depth_without_hidden_files_and_other_kinds(tmp_path: Path) -> None:
    _touch(tmp_path / "pump", "b.wav", "a.FLAC", "day1/c.wav", "notes.txt", ".d.wav", ".hidden/e.wav", "day1/._c.wav")
    _touch(tmp_path / "rest", "x.wav")
    assert _found(_find(tmp_path / "pump", [tmp_path / "rest"]))[NORMAL] == ["a.FLAC", "b.wav", "day1/c.wav"]


def test_each_sub_folder_of_the_others_is_a_machine_and_so_are_the_recordings_beside_them(tmp_path: Path) -> None:
    _touch(tmp_path, "pump/a.wav", "rest/fan/deep/b.wav", "rest/saw/c.wav", "rest/d.wav", "more/e.wav", "rest/empty/f")
    found = _find(tmp_path / "pump", [tmp_path / "rest", tmp_path / "more"])
    assert _found(found) == {
        NORMAL: ["a.wav"],
        "others1/rest/.": ["d.wav"],
        "others1/fan": ["deep/b.wav"],
        "others1/saw": ["c.wav"],
        "others2/more/.": ["e.wav"],
    }
    assert found.others == sorted(set(_found(found)) - {NORMAL})


def test_the_normal_recordings_are_never_their_own_pseudo_anomalies(tmp_path: Path) -> None:
    """The normal folder may be one of the other folders, or inside one of them, or contain one of them."""
    _touch(tmp_path, "all/pump/train/a.wav", "all/pump/test/odd.wav", "all/fan/b.wav")
    for normal in ("all/pump", "all/pump/train"):
        found = _find(tmp_path / normal, [tmp_path / "all"])
        assert set(_found(found)) == {NORMAL, "others1/fan"}
        assert str(tmp_path / "all" / "pump") in found.notes[0]
    within = _find(tmp_path / "all", [tmp_path / "all" / "fan"])
    assert _found(within)[NORMAL] == ["pump/test/odd.wav", "pump/train/a.wav"]


def test_a_file_with_an_unprintable_name_is_left_out_and_named(tmp_path: Path) -> None:
    _touch(tmp_path, "pump/a.wav", "pump/b\n.wav", "rest/c.wav")
    found = _find(tmp_path / "pump", [tmp_path / "rest"])
    assert _found(found)[NORMAL] == ["a.wav"]
    assert [problem.kind for problem in found.problems] == ["wrong name"]
    assert found.problems[0].file.isprintable()


def test_files_left_out_are_named_by_the_users_path_and_counted_for_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _touch(tmp_path, "all/pump/a.wav", "all/pump/day 1/b.mp3", "all/fan/c.wav", "all/fan/d.M4A", "all/saw/e.ogg")
    (tmp_path / "all" / "pump" / "more").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    found = _find(Path("all/pump"), [Path("all")])
    files = [problem.file for problem in found.problems]
    assert files == ["all/pump/day 1/b.mp3", "all/pump/more", "all/fan/d.M4A", "all/saw/e.ogg"]
    assert found.normal_left_out == 2


def test_a_folder_with_nothing_but_other_formats_says_so(tmp_path: Path) -> None:
    _touch(tmp_path, "pump/a.mp3", "rest/b.wav")
    with pytest.raises(DatasetError, match=r"a\.mp3: \.mp3 files are not supported\. Convert"):
        _find(tmp_path / "pump", [tmp_path / "rest"])


@pytest.mark.parametrize(
    ("normal", "others", "message"),
    [
        ("nowhere", ["rest"], "nowhere is not a folder"),
        ("pump", ["nowhere"], "nowhere is not a folder"),
        ("empty", ["rest"], "no wav or flac"),
        ("pump", ["empty"], "pseudo-anomalies"),
        ("pump", ["pump"], "outside the other folders"),
    ],
)
def test_folders_without_usable_recordings_are_named(
    normal: str, others: list[str], message: str, tmp_path: Path
) -> None:
    _touch(tmp_path, "pump/a.wav", "rest/b.wav", "empty/c.txt")
    with pytest.raises(DatasetError, match=message):
        _find(tmp_path / normal, [tmp_path / name for name in others])


@pytest.fixture
def motors(tmp_path: Path) -> OwnRecordings:
    _touch(tmp_path, "pump/900_full.wav", "pump/1200_full.wav", "pump/1200_idle/x.wav", "pump/test.wav", "rest/b.wav")
    return _find(tmp_path / "pump", [tmp_path / "rest"])


def _attributes(recordings: OwnRecordings) -> dict[str, dict[str, str]]:
    return {clip.listed_as: dict(clip.name.attributes) for clip in recordings.clips if clip.name.attributes}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (
            "{speed}_{load}",
            {
                "900_full.wav": {"speed": "900", "load": "full"},
                "1200_full.wav": {"speed": "1200", "load": "full"},
            },
        ),
        ("{}_{load}", {"900_full.wav": {"load": "full"}, "1200_full.wav": {"load": "full"}}),
        ("{speed}_{}/{}", {"1200_idle/x.wav": {"speed": "1200"}}),
        ("9{rest}", {"900_full.wav": {"rest": "00_full"}}),
    ],
)
def test_a_pattern_gives_the_attributes_of_the_names_that_it_matches(
    pattern: str, expected: dict[str, dict[str, str]], motors: OwnRecordings
) -> None:
    told = with_attributes(motors, table=None, pattern=pattern)
    assert _attributes(told) == expected
    assert "got attributes" in told.notes[-1]


def test_a_table_gives_the_attributes_of_the_paths_and_names_that_it_lists(
    motors: OwnRecordings, tmp_path: Path
) -> None:
    table = tmp_path / "conditions.csv"
    table.write_text("load,file_name,speed\nfull,900_full.wav,900\nidle,x.wav,\n,1200_full.wav,\nfull,gone.wav,1\n")
    told = with_attributes(motors, table=table, pattern=None)
    assert _attributes(told) == {
        "900_full.wav": {"load": "full", "speed": "900"},
        "1200_idle/x.wav": {"load": "idle"},
    }


@pytest.mark.parametrize("pattern", ["speed", "{a}_{a}", "{}", "{1}", "no{such}name"])
def test_a_pattern_without_attributes_or_matches_is_refused(pattern: str, motors: OwnRecordings) -> None:
    with pytest.raises(DatasetError, match="pattern"):
        with_attributes(motors, table=None, pattern=pattern)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("speed,load\n1,2\n", "column file_name"),
        ("file_name,load\nother.wav,1\n", "matches no recording"),
        ("", "it has none"),
    ],
)
def test_a_table_without_attributes_or_matches_is_refused(
    text: str, message: str, motors: OwnRecordings, tmp_path: Path
) -> None:
    (tmp_path / "table.csv").write_text(text)
    with pytest.raises(DatasetError, match=message):
        with_attributes(motors, table=tmp_path / "table.csv", pattern=None)
    with pytest.raises(DatasetError, match="only one of them"):
        with_attributes(motors, table=tmp_path / "table.csv", pattern="{a}_")
