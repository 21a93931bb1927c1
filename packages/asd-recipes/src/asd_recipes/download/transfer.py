"""Fetches one zip file into a part file: resumed by range requests, checked by size and md5."""

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

from urllib3 import BaseHTTPResponse

from asd_recipes.download.errors import WrongContentError
from asd_recipes.download.patience import TransientError
from asd_recipes.download.records import Archive
from asd_recipes.download.web import Web
from asd_runtime.whole_file import write_json

_CONTENT_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15}|\*)")


def fetch(archive: Archive, part: Path, web: Web, moved: Callable[[int], None]) -> None:
    """Fills the part file with the whole archive; continues what an earlier call began.

    Args:
        archive: with size, md5 and address.
        part: the part file; `<part>.json` beside it identifies the content, with the server's own mark of it.
        moved: called with the number of bytes received; a negative number means bytes that were dropped.

    Raises:
        TransferError: the server refused, or every attempt failed; the bytes received so far are kept.
        WrongContentError: the whole file was received twice, each time with the wrong content; nothing is kept.
    """
    _Transfer(archive, part, web, moved).run()


def md5_of(path: Path, web: Web) -> str:
    """The md5 of a file, in hexadecimal."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            web.check_stop()
            digest.update(block)
    return digest.hexdigest()


def begun_bytes(archive: Archive, part: Path) -> int:
    """How many bytes of the archive an earlier call left in the part file."""
    note = _read_note(part)
    if (note.get("size"), note.get("md5")) != (archive.size, archive.md5) or not part.is_file():
        return 0
    size = part.stat().st_size
    return size if archive.size is not None and size <= archive.size else 0


def drop(part: Path) -> None:
    """Removes a part file and its note."""
    part.unlink(missing_ok=True)
    _note_path(part).unlink(missing_ok=True)


class _Transfer:
    def __init__(self, archive: Archive, part: Path, web: Web, moved: Callable[[int], None]) -> None:
        assert archive.url is not None
        assert archive.size is not None
        self._archive, self._part, self._web, self._moved = archive, part, web, moved
        self._url, self._size = archive.url, archive.size
        self._have = self._furthest = begun_bytes(archive, part)
        self._ranges = True  # use range requests until the server answers one wrongly
        self._wrong_contents = 0

    def run(self) -> None:
        if self._have == 0:
            drop(self._part)
        self._web.persist(self._archive.name, self._attempt)

    def _attempt(self) -> None:
        try:
            if self._have < self._size:
                self._ask()
            self._check()
        except TransientError as failure:
            if failure.status == 416:  # the server's file is shorter than our part of it
                self._restart()
            if self._have >= self._furthest + self._web.patience.progress_bytes:
                self._furthest = self._have
                failure.progress = True
            raise

    def _ask(self) -> None:
        mark = _read_note(self._part).get("mark")
        headers = {}
        if self._have and self._ranges:
            headers["Range"] = f"bytes={self._have}-"
            if mark:
                headers["If-Range"] = str(mark)
        with self._web.get(self._url, headers) as reply:
            start = self._start(reply)
            if start == 0:
                self._restart()
                _write_note(self._part, self._archive, _mark(reply))
            self._receive(reply)

    def _start(self, reply: BaseHTTPResponse) -> int:
        """Where the reply's body starts: at our end if it is the requested range, at 0 if it is the whole file."""
        if reply.status == 200 and reply.length_remaining in (None, self._size):
            return 0
        if reply.status == 200:
            raise TransientError(f"the server sends {reply.length_remaining} bytes, but the record says {self._size}")
        said = reply.headers.get("Content-Range", "")
        match = _CONTENT_RANGE.fullmatch(said.strip())
        first, last, total = match.groups() if match else ("", "", "")
        sound = (
            reply.status == 206
            and match is not None
            and int(first) == self._have <= int(last) < self._size
            and total in ("*", str(self._size))
            and reply.length_remaining in (None, int(last) - int(first) + 1)
        )
        mark, now = _read_note(self._part).get("mark"), _mark(reply)
        if not sound or (mark and now and mark != now):
            asked = f"from byte {self._have} of {self._size}"
            self._restart()
            self._ranges = False
            raise TransientError(
                f"requested {asked}, but the server answers {reply.status} with the range {said!r}, mark {now}"
            )
        return self._have

    def _receive(self, reply: BaseHTTPResponse) -> None:
        with self._part.open("ab") as file:
            for piece in self._web.body(reply):
                if self._have + len(piece) > self._size:
                    excess = self._have + len(piece)
                    self._restart()
                    raise TransientError(f"received {excess} bytes, but the record says {self._size}")
                file.write(piece)
                self._have += len(piece)
                self._moved(len(piece))
        if self._have < self._size:
            raise TransientError(f"the connection was cut after {self._have} of {self._size} bytes")

    def _check(self) -> None:
        md5 = md5_of(self._part, self._web)
        if md5 == self._archive.md5:
            return
        self._restart()
        self._wrong_contents += 1
        reason = f"the md5 is {md5}, but the record says {self._archive.md5}"
        if self._wrong_contents == 2:
            raise WrongContentError(f"{self._archive.name}: received twice in full, but {reason}. It was deleted.")
        self._furthest = 0  # it is fetched once more, and may be interrupted again
        raise TransientError(reason, progress=True)

    def _restart(self) -> None:
        """Starts again at the first byte."""
        drop(self._part)
        self._moved(-self._have)
        self._have = 0


def _mark(reply: BaseHTTPResponse) -> str | None:
    """What identifies the content for If-Range: a strong ETag, else the modification date."""
    tag = reply.headers.get("ETag")
    if tag is not None:
        return None if tag.startswith("W/") else tag
    return reply.headers.get("Last-Modified")


def _note_path(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _read_note(part: Path) -> dict[str, object]:
    try:
        note = json.loads(_note_path(part).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def _write_note(part: Path, archive: Archive, mark: str | None) -> None:
    """Writes the note before the part's first byte: a part without its note is not continued."""
    write_json(_note_path(part), {"size": archive.size, "md5": archive.md5, "mark": mark})
