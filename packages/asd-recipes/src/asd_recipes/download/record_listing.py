"""Reads a record from its API: the files with sizes, md5 and addresses, the licence and the citation."""

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from asd_recipes.download.errors import RecordError
from asd_recipes.download.patience import TransientError
from asd_recipes.download.records import ZENODO, Archive, machine_of, newest_archives
from asd_recipes.download.web import Web, is_http

_LONGEST_REPLY_BYTES = 16 << 20  # a record of this kind takes 20 kB
_LARGEST_FILE_BYTES = 1 << 40
_MD5 = re.compile(r"md5:([0-9a-f]{32})")


@dataclass(frozen=True)
class Source:
    """Where a split comes from, its licence, and how to cite it."""

    record: int
    title: str
    licence: str
    citation: str


@dataclass(frozen=True)
class RecordListing:
    """A record's zip files, only the newest revisions, and the names of files that are not a machine's zip file."""

    source: Source
    archives: tuple[Archive, ...]
    left_out: tuple[str, ...]


def unasked_source(record: int) -> Source:
    """The source of a split whose record was not requested."""
    where = f"{ZENODO}/records/{record}"
    return Source(record, f"record {record}", f"see {where}", f"https://doi.org/10.5281/zenodo.{record}")


def ask_record(web: Web, mirror: str, record: int, split: str) -> RecordListing:
    """Requests the list of a record's files.

    Args:
        mirror: address of a server with the record API, e.g. https://zenodo.org.

    Raises:
        RecordError: the reply cannot be read, or is not a list of files.
        TransferError: the server refuses.
    """
    url = f"{mirror}/api/records/{record}"

    def attempt() -> Any:
        text = bytearray()
        with web.get(url, {"Accept": "application/json"}) as reply:
            declared = reply.length_remaining
            for piece in web.body(reply):
                text += piece
                if len(text) > _LONGEST_REPLY_BYTES:
                    raise RecordError(f"{url} answers with over {_LONGEST_REPLY_BYTES} bytes: that is not a record.")
        if declared is not None and len(text) != declared:
            raise TransientError(f"{url}: received {len(text)} of {declared} bytes")
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise TransientError(f"{url} does not answer with JSON ({error})") from error

    return parse_listing(web.persist(f"record {record}", attempt, give_up=RecordError), record, split, mirror=mirror)


def parse_listing(reply: Any, record: int, split: str, *, mirror: str = ZENODO) -> RecordListing:
    """The record API's reply as a listing; links to zenodo.org become links to the mirror.

    Raises:
        RecordError: the reply is for another record, or a field is missing or wrong.
    """
    if not isinstance(reply, dict) or str(reply.get("id")) != str(record):
        raise RecordError(f"record {record}: the reply is for another record. Is --mirror a mirror of {ZENODO}?")
    files = reply.get("files")
    if not isinstance(files, list) or not files:
        raise RecordError(f"record {record} lists no files; it may be closed. See {ZENODO}/records/{record}.")
    archives: list[Archive] = []
    left_out: list[str] = []
    for entry in files:
        fields = entry if isinstance(entry, dict) else {}
        name = fields.get("key")
        if not isinstance(name, str):
            raise RecordError(f"record {record} lists a file without a name: {_line(str(entry))}.")
        named = machine_of(name)
        if named is None:
            left_out.append(_line(name))
        elif name in {archive.name for archive in archives}:
            raise RecordError(f"record {record} lists {name} twice.")
        else:
            archives.append(_archive(fields, Archive(name, split, named[0]), record, mirror))
    return RecordListing(_source(reply, record), tuple(newest_archives(archives)), tuple(left_out))


def _archive(fields: dict[str, Any], archive: Archive, record: int, mirror: str) -> Archive:
    """The archive, completed from its entry in the file list."""
    size, checksum, links = fields.get("size"), fields.get("checksum"), fields.get("links")
    if isinstance(size, bool) or not isinstance(size, int) or not 0 < size <= _LARGEST_FILE_BYTES:
        raise RecordError(f"record {record}: the size of {archive.name} is {size!r}, which is not a number of bytes.")
    match = _MD5.fullmatch(checksum) if isinstance(checksum, str) else None
    if match is None:
        raise RecordError(f"record {record}: the checksum of {archive.name} is {checksum!r}, which is not an md5.")
    url = links.get("self") if isinstance(links, dict) else None
    if not isinstance(url, str) or not is_http(url):
        raise RecordError(f"record {record}: the link to {archive.name} is {url!r}, which is not an http(s) address.")
    if url.startswith(f"{ZENODO}/"):
        url = mirror + url.removeprefix(ZENODO)
    return replace(archive, size=size, md5=match[1], url=url)


def _source(reply: dict[str, Any], record: int) -> Source:
    """Licence and citation; a record without them is accepted."""
    given = reply.get("metadata")
    metadata = given if isinstance(given, dict) else {}
    unasked = unasked_source(record)
    licence = metadata.get("license")
    creators = metadata.get("creators")
    names = [c["name"] for c in creators if isinstance(c, dict) and "name" in c] if isinstance(creators, list) else []
    title = _line(metadata.get("title")) or unasked.title
    year = _line(metadata.get("publication_date"))[:4]
    doi = _line(reply.get("doi") or metadata.get("doi"))
    who = "; ".join(_line(name) for name in names)
    citation = f"{who} ({year}). {title}. Zenodo. " if who and year else ""
    return Source(
        record,
        title,
        _line(licence.get("id") if isinstance(licence, dict) else licence) or unasked.licence,
        citation + (f"https://doi.org/{doi}" if doi else unasked.citation),
    )


def _line(value: Any) -> str:
    """A value of the reply as one line for a terminal, without control characters."""
    return "".join(c for c in value if c.isprintable())[:500] if isinstance(value, str) else ""
