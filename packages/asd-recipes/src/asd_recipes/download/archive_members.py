"""Checks the members of a zip file before anything is unpacked: one bad member, and the whole file is refused."""

import re
import stat
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath

from asd_recipes.download.errors import ArchiveError

# Recordings deflate to 0.7 to 0.85 of their size (28 clips of the 2023 set); a silent clip may go to a thousandth.
MOST_TIMES_LARGER = 20
MOST_TIMES_LARGER_MEMBER = 200
_SMALL_BYTES = 4 << 20  # a member up to this size may have any compression ratio, such as a silent clip
_MOST_MEMBERS = 200_000
_CLIP_FOLDERS = ("train", "test", "source_test", "target_test")  # the last two in 2021
_ENCRYPTED = 0x1 | 0x40 | 0x2000  # traditional, strong, and masked headers
_LOCAL_HEADER_BYTES = 30
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|]')  # a backslash or a drive letter is a path elsewhere


@dataclass(frozen=True)
class Member:
    """A file of a zip, and where it goes below raw/."""

    info: zipfile.ZipInfo
    path: PurePosixPath


def checked_members(archive: zipfile.ZipFile, *, name: str, machine: str, zip_bytes: int) -> list[Member]:
    """The files of a zip.

    Args:
        name: the zip's name, for messages.
        machine: the machine type that the name says.
        zip_bytes: the zip's length.

    Raises:
        ArchiveError: a member's path leaves the folder or is not portable; a link, a duplicate, an encrypted member, a
            compression that is not deflate; members that overlap or unpack to far more than a recording can; or no
            `<machine>/train` and no `<machine>/test`.
    """
    infos = archive.infolist()
    if len(infos) > _MOST_MEMBERS:
        raise ArchiveError(f"{name} has {len(infos)} members; a machine's zip file has a few thousand.")
    members = []
    for info in infos:
        parts = _checked_parts(info, name)
        _check_kind(info, name)
        if not info.is_dir():
            folder = () if len(parts) > 1 else (machine,)  # a file outside any folder: several zips may have a readme
            members.append(Member(info, PurePosixPath(*folder, *parts)))
    _check_sizes(infos, name, zip_bytes)
    _check_duplicates(members, name)
    if not any(len(m.path.parts) > 2 and m.path.parts[1] in _CLIP_FOLDERS for m in members):
        raise ArchiveError(f"{name} holds no <machine>/train and no <machine>/test folder: is it a DCASE Task 2 file?")
    return members


def _checked_parts(info: zipfile.ZipInfo, name: str) -> tuple[str, ...]:
    path = info.orig_filename  # filename is cut at a NUL
    parts = path.removesuffix("/").split("/")
    wrong = _FORBIDDEN.search(path) or any(part in ("", ".", "..") or part != part.rstrip(" .") for part in parts)
    if wrong:
        raise ArchiveError(
            f"{name} holds {path!r}, which would be written outside the folder, or is not portable. "
            "Nothing was unpacked from this file."
        )
    return tuple(parts)


def _check_kind(info: zipfile.ZipInfo, name: str) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR) or (kind == stat.S_IFDIR and not info.is_dir()):
        raise ArchiveError(f"{name}: {info.filename!r} is a link or a device, not a file.")
    if info.flag_bits & _ENCRYPTED:
        raise ArchiveError(f"{name}: {info.filename!r} is encrypted.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ArchiveError(f"{name}: {info.filename!r} is compressed by method {info.compress_type}, not by deflate.")


def _check_sizes(infos: list[zipfile.ZipInfo], name: str, zip_bytes: int) -> None:
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise ArchiveError(f"{name}: {info.filename!r} lies within another member; that is a bomb.")
        end = info.header_offset + _LOCAL_HEADER_BYTES + info.compress_size
        if info.file_size > max(_SMALL_BYTES, MOST_TIMES_LARGER_MEMBER * info.compress_size):
            raise ArchiveError(f"{name}: {info.filename!r} unpacks to {info.file_size} bytes; that is a bomb.")
    total = sum(info.file_size for info in infos)
    if end > zip_bytes or total > max(_SMALL_BYTES, MOST_TIMES_LARGER * zip_bytes):
        raise ArchiveError(f"{name}, {zip_bytes} bytes, unpacks to {total} bytes; that is a bomb.")


def _check_duplicates(members: list[Member], name: str) -> None:
    """Names also count as equal if they differ only in case or in the encoding of accents, as on some systems."""
    files: dict[str, PurePosixPath] = {}
    for member in members:
        key = _folded(member.path)
        if key in files:
            raise ArchiveError(f"{name} holds {str(member.path)!r} and {str(files[key])!r}: the same file twice.")
        files[key] = member.path
    for path in files.values():
        for folder in path.parents:
            if _folded(folder) in files:
                raise ArchiveError(f"{name} holds {str(folder)!r} as a file and as a folder.")


def _folded(path: PurePosixPath) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", str(path)).casefold())
