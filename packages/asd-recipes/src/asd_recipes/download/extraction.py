"""Unpacks a zip file into an empty folder, member by member, and takes the SHA-256 of each file."""

import hashlib
import shutil
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from asd_recipes.download.archive_members import Member, checked_members
from asd_recipes.download.errors import ArchiveError, DownloadError
from asd_recipes.download.free_disk import require_free
from asd_recipes.download.records import Archive
from asd_recipes.download.web import Web

_BLOCK_BYTES = 1 << 18
# What zipfile raises on a damaged zip; the last four come from fields that it does not check.
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError,
           struct.error)  # fmt: skip


@dataclass(frozen=True)
class UnpackedFile:
    """A file of the data set: path below raw/, length in bytes, sha256 in hexadecimal."""

    path: str
    size: int
    sha256: str


def unpack(archive: Archive, zip_path: Path, into: Path, web: Web) -> list[UnpackedFile]:
    """Unpacks a zip file; when it fails, nothing is left.

    Raises:
        ArchiveError: broken or unsafe, see checked_members; a member's length or CRC is wrong.
        DiskSpaceError: too little space for the members' declared sizes.
    """
    shutil.rmtree(into, ignore_errors=True)  # left by a killed call
    try:
        with zipfile.ZipFile(zip_path) as opened:
            zip_bytes = zip_path.stat().st_size
            members = checked_members(opened, name=archive.name, machine=archive.machine, zip_bytes=zip_bytes)
            require_free(into.parent, sum(m.info.file_size for m in members), f"unpacking {archive.name}")
            return [_unpack_member(opened, member, into, archive.name, web) for member in members]
    except BaseException as error:
        shutil.rmtree(into, ignore_errors=True)
        if isinstance(error, _BROKEN) and not isinstance(error, DownloadError):
            raise ArchiveError(f"{archive.name} is not a sound zip file: {error}.") from error
        raise


def _unpack_member(opened: zipfile.ZipFile, member: Member, into: Path, name: str, web: Web) -> UnpackedFile:
    target = into / member.path
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with opened.open(member.info) as source, target.open("xb") as file:  # compares the CRC at the end
        while block := source.read(_BLOCK_BYTES):
            web.check_stop()
            file.write(block)
            digest.update(block)
            size += len(block)
    if size != member.info.file_size:
        raise ArchiveError(f"{name}: {member.info.filename!r} has {size} bytes, but declares {member.info.file_size}.")
    return UnpackedFile(str(member.path), size, digest.hexdigest())
