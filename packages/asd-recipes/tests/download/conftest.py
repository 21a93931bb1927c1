"""A local server that behaves like a record's API, and can misbehave at chosen requests."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asd_recipes.download import DownloadReport, Patience, Web, download_dataset
from asd_runtime.progress import PlainProgress


class Handler(BaseHTTPRequestHandler):
    """One request; `reply` is what behaviours are made of."""

    protocol_version = "HTTP/1.1"
    server: RecordServer

    def do_GET(self) -> None:
        self.server.requests.append((self.path, dict(self.headers)))
        with self.server.counting:
            self.server.at_once += 1
            self.server.most_at_once = max(self.server.most_at_once, self.server.at_once)
        try:
            script = self.server.script.get(self.path, [])
            behaviour = script.pop(0) if len(script) > 1 else (script or [serve])[0]  # the last one stays
            behaviour(self)
        finally:
            with self.server.counting:
                self.server.at_once -= 1
            self.close_connection = True

    def content(self) -> bytes | None:
        return self.server.content.get(self.path)

    def reply(
        self, status: int, body: bytes, *, headers: dict[str, str] | None = None, length: int | None = -1
    ) -> None:
        """length: the Content-Length declared; -1: the body's; None: none."""
        self.send_response_only(status)  # without a Date of its own
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(len(body) if length < 0 else length))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


Behaviour = Callable[[Handler], None]


def etag(content: bytes) -> str:
    return f'"{hashlib.md5(content).hexdigest()}"'


def serve(handler: Handler) -> None:
    """Correct behaviour: ranges, If-Range, and 404 for unknown paths."""
    content = handler.content()
    if content is None:
        return handler.reply(404, b"no such file")
    wanted = handler.headers.get("Range")
    headers = {"ETag": etag(content)}
    if wanted is None or handler.headers.get("If-Range", etag(content)) != etag(content):
        return handler.reply(200, content, headers=headers)
    start = int(wanted.removeprefix("bytes=").removesuffix("-"))
    if start >= len(content):
        return handler.reply(416, b"", headers={"Content-Range": f"bytes */{len(content)}"})
    headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
    handler.reply(206, content[start:], headers=headers)


class RecordServer(ThreadingHTTPServer):
    """content: bytes by path; script: behaviours by path, in order, the last one for ever."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.counting = threading.Lock()
        self.reset()

    def reset(self) -> None:
        self.content: dict[str, bytes] = {}
        self.documents: dict[int, dict[str, Any]] = {}
        self.script: dict[str, list[Behaviour]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.at_once = self.most_at_once = self.dripped = 0

    def handle_error(self, *_: object) -> None:
        pass  # a client that hangs up is part of the tests

    def publish_record(self, record: int, files: dict[str, bytes]) -> None:
        """Serves a record with these files; `documents` has what its API says."""
        entries = []
        for name, content in files.items():
            path = self.file_path(record, name)
            self.content[path] = content
            checksum = f"md5:{hashlib.md5(content).hexdigest()}"
            entries.append(
                {"id": "x", "key": name, "size": len(content), "checksum": checksum, "links": {"self": self.url + path}}
            )
        document = {
            "id": record,
            "doi": f"10.5281/zenodo.{record}",
            "metadata": {
                "title": f"DCASE 2023 Challenge Task 2, record {record}",
                "publication_date": "2023-05-01",
                "license": {"id": "cc-by-4.0"},
                "creators": [{"name": "Dohi, Kota"}, {"name": "Imoto, Keisuke"}],
            },
            "files": entries,
        }
        self.documents[record] = document
        self.content[self.api_path(record)] = json.dumps(document).encode()

    def api_path(self, record: int) -> str:
        return f"/api/records/{record}"

    def file_path(self, record: int, name: str) -> str:
        return f"/api/records/{record}/files/{name}/content"

    def requests_of(self, path: str) -> list[dict[str, str]]:
        return [headers for asked, headers in self.requests if asked == path]


@pytest.fixture(scope="session")
def running_server() -> Iterator[RecordServer]:
    with RecordServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def server(running_server: RecordServer) -> RecordServer:
    deadline = time.monotonic() + 5  # a slow handler of the previous test may still be running
    while running_server.at_once and time.monotonic() < deadline:
        time.sleep(0.01)
    running_server.reset()
    return running_server


def clips(machine: str, *, folder: str = "train", count: int = 3, size: int = 40_000) -> dict[str, bytes]:
    """Files of a machine, with random bytes, so that a zip is as long as its files."""
    rng = np.random.default_rng([count, size, *machine.encode(), *folder.encode()])
    names = [f"{machine}/{folder}/section_00_source_{folder}_normal_{n:04d}_vel_{n}.wav" for n in range(count)]
    return {name: rng.bytes(size + 7 * number) for number, name in enumerate(names)}


def zip_of(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


@pytest.fixture(name="clips", scope="session")
def clips_fixture() -> Callable[..., dict[str, bytes]]:
    return clips


@pytest.fixture(name="zip_of", scope="session")
def zip_of_fixture() -> Callable[[dict[str, bytes]], bytes]:
    return zip_of


@pytest.fixture
def contents() -> dict[str, dict[str, bytes]]:
    """Files by zip name."""
    return {
        **{f"dev_{machine}.zip": clips(machine, size=3000) for machine in ("fan", "valve", "ToyCar")},
        **{f"eval_data_{machine}_train.zip": clips(machine, size=3000) for machine in ("bandsaw", "Vacuum")},
        **{f"eval_data_{m}_test.zip": clips(m, folder="test", size=3000) for m in ("bandsaw", "Vacuum")},
    }


@pytest.fixture
def zips(server: RecordServer, contents: dict[str, dict[str, bytes]]) -> dict[str, bytes]:
    """Zip files by name, served by the three records of 2023."""
    made = {name: zip_of(files) for name, files in contents.items()}
    for record, sign in ((7882613, "dev_"), (7830345, "_train.zip"), (7860847, "_test.zip")):
        server.publish_record(record, {name: content for name, content in made.items() if sign in name})
    return made


class Caller:
    """Downloads from the server; pauses are recorded but not made."""

    def __init__(self, server: RecordServer, root: Path) -> None:
        self.server, self.root = server, root
        self.pauses: list[float] = []
        self.said = io.StringIO()
        self.patience = Patience(attempts=4, progress_bytes=30_000, timeout_s=20.0)

    def hurry(self) -> None:
        """Timeouts short enough for a test, with more attempts, as they may expire twice on a busy machine."""
        self.patience = replace(self.patience, attempts=20, timeout_s=0.4, slow_window_s=0.15, slow_bytes=2_000)

    def __call__(self, **options: Any) -> DownloadReport:
        progress = PlainProgress(out=self.said)
        defaults: dict[str, Any] = {"year": 2023, "mirror": self.server.url, "progress": progress}
        web = Web(self.patience, say=progress.say, sleep=self.pauses.append)
        return download_dataset(self.root, **{"web": web, **defaults, **options})


@pytest.fixture
def download(server: RecordServer, tmp_path: Path) -> Caller:
    return Caller(server, tmp_path / "data")


def tree(root: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


@pytest.fixture(name="tree", scope="session")
def tree_fixture() -> Callable[[Path], dict[str, bytes]]:
    return tree
