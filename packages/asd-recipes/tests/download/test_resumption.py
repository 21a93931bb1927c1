"""The transfer of one file: which range is requested, which reply is accepted, and which bytes are kept."""

from __future__ import annotations

import json
import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from asd_recipes.download import Patience, Web, WrongContentError
from asd_recipes.download.patience import TransientError

if TYPE_CHECKING:
    from conftest import Behaviour, Caller, Handler, RecordServer


DEV = 7882613


def test_a_redirect_to_http_is_followed_with_the_range(
    server: RecordServer, download: Caller, zips: dict[str, bytes]
) -> None:
    """Zenodo may redirect a client to its store."""
    path = server.file_path(DEV, "dev_fan.zip")
    server.content["/store/1"] = zips["dev_fan.zip"]

    def moved(handler: Handler) -> None:
        handler.reply(302, b"", headers={"Location": "/store/1"})

    def cut(handler: Handler) -> None:
        handler.reply(200, zips["dev_fan.zip"][:5000], length=len(zips["dev_fan.zip"]))

    server.script[path] = [moved]
    server.script["/store/1"] = [cut, _serve_range]
    assert not download(machines=["fan"]).failures
    assert server.requests_of("/store/1")[1]["Range"] == "bytes=5000-"


def _serve_range(handler: Handler) -> None:
    content = handler.content()
    assert content is not None
    start = int(handler.headers["Range"][6:-1])
    headers = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
    handler.reply(206, content[start:], headers=headers)


def test_a_resumed_transfer_requests_the_mark_of_its_content(
    server: RecordServer, download: Caller, zips: dict[str, bytes]
) -> None:
    """If the content has changed, If-Range makes the server send all of it, and the transfer starts again."""
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
def test_a_wrong_range_is_refused_and_no_range_is_requested_again(
    server: RecordServer, download: Caller, zips: dict[str, bytes], start: int, longer: int
) -> None:
    """The range begins elsewhere, or the file has another length."""
    path, content = server.file_path(DEV, "dev_fan.zip"), zips["dev_fan.zip"]

    def cut(handler: Handler) -> None:
        handler.reply(200, content[:4000], length=len(content))

    def elsewhere(handler: Handler) -> None:
        headers = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content) + longer}"}
        handler.reply(206, content[start:], headers=headers)

    server.script[path] = [cut, elsewhere, cut, lambda handler: handler.reply(200, content)]
    assert not download(machines=["fan"]).failures
    assert [headers.get("Range") for headers in server.requests_of(path)] == [None, "bytes=4000-", None, None]


def test_an_error_page_sent_as_200_does_not_discard_received_bytes(
    server: RecordServer, download: Caller, zips: dict[str, bytes]
) -> None:
    path, content = server.file_path(DEV, "dev_fan.zip"), zips["dev_fan.zip"]

    def cut(handler: Handler) -> None:
        handler.reply(200, content[:4000], length=len(content))

    server.script[path] = [cut, lambda handler: handler.reply(200, b"<html>maintenance</html>"), _serve_range]
    assert not download(machines=["fan"]).failures
    assert [headers.get("Range") for headers in server.requests_of(path)] == [None, "bytes=4000-", "bytes=4000-"]


def test_wrong_content_is_requested_only_twice(server: RecordServer, download: Caller, zips: dict[str, bytes]) -> None:
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
def test_a_range_is_requested_with_a_strong_mark_or_with_none(
    server: RecordServer, download: Caller, zips: dict[str, bytes], headers: dict[str, str], mark: str | None
) -> None:
    """If-Range with a weak ETag never matches (RFC 9110, Sec. 13.1.5): the whole file would be sent."""
    path, content = server.file_path(DEV, "dev_fan.zip"), zips["dev_fan.zip"]

    def cut(handler: Handler) -> None:
        handler.reply(200, content[:4000], headers=headers, length=len(content))

    server.script[path] = [cut, _serve_range]
    assert not download(machines=["fan"]).failures
    assert server.requests_of(path)[1]["Range"] == "bytes=4000-"
    assert server.requests_of(path)[1].get("If-Range") == mark


def test_a_part_of_other_content_is_not_continued(
    server: RecordServer, download: Caller, zips: dict[str, bytes]
) -> None:
    """The note identifies the content of a part; the record may have been replaced since."""
    path, content = server.file_path(DEV, "dev_fan.zip"), zips["dev_fan.zip"]
    part = download.root / ".download" / "dev_fan.zip.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(content[:4000])
    note = {"size": len(content), "md5": "0" * 32, "mark": None}
    part.with_name("dev_fan.zip.part.json").write_text(json.dumps(note))
    assert not download(machines=["fan"]).failures
    assert "Range" not in server.requests_of(path)[0]


def test_a_body_ends_with_its_declared_length_though_the_connection_stays_open(server: RecordServer) -> None:
    release = threading.Event()

    def six_bytes(declared: int) -> Behaviour:
        def behave(handler: Handler) -> None:
            handler.reply(200, b"123456", length=declared)
            release.wait(20)

        return behave

    server.script["/x"] = [six_bytes(6), six_bytes(7)]
    web = Web(Patience(timeout_s=0.2))
    with web.get(f"{server.url}/x", {}) as reply:
        assert b"".join(web.body(reply)) == b"123456"
    with web.get(f"{server.url}/x", {}) as reply, pytest.raises(TransientError, match="timed out"):
        list(web.body(reply))
    release.set()


@pytest.mark.parametrize(("bytes_a_second", "cut_after_s"), [(1000, 61), (1093, None)])
def test_a_transfer_of_less_than_64_kib_a_minute_is_cut(
    bytes_a_second: int, cut_after_s: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0]

    def read1(_: int) -> bytes:
        now[0] += 1
        return bytes(bytes_a_second) if now[0] <= 600 else b""

    monkeypatch.setattr("asd_recipes.download.web.time", SimpleNamespace(monotonic=lambda: now[0]))
    body = Web().body(SimpleNamespace(length_remaining=None, read1=read1))  # type: ignore[arg-type]
    if cut_after_s is None:
        assert sum(map(len, body)) == 600 * bytes_a_second
    else:
        with pytest.raises(TransientError, match="61000 bytes in 61"):
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


def test_an_interrupt_stops_the_transfers_and_the_next_call_continues(
    server: RecordServer, download: Caller, zips: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """KeyboardInterrupt is raised in the waiting main thread; the worker threads must stop too."""
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
