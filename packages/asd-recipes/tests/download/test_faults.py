"""With a misbehaving server each run ends in the right files or a typed error; bad files are never published."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from asd_recipes.download import (
    DownloadError,
    RecordError,
    TransferError,
    WrongContentError,
    verify_dataset,
)

if TYPE_CHECKING:
    from conftest import Behaviour, Caller, Handler, RecordServer

DEV = 7882613
FAN = f"/api/records/{DEV}/files/dev_fan.zip/content"
API = f"/api/records/{DEV}"
SUCCESS = None


def answer(status: int, *, body: bytes = b"", **headers: str) -> Behaviour:
    return lambda handler: handler.reply(status, body, headers={k.replace("_", "-"): v for k, v in headers.items()})


def well(handler: Handler) -> None:
    """Correct behaviour."""
    content = handler.content()
    assert content is not None
    wanted = handler.headers.get("Range")
    if wanted is None:
        return handler.reply(200, content)
    start = int(wanted[6:-1])
    ranged = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
    handler.reply(206, content[start:], headers=ranged)


def cut(after: int, *, declared: bool = True) -> Behaviour:
    """A number of the requested bytes, then the connection ends."""

    def behave(handler: Handler) -> None:
        content = handler.content()
        assert content is not None
        wanted = handler.headers.get("Range")
        start = int(wanted[6:-1]) if wanted else 0
        ranged = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if wanted else {}
        rest = content[start:]
        handler.reply(206 if wanted else 200, rest[:after], headers=ranged, length=len(rest) if declared else None)

    return behave


def whole(change: Callable[[bytes], bytes] = lambda b: b, *, length: int | None = -1) -> Behaviour:
    """200 with the whole content, changed, for any request."""

    def behave(handler: Handler) -> None:
        content = handler.content()
        assert content is not None
        handler.reply(200, change(content), length=length)

    return behave


def ranged(header: str | None, *, change: Callable[[bytes], bytes] = lambda b: b) -> Behaviour:
    """206 with this Content-Range ({start}, {last}, {size} filled in) for any request."""

    def behave(handler: Handler) -> None:
        content = handler.content()
        assert content is not None
        wanted = handler.headers.get("Range")
        start = int(wanted[6:-1]) if wanted else 0
        fields = {"start": start, "last": len(content) - 1, "size": len(content)}
        fields |= {"before": max(0, start - 1), "after": start + 1, "more": len(content) + 1}
        headers = {} if header is None else {"Content-Range": header.format(**fields)}
        handler.reply(206, change(content[start:]), headers=headers)

    return behave


def chunked(share: float) -> Behaviour:
    """Chunked encoding, ended properly if share is 1, else cut within a chunk."""

    def behave(handler: Handler) -> None:
        content = handler.content()
        assert content is not None
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        sent = content[: int(share * len(content))]
        handler.wfile.write(f"{len(content):x}\r\n".encode() + sent)
        if share == 1:
            handler.wfile.write(b"\r\n0\r\n\r\n")

    return behave


def no_ranges(handler: Handler) -> None:
    """416 for every range request."""
    content = handler.content()
    assert content is not None
    handler.reply(416 if "Range" in handler.headers else 200, b"" if "Range" in handler.headers else content)


def encoded(handler: Handler) -> None:
    content = handler.content()
    assert content is not None
    handler.reply(200, content, headers={"Content-Encoding": "gzip"})


def drip_body(handler: Handler) -> None:
    content = handler.content()
    assert content is not None
    handler.reply(200, b"", length=len(content))
    for place in range(80):
        handler.wfile.write(content[place : place + 1])
        time.sleep(0.03)


def drip_headers(handler: Handler) -> None:
    for character in b"HTTP/1.1 200 OK\r\n" + b"X-Slow: yes\r\n" * 12:
        handler.wfile.write(bytes([character]))
        handler.server.dripped += 1
        time.sleep(0.03)


def silent(_: Handler) -> None:
    time.sleep(0.6)


def raw(text: bytes) -> Behaviour:
    def behave(handler: Handler) -> None:
        handler.wfile.write(text)

    return behave


def redirect(to: str, status: int = 302) -> Behaviour:
    """{host}: this server."""

    def behave(handler: Handler) -> None:
        place = to.format(host=handler.server.url, path=handler.path)
        handler.reply(status, b"", headers={"Location": place})

    return behave


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@dataclass(frozen=True)
class Fault:
    """What happens to requests for a path, in order (the last one for ever), and how the run must end."""

    name: str
    script: tuple[Behaviour, ...]
    end: type[DownloadError] | None
    path: str = FAN
    pauses: tuple[float, ...] | None = None  # those expected
    slow: bool = False  # ends with a timeout

    def __str__(self) -> str:
        return self.name


def f(name: str, *script: Behaviour, end: type[DownloadError] | None = SUCCESS, **more: Any) -> Fault:
    return Fault(name, script, end, **more)


FILE_FAULTS = [
    f("cut at once", cut(0), well, pauses=(1.0,)),
    f("cut after one byte", cut(1), well),
    f("cut in the middle", cut(20_000), well),
    f("cut before the last byte", cut(-1), well),
    f("cut again and again, each time further", cut(32_000), cut(32_000), cut(32_000), cut(32_000), well),
    f("cut again and again without progress", cut(0), end=TransferError, pauses=(1.0, 2.0, 4.0)),
    f("cut after a byte, for ever", cut(1), end=TransferError),
    f("cut, no length declared", cut(20_000, declared=False), well),
    f("no length declared", whole(length=None)),
    f("429 with seconds", answer(429, Retry_After="7"), well, pauses=(7.0,)),
    f(
        "429 with a date",
        answer(429, Retry_After=formatdate(1e9 + 90, usegmt=True), Date=formatdate(1e9)),
        well,
        pauses=(90.0,),
    ),
    f("429 with a date gone by", answer(429, Retry_After=formatdate(0, usegmt=True)), well, pauses=(1.0,)),
    f("429 with nonsense", answer(429, Retry_After="soon"), well, pauses=(1.0,)),
    f("429 with a negative pause", answer(429, Retry_After="-5"), well, pauses=(1.0,)),
    f("429 without", answer(429), answer(429), well, pauses=(1.0, 2.0)),
    f("429, wait for a day", answer(429, Retry_After="86400"), end=TransferError, pauses=()),
    f("429, wait for ever", answer(429, Retry_After="9" * 400), end=TransferError, pauses=()),
    f("429 for ever", answer(429, Retry_After="3"), end=TransferError, pauses=(3.0, 3.0, 4.0)),
    f("503 with seconds", answer(503, Retry_After="120"), well, pauses=(120.0,)),
    f("503 for ever", answer(503), end=TransferError, pauses=(1.0, 2.0, 4.0)),
    f("500, 502, 504", answer(500), answer(502), answer(504), well, pauses=(1.0, 2.0, 4.0)),
    f("404", answer(404), end=TransferError, pauses=()),
    f("403", answer(403), end=TransferError, pauses=()),
    f("410", answer(410), end=TransferError, pauses=()),
    f("401", answer(401), end=TransferError, pauses=()),
    f("204", answer(204), end=TransferError),
    f("416 once", answer(416), well),
    f("416 to every range", cut(20_000), no_ranges),
    f("416 for ever", answer(416), end=TransferError),
    f("ignores the range", whole()),
    f("range begins a byte early", cut(20_000), ranged("bytes {before}-{last}/{size}"), well),
    f("range begins a byte late", cut(20_000), ranged("bytes {after}-{last}/{size}"), well),
    f("range of another length", cut(20_000), ranged("bytes {start}-{last}/{more}"), well),
    f("range past the end", cut(20_000), ranged("bytes {start}-{size}/*"), well),
    f("range backwards", cut(20_000), ranged("bytes {last}-{start}/{size}"), well),
    f("range in another unit", cut(20_000), ranged("items {start}-{last}/{size}"), well),
    f("range of nonsense", cut(20_000), ranged("bytes ?"), well),
    f("partial without a range", cut(20_000), ranged(None), well),
    f("right header, bytes from elsewhere", cut(20_000), ranged("bytes {start}-{last}/{size}", change=flipped), well),
    f("wrong ranges for ever", cut(20_000), ranged("bytes 0-5/{size}"), end=TransferError),
    f("declares too few bytes", whole(lambda b: b[:-1]), end=TransferError),
    f("declares too many bytes", whole(lambda b: b + b"x"), end=TransferError),
    f("sends too many bytes", whole(lambda b: b + b"x" * 9, length=None), end=TransferError),
    f("an error page with 200", answer(200, body=b"<html>maintenance</html>"), well),
    f("wrong md5 once", whole(flipped), whole()),
    f("wrong md5 for ever", whole(flipped), end=WrongContentError),
    f("zeros for ever", whole(lambda b: bytes(len(b))), end=WrongContentError),
    f("an encoding that was not asked for", encoded, end=TransferError),
    f("drips once", drip_body, well, slow=True),
    f("drips its headers once", drip_headers, well, slow=True),
    f("silent once", silent, well, slow=True),
    f("no reply at all", raw(b""), well),
    f("not HTTP", raw(b"hello\r\n\r\n"), end=TransferError),
    f("chunked", chunked(1)),
    f("chunked, broken off", chunked(0.5), whole()),
    f("redirect", redirect("{host}{path}?moved", 302), end=TransferError),  # to an unknown path
    f("redirect loop", redirect("{host}{path}"), end=TransferError),
    f("redirect to a file", redirect("file:///etc/passwd"), end=TransferError, pauses=()),
    f("redirect to ftp", redirect("ftp://127.0.0.1/x.zip"), end=TransferError, pauses=()),
    f("redirect to data", redirect("data:,x"), end=TransferError, pauses=()),
    f("redirect to nothing", answer(302), end=TransferError),
    f("redirect to a port that is none", redirect("http://127.0.0.1:x/"), end=TransferError),
    f("redirect to nobody", redirect("http://127.0.0.1:9/"), end=TransferError),
]

RECORD_FAULTS = [
    f("record cut", cut(50), cut(200), well, path=API, pauses=(1.0, 2.0)),
    f("record cut, no length declared", cut(50, declared=False), well, path=API),
    f("record cut for ever", cut(50), end=RecordError, path=API),
    f("record busy", answer(429, Retry_After="11"), well, path=API, pauses=(11.0,)),
    f("record busy for ever", answer(503), end=RecordError, path=API),
    f("record gone", answer(404), end=TransferError, path=API),
    f("record is a page", answer(200, body=b"<html>"), end=RecordError, path=API),
    f("record is a list", answer(200, body=b"[]"), end=RecordError, path=API),
    f("record is deep", answer(200, body=b"[" * 200_000), end=RecordError, path=API),
    f(
        "record is another one",
        whole(lambda b: b.replace(b'"id": 7882613', b'"id": 7690148')),
        end=RecordError,
        path=API,
    ),
    f("record is empty", answer(200, body=b'{"id": 7882613, "files": []}'), end=RecordError, path=API),
    f("record is endless", answer(200, body=b" " * (17 << 20)), end=RecordError, path=API, pauses=()),
    f("record drips", drip_body, well, path=API, slow=True),
    f("record redirects for ever", redirect("{host}{path}"), end=TransferError, path=API),
]


@pytest.fixture
def files(clips: Callable[..., dict[str, bytes]]) -> dict[str, dict[str, bytes]]:
    return {machine: clips(machine) for machine in ("fan", "valve")}


@pytest.fixture
def fault_run(
    server: RecordServer,
    download: Caller,
    files: dict[str, dict[str, bytes]],
    zip_of: Callable[[dict[str, bytes]], bytes],
    tree: Callable[[Path], dict[str, bytes]],
) -> Callable[[Fault], None]:
    server.publish_record(DEV, {f"dev_{machine}.zip": zip_of(content) for machine, content in files.items()})

    def run(fault: Fault) -> None:
        """What must hold after every run."""
        if fault.slow:
            download.hurry()
        server.script[fault.path] = list(fault.script)
        expected = {f"dev_data/raw/{name}": c for machine in files for name, c in files[machine].items()}
        if fault.path == API and fault.end is not None:
            with pytest.raises(DownloadError) as raised:
                download()
            assert type(raised.value) is fault.end
            assert not download.root.exists() or tree(download.root) == {}
            assert fault.pauses is None or tuple(download.pauses) == fault.pauses
            return
        report = download()
        assert report.present == ()
        if fault.end is None:
            assert report.failures == ()
            assert sorted(report.published) == ["dev_fan.zip", "dev_valve.zip"]
        else:
            assert [(failure.name, type(failure.error)) for failure in report.failures] == [("dev_fan.zip", fault.end)]
            assert "dev_fan.zip" in str(report.failures[0].error) or "/dev_fan.zip/" in str(report.failures[0].error)
            assert report.published == ("dev_valve.zip",)
            expected = {path: content for path, content in expected.items() if "/valve/" in path}
        if fault.end is WrongContentError:
            assert not list((download.root / ".download").glob("dev_fan.zip*"))
        if fault.pauses is not None:
            assert tuple(download.pauses) == fault.pauses
        found = tree(download.root)
        assert found.pop("download.json")
        assert {path: content for path, content in found.items() if not path.startswith(".download/")} == expected
        if fault.end is None:
            assert found == expected  # no other files are left
        assert verify_dataset(download.root).problems == ()

    return run


def test_there_are_at_least_fifty_different_faults() -> None:
    faults = [*FILE_FAULTS, *RECORD_FAULTS]
    assert len({fault.name for fault in faults}) == len(faults) >= 50
    assert len({(fault.path, fault.script) for fault in faults}) >= 50


@pytest.mark.parametrize("fault", [*FILE_FAULTS, *RECORD_FAULTS], ids=str)
def test_a_fault_ends_in_the_right_files_or_in_a_typed_error_and_nothing_bad_is_published(
    fault: Fault, fault_run: Callable[[Fault], None]
) -> None:
    fault_run(fault)


@pytest.mark.parametrize("begun", ["right", "wrong"])
@pytest.mark.parametrize("fault", FILE_FAULTS, ids=str)
def test_the_same_holds_for_a_resumed_download(
    fault: Fault,
    begun: str,
    fault_run: Callable[[Fault], None],
    server: RecordServer,
    download: Caller,
) -> None:
    """A killed call left 30,000 bytes; "wrong": they are not from the file, though the note says so."""
    content = server.content[FAN]
    part = download.root / ".download" / "dev_fan.zip.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(content[:30_000] if begun == "right" else bytes(30_000))
    entry = next(e for e in server.documents[DEV]["files"] if e["key"] == "dev_fan.zip")
    note = {"size": entry["size"], "md5": entry["checksum"][4:], "mark": None}
    part.with_name("dev_fan.zip.part.json").write_text(json.dumps(note))
    fault_run(Fault(fault.name, fault.script, fault.end, slow=fault.slow))


def test_a_server_that_drips_its_headers_is_hung_up_on(server: RecordServer, download: Caller) -> None:
    """Each byte restarts the socket's timeout: without our own limit it would take days."""
    server.script[API] = [drip_headers, drip_headers, answer(404)]
    download.hurry()
    with pytest.raises(TransferError, match="404"):
        download()
    assert download.pauses == [1.0, 2.0]
    assert server.dripped < 2 * 150  # of 173 bytes
