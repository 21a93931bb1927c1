"""After kill -9 at any point the visible files are right, and the next call ends with the same bytes."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Caller, Handler, RecordServer

ADDITIONAL, EVAL = 7830345, 7860847
SPLITS = ["additional", "eval"]

CALL = """
import os, signal, sys
from pathlib import Path
from asd_recipes.download import dataset_download, download_dataset, extraction, published_archives
from asd_runtime.progress import PlainProgress

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def die_at(count, owner, name):
    original, calls = getattr(owner, name), []
    def counted(*arguments, **options):
        calls.append(1)
        return die() if len(calls) == count else original(*arguments, **options)
    setattr(owner, name, counted)

{fatal}
download_dataset(Path({root!r}), year=2023, splits={splits!r}, mirror={mirror!r}, progress=PlainProgress())
"""

FATAL = {
    "unpacking the first file": "die_at(1, extraction, '_unpack_member')",
    "unpacking a file": "die_at(3, extraction, '_unpack_member')",
    "before the receipt": "dataset_download.write_receipt = die",
    "before publication": "dataset_download.publish = die",
    "before the second publication": "die_at(2, dataset_download, 'publish')",
    **{f"at rename {n}": f"die_at({n}, Path, 'rename')" for n in range(3, 5)},  # 1, 2: of the zips fetched
    "before the manifest": "published_archives.Manifest.write = die",
    "before the second manifest": "die_at(2, published_archives.Manifest, 'write')",
    "before tidying up": "dataset_download._Call._tidy = die",
}


@pytest.fixture
def contents(
    server: RecordServer, clips: Callable[..., dict[str, bytes]], zip_of: Callable[[dict[str, bytes]], bytes]
) -> dict[str, bytes]:
    """Two zips that fill one machine's folder; the expected files by path."""
    train = {**clips("bandsaw", count=4), "bandsaw/attributes_00.csv": b"file_name,d1p,d1v\n"}
    test = clips("bandsaw", folder="test", count=4)
    server.publish_record(ADDITIONAL, {"eval_data_bandsaw_train.zip": zip_of(train)})
    server.publish_record(EVAL, {"eval_data_bandsaw_test.zip": zip_of(test)})
    return {f"eval_data/raw/{name}": content for name, content in {**train, **test}.items()}


def call(server: RecordServer, root: Path, fatal: str = "") -> list[str]:
    code = CALL.format(fatal=fatal, root=str(root), splits=SPLITS, mirror=server.url)
    return [sys.executable, "-c", code]


def visible(tree: dict[str, bytes]) -> dict[str, bytes]:
    return {path: content for path, content in tree.items() if path.startswith("eval_data/")}


@pytest.mark.parametrize("point", FATAL)
def test_after_a_kill_the_visible_files_are_right_and_the_next_call_completes_them(
    point: str,
    server: RecordServer,
    download: Caller,
    contents: dict[str, bytes],
    tree: Callable[[Path], dict[str, bytes]],
    tmp_path: Path,
) -> None:
    killed = subprocess.run(call(server, download.root, FATAL[point]), capture_output=True, timeout=30, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert visible(tree(download.root)).items() <= contents.items()
    fetched = len([path for path, _ in server.requests if path.endswith("/content")])
    report = download(splits=SPLITS)
    assert report.failures == ()
    # A kill while one zip is unpacked may interrupt the transfer of the other; then the rest of it is requested.
    again = [h for path, h in server.requests[fetched + 2 :] if path.endswith("/content")]
    assert len(again) <= 1
    after = tree(download.root)
    assert visible(after) == contents
    undisturbed = type(download)(server, tmp_path / "undisturbed")
    undisturbed(splits=SPLITS)
    assert after == tree(undisturbed.root)


def test_a_transfer_that_was_killed_continues_at_the_same_byte(
    server: RecordServer,
    download: Caller,
    contents: dict[str, bytes],
    tree: Callable[[Path], dict[str, bytes]],
) -> None:
    path = server.file_path(ADDITIONAL, "eval_data_bandsaw_train.zip")
    content = server.content[path]
    half, release = len(content) // 2, threading.Event()

    def stuck(handler: Handler) -> None:
        handler.reply(200, content[:half], headers={"ETag": '"1"'}, length=len(content))
        release.wait(20)

    def rest(handler: Handler) -> None:
        assert handler.headers["If-Range"] == '"1"'
        start = int(handler.headers["Range"][6:-1])
        headers = {"ETag": '"1"', "Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
        handler.reply(206, content[start:], headers=headers)

    server.script[path] = [stuck, rest]
    part = download.root / ".download" / "eval_data_bandsaw_train.zip.part"
    with subprocess.Popen(call(server, download.root), stderr=subprocess.DEVNULL) as process:
        until = time.monotonic() + 20
        while not (part.is_file() and part.stat().st_size >= half - 8192) and time.monotonic() < until:
            time.sleep(0.01)
        process.kill()
    release.set()
    have = part.stat().st_size
    assert half - 8192 <= have <= half
    assert download(splits=SPLITS).failures == ()
    assert [headers.get("Range") for headers in server.requests_of(path)] == [None, f"bytes={have}-"]
    assert visible(tree(download.root)) == contents
