"""A metadata.csv and the user's own CSV file give the same clips as the DCASE folders."""

from collections.abc import Callable
from pathlib import Path

import pytest

from asd_recipes.dataset.clip import DatasetError
from asd_recipes.dataset.scan import Dataset, scan_dataset


def _table(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _rows(dataset: Dataset) -> list[tuple[str, str, str | None, str | None]]:
    return [(clip.key, clip.folder, clip.name.label, clip.name.domain) for clip in dataset.clips]


def test_a_csv_of_paths_and_labels_is_read(tmp_path: Path) -> None:
    table = _table(
        tmp_path / "clips.csv", "path,label,split\npump/a.wav,normal,train\npump/b.flac,1,test\npump/c.wav,,\n"
    )
    dataset = scan_dataset(table)
    assert dataset.problems == ()
    assert _rows(dataset) == [
        ("pump/train/pump/a.wav", "train", "normal", None),
        ("pump/train/pump/c.wav", "train", None, None),
        ("pump/test/pump/b.flac", "test", "anomaly", None),
    ]
    assert [clip.path for clip in dataset.clips] == [tmp_path / f"pump/{name}" for name in ("a.wav", "c.wav", "b.flac")]


@pytest.mark.parametrize("place", ["metadata.csv", "train/metadata.csv", "pump/train/metadata.csv"])
def test_a_metadata_csv_is_found_in_the_places_that_the_hub_uses(tmp_path: Path, place: str) -> None:
    _table(tmp_path / place, "file_name,label\na.wav,0\n")
    (clip,) = scan_dataset(tmp_path).clips
    assert clip.path == (tmp_path / place).parent / "a.wav"
    assert (clip.folder, clip.name.label) == ("train", "normal")
    assert clip.machine == ("pump" if "pump" in place else tmp_path.name)


def test_columns_can_give_everything_that_a_name_can(tmp_path: Path) -> None:
    text = "file_name,machine_type,section,domain,split,label,d1p,d1v,d2p,d2v,load\n"
    text += "x/7.wav,fan,03,target,test,anomaly,vel,5,noAttribute,,half\n"
    (clip,) = scan_dataset(_table(tmp_path / "a.csv", text)).clips
    assert (clip.machine, clip.folder, clip.name.section) == ("fan", "test", "03")
    assert (clip.name.domain, clip.name.split, clip.name.label) == ("target", "test", "anomaly")
    assert clip.name.attributes == (("vel", "5"), ("load", "half"))


def test_a_dcase_name_gives_what_the_columns_lack(tmp_path: Path) -> None:
    name = "section_00_target_test_anomaly_0040_volt_1.5_wt_130.wav"
    (clip,) = scan_dataset(_table(tmp_path / "metadata.csv", f"file_name\ngearbox/{name}\n").parent).clips
    assert (clip.machine, clip.folder, clip.name.domain, clip.name.label) == ("gearbox", "test", "target", "anomaly")
    assert clip.name.attributes == (("volt", "1.5"), ("wt", "130"))


def test_folders_give_split_label_and_machine(tmp_path: Path) -> None:
    table = _table(
        tmp_path / "a.csv", "path\ntrain/pump/normal/1.wav\ntest/pump/anomaly/1.wav\ntest/pump/normal/1.wav\n"
    )
    assert _rows(scan_dataset(table)) == [
        ("pump/train/train/pump/normal/1.wav", "train", "normal", None),
        ("pump/test/test/pump/anomaly/1.wav", "test", "anomaly", None),
        ("pump/test/test/pump/normal/1.wav", "test", "normal", None),
    ]


@pytest.mark.parametrize(
    "path",
    ["../outside.wav", "a/../../outside.wav", "a/../b.wav", "/etc/outside.wav", "C:/outside.wav", "c:outside.wav",
     "..\\outside.wav", "\\outside.wav", "\\\\server\\outside.wav"],
)  # fmt: skip
@pytest.mark.parametrize("table", ["metadata.csv", "train/metadata.csv", "clips.csv"])
def test_a_path_that_leaves_the_folder_is_refused(tmp_path: Path, path: str, table: str) -> None:
    written = _table(tmp_path / "data" / table, f"file_name\n{path}\ninside.wav\n")
    dataset = scan_dataset(written if table == "clips.csv" else tmp_path / "data")
    assert [problem.kind for problem in dataset.problems] == ["leaves the folder"]
    assert dataset.problems[0].severity == "error"
    assert [clip.path.name for clip in dataset.clips] == ["inside.wav"]


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("a.wav,2,", "wrong label"),
        ("a.wav,normal,dev", "wrong split"),
        ("a.wav,anomaly,train", "wrong label"),
        ("a.mp3,normal,train", "not audio"),
        (",normal,train", "wrong name"),
        ("section_00_source_test_anomaly_0001.wav,normal,test", "label disagrees"),
        ('"a\n.wav",normal,train', "wrong name"),
        ("b.wav,normal,train", "listed twice"),
    ],
)
def test_a_row_that_gives_no_clip_is_reported_and_the_others_are_kept(tmp_path: Path, row: str, kind: str) -> None:
    dataset = scan_dataset(
        _table(tmp_path / "a.csv", f"path,label,split\nb.wav,normal,train\n{row}\nc.wav,normal,test\n")
    )
    assert [clip.path.name for clip in dataset.clips] == ["b.wav", "c.wav"]
    assert [problem.kind for problem in dataset.problems] == [kind]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "has no column"),
        (b"label,split\nnormal,train\n", "has no column file_name"),
        (b"path,label,label\na.wav,normal,normal\n", "label twice"),
        (b"path,label\n\n", "no rows"),
        (b"path\n\xff\xfe\n", "UTF-8"),
        (b"path\n" + b"a" * 200_000, "CSV"),
    ],
)
def test_a_file_that_is_not_a_table_is_refused_by_name(tmp_path: Path, content: bytes, words: str) -> None:
    table = tmp_path / "clips.csv"
    table.write_bytes(content)
    with pytest.raises(DatasetError, match=words) as caught:
        scan_dataset(table)
    assert str(table) in str(caught.value)


def test_headings_may_have_capitals_spaces_and_a_byte_order_mark(tmp_path: Path) -> None:
    (clip,) = scan_dataset(_table(tmp_path / "a.csv", "\ufeffFile_Name, Label \na.wav, Normal \n")).clips
    assert clip.name.label == "normal"


def _dcase(root: Path) -> Path:
    for folder, name in _NAMES:
        (root / "fan" / folder).mkdir(parents=True, exist_ok=True)
        (root / "fan" / folder / name).touch()
    return root


def _metadata(root: Path) -> Path:
    _dcase(root)
    _table(root / "metadata.csv", "file_name\n" + "".join(f"fan/{folder}/{name}\n" for folder, name in _NAMES))
    return root


def _own(root: Path) -> Path:
    _dcase(root)
    return _table(root / "list.csv", "path\n" + "".join(f"fan\\{folder}\\{name}\n" for folder, name in _NAMES))


_NAMES = [
    ("train", "section_00_source_train_normal_0001_m-n_W.wav"),
    ("train", "section_00_target_train_normal_0000_m-n_Y.wav"),
    ("test", "section_00_source_test_anomaly_0000_m-n_W.wav"),
    ("test", "section_00_0017.wav"),
]


@pytest.mark.parametrize("layout", [_metadata, _own])
def test_the_same_clips_give_the_same_table_in_each_layout(tmp_path: Path, layout: Callable[[Path], Path]) -> None:
    def known(dataset: Dataset) -> set[tuple[object, ...]]:
        return {
            (clip.machine, clip.folder, clip.path, clip.name.section, clip.name.number, clip.name.domain,
             clip.name.label, clip.name.attributes)
            for clip in dataset.clips
        }  # fmt: skip

    folders = scan_dataset(_dcase(tmp_path))
    assert known(scan_dataset(layout(tmp_path))) == known(folders)
    assert folders.machines == ["fan"]
