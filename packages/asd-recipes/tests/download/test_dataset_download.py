"""What a download makes of records, placed zips, earlier calls and foreign files."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from asd_recipes.download import (
    DiskSpaceError,
    DownloadBusyError,
    ManifestError,
    PlaceTakenError,
    PlainDisplay,
    RecordError,
    Web,
    WrongContentError,
    records,
    show_transfer,
    verify_dataset,
)
from asd_recipes.download.one_download import only_download
from asd_recipes.download.patience import PassingError, Patience, retry_after_s
from asd_recipes.download.record_listing import parse_listing
from asd_recipes.download.records import RECORDS, known_archives, machine_of
from asd_recipes.download.web import USER_AGENT

if TYPE_CHECKING:
    from conftest import Caller, Handler, RecordServer

    Clips = Callable[..., dict[str, bytes]]
    ZipOf = Callable[[dict[str, bytes]], bytes]
    Tree = Callable[[Path], dict[str, bytes]]

DEV, ADDITIONAL, EVAL = 7882613, 7830345, 7860847


@pytest.fixture
def contents(clips: Clips) -> dict[str, dict[str, bytes]]:
    """Files by zip name."""
    return {
        **{f"dev_{machine}.zip": clips(machine, size=3000) for machine in ("fan", "valve", "ToyCar")},
        **{f"eval_data_{machine}_train.zip": clips(machine, size=3000) for machine in ("bandsaw", "Vacuum")},
        **{f"eval_data_{m}_test.zip": clips(m, folder="test", size=3000) for m in ("bandsaw", "Vacuum")},
    }


@pytest.fixture
def zips(server: RecordServer, contents: dict[str, dict[str, bytes]], zip_of: ZipOf) -> dict[str, bytes]:
    """Zip files by name, served by the three records of 2023."""
    made = {name: zip_of(files) for name, files in contents.items()}
    for record, sign in ((DEV, "dev_"), (ADDITIONAL, "_train.zip"), (EVAL, "_test.zip")):
        server.publish_record(record, {name: content for name, content in made.items() if sign in name})
    return made


def published(tree: Tree, root: Path) -> dict[str, bytes]:
    return {path: content for path, content in tree(root).items() if path.startswith(("dev_data", "eval_data"))}


def test_all_splits_make_the_tree_of_the_official_baselines(
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


def test_a_machine_that_there_is_not_is_named_with_those_that_there_are(
    download: Caller, zips: dict[str, bytes]
) -> None:
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


def test_a_redirect_to_http_is_followed_with_the_range(
    server: RecordServer, download: Caller, zips: dict[str, bytes]
) -> None:
    """As Zenodo may send a client to its store."""
    path = server.file_path(DEV, "dev_fan.zip")
    server.content["/store/1"] = zips["dev_fan.zip"]

    def moved(handler: Handler) -> None:
        handler.reply(302, b"", headers={"Location": "/store/1"})

    def cut(handler: Handler) -> None:
        handler.reply(200, zips["dev_fan.zip"][:5000], length=len(zips["dev_fan.zip"]))

    server.script[path] = [moved]
    server.script["/store/1"] = [cut, *server.script.get("/store/1", []), _serve_range]
    assert not download(machines=["fan"]).failures
    assert server.requests_of("/store/1")[1]["Range"] == "bytes=5000-"


def _serve_range(handler: Handler) -> None:
    content = handler.content()
    assert content is not None
    start = int(handler.headers["Range"][6:-1])
    headers = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
    handler.reply(206, content[start:], headers=headers)


def test_what_is_resumed_is_asked_for_with_the_mark_of_its_content(
    server: RecordServer, download: Caller, zips: dict[str, bytes]
) -> None:
    """If the content has changed since, If-Range makes the server send it whole, and it is taken from the start."""
    path, content = server.file_path(DEV, "dev_fan.zip"), zips["dev_fan.zip"]

    def old(handler: Handler) -> None:
        handler.reply(200, bytes(4000), headers={"ETag": '"old"'}, length=len(content))

    def new(handler: Handler) -> None:
        assert handler.headers["If-Range"] == '"old"'
        handler.reply(200, content, headers={"ETag": '"new"'})

    server.script[path] = [old, new]
    assert not download(machines=["fan"]).failures
    assert [headers.get("Range") for headers in server.requests_of(path)] == [None, "bytes=4000-"]


@pytest.mark.parametrize(
    ("start", "longer"),
    [(4000 - 7, 0), (4000 + 7, 0), (4000, 1), (4000, -1)],
    ids=["early", "late", "longer", "shorter"],
)
def test_a_range_that_is_not_the_one_asked_for_is_refused_and_no_range_is_asked_for_again(
    server: RecordServer, download: Caller, zips: dict[str, bytes], start: int, longer: int
) -> None:
    """It begins elsewhere, or is of a file of another length."""
    path, content = server.file_path(DEV, "dev_fan.zip"), zips["dev_fan.zip"]

    def cut(handler: Handler) -> None:
        handler.reply(200, content[:4000], length=len(content))

    def elsewhere(handler: Handler) -> None:
        headers = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content) + longer}"}
        handler.reply(206, content[start:], headers=headers)

    server.script[path] = [cut, elsewhere, cut, lambda handler: handler.reply(200, content)]
    assert not download(machines=["fan"]).failures
    assert [headers.get("Range") for headers in server.requests_of(path)] == [None, "bytes=4000-", None, None]


def test_an_error_page_sent_as_200_costs_nothing_of_what_has_come(
    server: RecordServer, download: Caller, zips: dict[str, bytes]
) -> None:
    path, content = server.file_path(DEV, "dev_fan.zip"), zips["dev_fan.zip"]

    def cut(handler: Handler) -> None:
        handler.reply(200, content[:4000], length=len(content))

    server.script[path] = [cut, lambda handler: handler.reply(200, b"<html>maintenance</html>"), _serve_range]
    assert not download(machines=["fan"]).failures
    assert [headers.get("Range") for headers in server.requests_of(path)] == [None, "bytes=4000-", "bytes=4000-"]


def test_the_wrong_content_is_asked_for_twice_and_no_more(
    server: RecordServer, download: Caller, zips: dict[str, bytes]
) -> None:
    path, content = server.file_path(DEV, "dev_fan.zip"), zips["dev_fan.zip"]
    server.script[path] = [lambda handler: handler.reply(200, bytes(len(content)))]
    assert [type(failure.error) for failure in download(machines=["fan"]).failures] == [WrongContentError]
    assert len(server.requests_of(path)) == 2


@pytest.mark.parametrize(
    ("headers", "mark"),
    [
        ({"ETag": '"1"', "Last-Modified": "yesterday"}, '"1"'),
        ({"Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT"}, "Wed, 21 Oct 2015 07:28:00 GMT"),
        ({"ETag": 'W/"1"'}, None),
        ({}, None),
    ],
    ids=["strong", "date", "weak", "none"],
)
def test_a_range_is_asked_for_with_a_mark_that_is_strong_or_with_none(
    server: RecordServer, download: Caller, zips: dict[str, bytes], headers: dict[str, str], mark: str | None
) -> None:
    """If-Range with a weak ETag never matches (RFC 9110, Sec. 13.1.5): the file would come from its first byte."""
    path, content = server.file_path(DEV, "dev_fan.zip"), zips["dev_fan.zip"]

    def cut(handler: Handler) -> None:
        handler.reply(200, content[:4000], headers=headers, length=len(content))

    server.script[path] = [cut, _serve_range]
    assert not download(machines=["fan"]).failures
    assert server.requests_of(path)[1]["Range"] == "bytes=4000-"
    assert server.requests_of(path)[1].get("If-Range") == mark


def test_a_part_of_another_content_is_not_gone_on_with(
    server: RecordServer, download: Caller, zips: dict[str, bytes]
) -> None:
    """Its note says what it is a part of; the record may have been replaced since."""
    path, content = server.file_path(DEV, "dev_fan.zip"), zips["dev_fan.zip"]
    part = download.root / ".download" / "dev_fan.zip.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(content[:4000])
    note = {"size": len(content), "md5": "0" * 32, "mark": None}
    part.with_name("dev_fan.zip.part.json").write_text(json.dumps(note))
    assert not download(machines=["fan"]).failures
    assert "Range" not in server.requests_of(path)[0]


def test_a_body_ends_with_its_declared_length_though_the_connection_stays_open() -> None:
    pieces = [b"1234", b"56"]

    def read1(_: int) -> bytes:
        if not pieces:
            raise TimeoutError
        return pieces.pop(0)

    assert b"".join(Web().body(SimpleNamespace(length=6, read1=read1))) == b"123456"  # type: ignore[arg-type]
    pieces[:] = [b"1234", b"56"]
    with pytest.raises(PassingError, match="TimeoutError"):
        list(Web().body(SimpleNamespace(length=7, read1=read1)))  # type: ignore[arg-type]


@pytest.mark.parametrize(("bytes_a_second", "cut_after_s"), [(1000, 61), (1093, None)])
def test_a_transfer_is_cut_when_it_brings_less_than_64_kib_a_minute(
    bytes_a_second: int, cut_after_s: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0]

    def read1(_: int) -> bytes:
        now[0] += 1
        return bytes(bytes_a_second)

    monkeypatch.setattr("asd_recipes.download.web.time", SimpleNamespace(monotonic=lambda: now[0]))
    body = Web().body(SimpleNamespace(length=600 * bytes_a_second, read1=read1))  # type: ignore[arg-type]
    if cut_after_s is None:
        assert sum(map(len, body)) == 600 * bytes_a_second
    else:
        with pytest.raises(PassingError, match="61000 bytes in 61"):
            list(body)
        assert now[0] == cut_after_s


def test_a_range_of_other_content_is_refused(server: RecordServer, download: Caller, zips: dict[str, bytes]) -> None:
    path, content = server.file_path(DEV, "dev_fan.zip"), zips["dev_fan.zip"]

    def old(handler: Handler) -> None:
        handler.reply(200, content[:4000], headers={"ETag": '"old"'}, length=len(content))

    def new(handler: Handler) -> None:
        headers = {"ETag": '"new"', "Content-Range": f"bytes 4000-{len(content) - 1}/{len(content)}"}
        handler.reply(206, content[4000:], headers=headers)

    def whole(handler: Handler) -> None:
        handler.reply(200, content, headers={"ETag": '"new"'})

    server.script[path] = [old, new, whole]
    assert not download(machines=["fan"]).failures
    assert [headers.get("Range") for headers in server.requests_of(path)] == [None, "bytes=4000-", None]


def test_a_second_call_asks_for_no_file_again(server: RecordServer, download: Caller, zips: dict[str, bytes]) -> None:
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


def test_a_placed_zip_of_a_year_without_known_sums_is_used_and_its_md5_said_to_be_unchecked(
    download: Caller, clips: Clips, zip_of: ZipOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "socket", None)
    download.root.mkdir()
    (download.root / "dev_data_fan.zip").write_bytes(zip_of(clips("fan", size=100)))
    assert download(year=2021, machines=["fan"]).published == ("dev_data_fan.zip",)
    assert "md5 not compared, the record was not asked" in download.said.getvalue()
    manifest = json.loads((download.root / "download.json").read_text())
    assert manifest["archives"]["dev_data_fan.zip"]["md5_checked"] is False


def test_a_placed_zip_of_the_wrong_md5_is_reported_and_left_where_it_is(
    download: Caller, zips: dict[str, bytes]
) -> None:
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


def test_lost_and_cut_files_come_back_with_the_next_call(download: Caller, zips: dict[str, bytes], tree: Tree) -> None:
    download()
    before = tree(download.root)
    lost, cut = sorted((download.root / "dev_data/raw/fan/train").iterdir())[:2]
    lost.unlink()
    cut.write_bytes(b"RIFF")
    assert download().published == ("dev_fan.zip",)
    assert tree(download.root) == before


@pytest.mark.parametrize("machine_there", [True, False])
def test_foreign_files_are_never_replaced(
    download: Caller, zips: dict[str, bytes], tree: Tree, contents: dict[str, dict[str, bytes]], machine_there: bool
) -> None:
    """Neither one's own clips, nor a data set unpacked by hand."""
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


def test_too_little_disk_space_is_said_before_anything_is_fetched(
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
    """A zip that unpacks to more than the estimate is found out when it is there, and is not fetched again."""
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


def test_a_second_download_to_the_same_folder_is_told_of_the_first(download: Caller, zips: dict[str, bytes]) -> None:
    with (
        only_download(download.root / ".download"),
        pytest.raises(DownloadBusyError, match="another process is downloading"),
    ):
        download()
    assert len(download().published) == 3


def test_an_interrupt_stops_the_transfers_and_the_next_call_goes_on(
    server: RecordServer, download: Caller, zips: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """KeyboardInterrupt comes in the main thread, which waits; the workers must not go on behind its back."""
    path, content = server.file_path(DEV, "dev_fan.zip"), zips["dev_fan.zip"]
    release = threading.Event()

    def slowly(handler: Handler) -> None:
        handler.reply(200, content[:5000], headers={"ETag": '"1"'}, length=len(content))
        release.wait(20)

    def interrupted(_: object) -> None:
        while not (download.root / ".download/dev_fan.zip.part").is_file():
            time.sleep(0.01)
        threading.Timer(0.3, release.set).start()  # when the download is told to stop
        raise KeyboardInterrupt

    server.script[path] = [slowly, _serve_range]
    with monkeypatch.context() as patched:
        patched.setattr("asd_recipes.download.dataset_download.as_completed", interrupted)
        with pytest.raises(KeyboardInterrupt):
            download(machines=["fan"])
    assert len(server.requests_of(path)) == 1
    assert download(machines=["fan"]).published == ("dev_fan.zip",)
    assert server.requests_of(path)[1]["Range"] == "bytes=5000-"


def test_a_revised_zip_takes_the_place_of_the_first(download: Caller, clips: Clips, zip_of: ZipOf) -> None:
    """As 3DPrinter and RoboticArm of 2024."""
    files = {"eval_data_fan_train.zip": b"old", "eval_data_fan_train_r2.zip": zip_of(clips("fan")), "readme.md": b"x"}
    download.server.publish_record(11259435, files)
    assert download(year=2024, splits=["additional"]).published == ("eval_data_fan_train_r2.zip",)
    assert "left out, as no machine's zip file: readme.md" in download.said.getvalue()


# verify


@pytest.mark.parametrize(
    ("kind", "damage"),
    [
        ("missing", lambda path: path.unlink()),
        ("missing", lambda path: (path.unlink(), path.symlink_to("/etc/hostname"))),
        ("missing", lambda path: (path.unlink(), path.mkdir())),
        ("wrong length", lambda path: path.write_bytes(path.read_bytes() + b"x")),
        ("changed", lambda path: path.write_bytes(bytes(path.stat().st_size))),
        ("not listed", lambda path: path.with_name("other.wav").write_bytes(b"")),
        ("not listed", lambda path: path.with_name("other").symlink_to("/etc")),
    ],
)
def test_verify_finds_each_kind_of_difference(
    download: Caller, zips: dict[str, bytes], kind: str, damage: Callable[[Path], object]
) -> None:
    download()
    done: list[int] = []
    sound = verify_dataset(download.root, advance=done.append)
    assert (sound.files, sound.problems, sum(done)) == (9, (), sound.bytes)
    path = sorted((download.root / "dev_data/raw/fan/train").iterdir())[1]
    damage(path)
    problems = verify_dataset(download.root).problems
    assert [problem.kind for problem in problems] == [kind]
    assert problems[0].file.startswith("dev_data/raw/fan/train/")


def archive_with(split: str = "dev", **files: list[Any]) -> dict[str, Any]:
    return {"split": split, "machine": "m", "size": 1, "md5": "", "md5_checked": True, "files": files}


BAD_ARCHIVES = [
    None,
    {},
    archive_with(**{"../x": [1, "0" * 64]}),
    archive_with(**{"/x": [1, "0" * 64]}),
    archive_with(x=[1, "0"]),
    archive_with(x=[-1, "0" * 64]),
    archive_with(x=1),  # type: ignore[arg-type]
    archive_with(".."),
]
BAD_MANIFESTS = ["", "[]", "{", '{"schema": 2}', '{"schema": 1}', "[" * 100_000] + [
    json.dumps({"schema": 1, "dataset": "x", "sources": {}, "archives": {"a": archive}}) for archive in BAD_ARCHIVES
]


@pytest.mark.parametrize("text", BAD_MANIFESTS, ids=range(len(BAD_MANIFESTS)))
def test_a_manifest_that_is_none_is_a_typed_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "download.json").write_text(text)
    with pytest.raises(ManifestError, match=r"download\.json"):
        verify_dataset(tmp_path)


def test_verify_of_a_folder_within_says_which_was_meant(download: Caller, zips: dict[str, bytes]) -> None:
    download()
    with pytest.raises(ManifestError, match=f"Did you mean {download.root}"):
        verify_dataset(download.root / "dev_data/raw")


# Records, names, pauses, progress


def test_record_numbers_and_sums_are_those_of_the_facts() -> None:
    numbers = {year: [record.number for record in splits.values()] for year, splits in RECORDS.items()}
    assert numbers[2020] == [3678171, 3727685, 3841772]
    assert numbers[2023] == [7882613, 7830345, 7860847]
    assert sorted(numbers) == list(range(2020, 2027))
    assert all(list(splits) == ["dev", "additional", "eval"] for splits in RECORDS.values())
    everything = [number for row in numbers.values() for number in row]
    assert len(set(everything)) == 21
    sums = {archive.name: archive.md5 for split in RECORDS[2023] for archive in known_archives(2023, split)}
    assert len(set(sums.values())) == 21
    assert sums["dev_bearing.zip"] == "8a813bc8d8f156b5395bfccdfac7673c"
    assert sums["eval_data_Vacuum_train.zip"] == "1c8de33d9a8c7850a1f7aaddb97d87be"
    assert sums["eval_data_ToyTank_test.zip"] == "f5639bf58c47169c622751f19c6fc321"


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
    headers = Message()
    headers["Retry-After"] = text
    assert retry_after_s(headers, 1445412420.0) == expected  # 07:27:00


def test_plain_progress_says_how_far_how_fast_and_how_long_yet() -> None:
    now = [0.0]
    out = io.StringIO()
    display = PlainDisplay(out, clock=lambda: now[0])
    display.begin(1_000_000_000, 200_000_000)
    now[0] = 5.0
    display.moved(100_000_000)
    now[0] = 20.0
    display.moved(300_000_000)
    now[0] = 40.0
    display.moved(-400_000_000)
    assert out.getvalue().splitlines() == [
        "  600 of 1000 MB, 20.0 MB/s, 20 s left",
        "  200 of 1000 MB, 0.0 MB/s, no end in sight",
    ]


def test_on_a_terminal_a_bar_shows_bytes_rate_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    with show_transfer() as display:
        display.begin(10_000_000, 1_000_000)
        display.moved(2_000_000)
        time.sleep(0.02)
        display.moved(3_000_000)
        display.say("dev_fan.zip: [1] files")
    shown = terminal.getvalue()
    assert "6.0/10.0 MB" in shown
    assert "B/s" in shown
    assert "0:00:0" in shown
    assert "[1] files" in shown
