"""How a download treats records, placed zips, earlier calls and foreign files."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from asd_recipes.download import (
    DiskSpaceError,
    DownloadBusyError,
    PlaceTakenError,
    RecordError,
    WrongContentError,
    records,
    verify_dataset,
)
from asd_recipes.download.one_download import only_download
from asd_recipes.download.web import USER_AGENT

if TYPE_CHECKING:
    from conftest import Caller, Handler, RecordServer

    Clips = Callable[..., dict[str, bytes]]
    ZipOf = Callable[[dict[str, bytes]], bytes]
    Tree = Callable[[Path], dict[str, bytes]]


DEV, ADDITIONAL, EVAL = 7882613, 7830345, 7860847


def published(tree: Tree, root: Path) -> dict[str, bytes]:
    return {path: content for path, content in tree(root).items() if path.startswith(("dev_data", "eval_data"))}


def test_all_splits_are_laid_out_as_the_official_baselines_expect(
    download: Caller, contents: dict[str, dict[str, bytes]], zips: dict[str, bytes], tree: Tree
) -> None:
    report = download(splits=["dev", "additional", "eval"])
    expected = {
        f"{'dev' if zip_name.startswith('dev_') else 'eval'}_data/raw/{name}": content
        for zip_name, files in contents.items()
        for name, content in files.items()
    }
    assert published(tree, download.root) == expected
    assert sorted(report.published) == sorted(zips)
    assert report.folders == (download.root / "dev_data/raw", download.root / "eval_data/raw")
    assert sorted(p.name for p in download.root.iterdir()) == ["dev_data", "download.json", "eval_data"]


def test_the_manifest_has_the_sha256_of_every_file_and_where_it_came_from(
    download: Caller, zips: dict[str, bytes], tree: Tree
) -> None:
    download(splits=["dev"], machines=["fan"])
    manifest = json.loads((download.root / "download.json").read_text())
    assert manifest["dataset"] == "dcase2023"
    assert manifest["sources"]["dev"]["licence"] == "cc-by-4.0"
    assert manifest["sources"]["dev"]["citation"] == (
        "Dohi, Kota; Imoto, Keisuke (2023). DCASE 2023 Challenge Task 2, record 7882613. Zenodo. "
        "https://doi.org/10.5281/zenodo.7882613"
    )
    fan = manifest["archives"]["dev_fan.zip"]
    content = zips["dev_fan.zip"]
    assert (fan["size"], fan["md5"], fan["md5_checked"]) == (len(content), hashlib.md5(content).hexdigest(), True)
    found = published(tree, download.root)
    assert {f"dev_data/raw/{name}": entry for name, entry in fan["files"].items()} == {
        path: [len(content), hashlib.sha256(content).hexdigest()] for path, content in found.items()
    }


def test_licence_and_citation_are_printed_before_anything_is_fetched(download: Caller, zips: dict[str, bytes]) -> None:
    download()
    lines = download.said.getvalue().splitlines()
    assert lines[:3] == [
        "dev: DCASE 2023 Challenge Task 2, record 7882613 (record 7882613)",
        "  licence: cc-by-4.0",
        "  cite: Dohi, Kota; Imoto, Keisuke (2023). DCASE 2023 Challenge Task 2, record 7882613. Zenodo. "
        "https://doi.org/10.5281/zenodo.7882613",
    ]


def test_only_the_machines_asked_for_are_fetched(
    server: RecordServer, download: Caller, zips: dict[str, bytes]
) -> None:
    report = download(splits=["dev", "eval"], machines=["ToyCar", "bandsaw"])
    assert sorted(report.published) == ["dev_ToyCar.zip", "eval_data_bandsaw_test.zip"]
    assert {path for path, _ in server.requests if path.endswith("/content")} == {
        server.file_path(DEV, "dev_ToyCar.zip"),
        server.file_path(EVAL, "eval_data_bandsaw_test.zip"),
    }


def test_an_unknown_machine_is_named_with_the_known_ones(download: Caller, zips: dict[str, bytes]) -> None:
    with pytest.raises(RecordError, match=r"no machine pump in dev; it has fan, ToyCar, valve\."):
        download(machines=["fan", "pump"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"splits": ["test"]}, "no split 'test'; there are dev, additional, eval"),
        ({"splits": []}, "no split was asked for"),
        ({"mirror": "file:///tmp"}, "not an address"),
        ({"mirror": "ftp://host"}, "not an address"),
        ({"mirror": "http://"}, "not an address"),
        ({"mirror": "http://[x/"}, "not an address"),
    ],
)
def test_a_request_that_cannot_be_served_is_refused(download: Caller, options: dict[str, Any], words: str) -> None:
    with pytest.raises(RecordError, match=words):
        download(**options)


def test_no_more_than_two_files_are_fetched_at_once_and_both_are(
    server: RecordServer, download: Caller, clips: Clips, zip_of: ZipOf
) -> None:
    machines = ["bearing", "fan", "gearbox", "slider", "valve"]
    server.publish_record(DEV, {f"dev_{machine}.zip": zip_of(clips(machine, size=100)) for machine in machines})

    def late(handler: Handler) -> None:
        time.sleep(0.1)
        content = handler.content()
        assert content is not None
        handler.reply(200, content)

    server.script = {server.file_path(DEV, f"dev_{machine}.zip"): [late] for machine in machines}
    assert len(download().published) == 5
    assert server.most_at_once == 2


def test_every_request_has_our_user_agent_and_no_other_encoding(
    server: RecordServer, download: Caller, zips: dict[str, bytes]
) -> None:
    download()
    assert len(server.requests) == 4
    for _, headers in server.requests:
        assert headers["User-Agent"] == USER_AGENT
        assert headers["User-Agent"].startswith("asd-recipes/")
        assert headers["Accept-Encoding"] == "identity"


def test_links_to_zenodo_go_to_the_mirror(server: RecordServer, download: Caller, zips: dict[str, bytes]) -> None:
    path = server.api_path(DEV)
    server.content[path] = server.content[path].replace(server.url.encode(), b"https://zenodo.org")
    assert len(download(mirror=f"{server.url}/").published) == 3


def test_a_second_call_requests_no_file_again(server: RecordServer, download: Caller, zips: dict[str, bytes]) -> None:
    first = download()
    server.requests.clear()
    again = download()
    assert again.published == ()
    assert sorted(again.present) == sorted(first.published)
    assert not [path for path, _ in server.requests if path.endswith("/content")]


def test_kept_zips_are_used_by_a_later_call_without_a_network(
    server: RecordServer, download: Caller, zips: dict[str, bytes], tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    download(machines=["fan"], keep_zip=True)
    assert tree(download.root / "zips") == {"dev_fan.zip": zips["dev_fan.zip"]}
    before = tree(download.root)
    shutil.rmtree(download.root / "dev_data")
    server.requests.clear()
    monkeypatch.setitem(records.KNOWN_MD5, 2023, {"dev_fan.zip": hashlib.md5(zips["dev_fan.zip"]).hexdigest()})
    monkeypatch.setattr(socket, "socket", None)
    assert download(machines=["fan"]).published == ("dev_fan.zip",)
    assert server.requests == []
    assert tree(download.root) == before


@pytest.mark.parametrize("place", ["", "zips"])
def test_placed_zips_are_used_without_a_network_and_stay(
    download: Caller, zips: dict[str, bytes], place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [name for name in zips if name.startswith("dev_")]
    sums = {name: hashlib.md5(zips[name]).hexdigest() for name in names}
    monkeypatch.setitem(records.KNOWN_MD5, 2023, sums)
    monkeypatch.setattr(socket, "socket", None)
    (download.root / place).mkdir(parents=True)
    for name in names:
        (download.root / place / name).write_bytes(zips[name])
    assert sorted(download(machines=["fan", "valve", "ToyCar"]).published) == sorted(names)
    assert all((download.root / place / name).is_file() for name in names)
    assert verify_dataset(download.root).problems == ()
    assert "licence: see https://zenodo.org/records/7882613" in download.said.getvalue()


def test_a_placed_zip_of_a_year_without_known_md5_is_used_and_reported_as_unchecked(
    download: Caller, clips: Clips, zip_of: ZipOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "socket", None)
    download.root.mkdir()
    (download.root / "dev_data_fan.zip").write_bytes(zip_of(clips("fan", size=100)))
    assert download(year=2021, machines=["fan"]).published == ("dev_data_fan.zip",)
    assert "md5 unknown and not compared" in download.said.getvalue()
    manifest = json.loads((download.root / "download.json").read_text())
    assert manifest["archives"]["dev_data_fan.zip"]["md5_checked"] is False


def test_a_placed_zip_with_the_wrong_md5_is_reported_and_not_touched(download: Caller, zips: dict[str, bytes]) -> None:
    download.root.mkdir()
    placed = download.root / "dev_fan.zip"
    placed.write_bytes(zips["dev_valve.zip"])
    report = download()
    assert sorted(report.published) == ["dev_ToyCar.zip", "dev_valve.zip"]
    assert [type(failure.error) for failure in report.failures] == [WrongContentError]
    assert "remove it to have it downloaded" in str(report.failures[0].error)
    assert placed.read_bytes() == zips["dev_valve.zip"]
    placed.unlink()
    assert download().published == ("dev_fan.zip",)


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"RIFF")])
def test_lost_and_truncated_files_are_restored_by_the_next_call(
    download: Caller, zips: dict[str, bytes], tree: Tree, damage: Callable[[Path], object]
) -> None:
    download()
    before = tree(download.root)
    damage(sorted((download.root / "dev_data/raw/fan/train").iterdir())[1])
    assert download().published == ("dev_fan.zip",)
    assert tree(download.root) == before


@pytest.mark.parametrize("machine_there", [True, False])
def test_foreign_files_are_never_replaced(
    download: Caller, zips: dict[str, bytes], tree: Tree, contents: dict[str, dict[str, bytes]], machine_there: bool
) -> None:
    """Neither the user's own clips, nor a data set unpacked by hand."""
    raw = download.root / "dev_data/raw"
    own = raw / ("fan/train/my_own.wav" if machine_there else next(iter(contents["dev_fan.zip"])))
    own.parent.mkdir(parents=True)
    own.write_bytes(b"mine")
    report = download()
    assert [type(failure.error) for failure in report.failures] == [PlaceTakenError]
    assert str(own) in str(report.failures[0].error)
    assert tree(raw / "fan") == {own.relative_to(raw / "fan").as_posix(): b"mine"}
    shutil.rmtree(raw / "fan")
    asked = len([1 for path, _ in download.server.requests if "dev_fan" in path])
    assert download().published == ("dev_fan.zip",)
    assert len([1 for path, _ in download.server.requests if "dev_fan" in path]) == asked  # it was not fetched again


def test_a_file_added_to_a_published_folder_stops_its_repair(download: Caller, zips: dict[str, bytes]) -> None:
    download()
    train = download.root / "dev_data/raw/fan/train"
    sorted(train.iterdir())[0].unlink()
    (train / "mine.wav").write_bytes(b"mine")
    assert [type(failure.error) for failure in download().failures] == [PlaceTakenError]
    assert (train / "mine.wav").read_bytes() == b"mine"


def test_a_folder_of_another_year_is_refused(download: Caller, zips: dict[str, bytes]) -> None:
    download()
    with pytest.raises(PlaceTakenError, match="holds dcase2023; choose another --out for dcase2022"):
        download(year=2022)


def test_too_little_disk_space_is_reported_before_anything_is_fetched(
    server: RecordServer, download: Caller, zips: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = sorted(len(zips[name]) for name in zips if name.startswith("dev_"))
    needed = sum(sizes[1:]) + int(1.5 * sum(sizes))  # two zips at a time, and what all unpack to
    free = [needed - 1]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free[0]))
    with pytest.raises(DiskSpaceError, match="GB free"):
        download()
    assert [path for path, _ in server.requests] == [server.api_path(DEV)]
    free[0] = needed
    assert len(download().published) == 3


def test_too_little_disk_space_for_what_a_zip_declares_is_that_file_s_failure(
    download: Caller, clips: Clips, zip_of: ZipOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A zip that unpacks to more than the estimate is noticed once it is there, and is not fetched again."""
    silent = {name: bytes(20_000) for name in clips("fan")}
    download.server.publish_record(DEV, {"dev_fan.zip": zip_of(silent)})
    free = [50_000]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free[0]))
    assert [type(failure.error) for failure in download().failures] == [DiskSpaceError]
    assert not (download.root / "dev_data").exists()
    free[0] = 70_000
    download.server.script[download.server.file_path(DEV, "dev_fan.zip")] = [lambda h: h.reply(500, b"")]
    assert download().published == ("dev_fan.zip",)


def test_a_disk_that_fills_up_is_that_file_s_failure(
    download: Caller, zips: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("asd_recipes.download.dataset_download.unpack", full)
    report = download()
    assert [type(failure.error) for failure in report.failures] == [OSError] * 3
    monkeypatch.undo()
    assert len(download().published) == 3


def test_a_second_download_to_the_same_folder_is_refused(download: Caller, zips: dict[str, bytes]) -> None:
    with (
        only_download(download.root / ".download"),
        pytest.raises(DownloadBusyError, match="another process is downloading"),
    ):
        download()
    assert len(download().published) == 3


def test_a_revised_zip_replaces_the_first(download: Caller, clips: Clips, zip_of: ZipOf) -> None:
    """Such as 3DPrinter and RoboticArm of 2024."""
    files = {"eval_data_fan_train.zip": b"old", "eval_data_fan_train_r2.zip": zip_of(clips("fan")), "readme.md": b"x"}
    download.server.publish_record(11259435, files)
    assert download(year=2024, splits=["additional"]).published == ("eval_data_fan_train_r2.zip",)
    assert "left out, not a machine's zip file: readme.md" in download.said.getvalue()


def test_the_evaluation_clips_of_2026_are_fetched(
    server: RecordServer, download: Caller, clips: Clips, zip_of: ZipOf, tree: Tree
) -> None:
    files = clips("Sander", folder="test", size=100)
    server.publish_record(20437238, {"eval_data_Sander_test.zip": zip_of(files)})
    assert download(year=2026, splits=["eval"]).published == ("eval_data_Sander_test.zip",)
    assert published(tree, download.root) == {f"eval_data/raw/{name}": content for name, content in files.items()}


def test_a_work_folder_that_another_download_begins_to_use_is_not_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other download makes its lock file after ours is removed and before the folder is removed."""
    work, unlink = tmp_path / ".download", Path.unlink

    def meet(path: Path, **options: bool) -> None:
        unlink(path, **options)
        path.write_text("")

    monkeypatch.setattr(Path, "unlink", meet)
    with only_download(work):
        pass
    assert [path.name for path in work.iterdir()] == ["lock"]
