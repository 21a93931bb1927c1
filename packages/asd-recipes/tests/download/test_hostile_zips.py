"""Zip files with the right md5 that must not be unpacked: each gives a typed error, and none of its files appear."""

from __future__ import annotations

import io
import random
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from asd_recipes.download import ArchiveError

if TYPE_CHECKING:
    from conftest import Caller, RecordServer

DEV = 7882613
GOOD = "fan/train/section_00_source_train_normal_0000_vel_1.wav"


def member(name: str, **fields: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def made(*members: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    """A zip with a good member, then these."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(member(GOOD), b"RIFF")
        for info, content in members:
            archive.writestr(info, content)
    return out.getvalue()


def named(name: str) -> bytes:
    return made((member(name), b"content"))


def respelt(text: str, to: str) -> bytes:
    """A name that zipfile would not write unchanged."""
    assert len(text) == len(to)
    return named(text).replace(text.encode(), to.encode("latin-1"))


def changed(content: bytes, signature: bytes, offset: int, value: bytes, *, last: bool = True) -> bytes:
    """A field of the last header with this signature, overwritten."""
    at = (content.rindex(signature) if last else content.index(signature)) + offset
    return content[:at] + value + content[at + len(value) :]


CENTRAL, LOCAL, END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"
LINK = (stat.S_IFLNK | 0o777) << 16
PLAIN = named("fan/train/x.wav")


def overlapping() -> bytes:
    """Two table entries that point to the same member."""
    content = made((member("fan/train/a.wav"), bytes(2000)), (member("fan/train/b.wav"), bytes(2000)))
    second = content.index(CENTRAL, content.index(CENTRAL, content.index(CENTRAL) + 1) + 1)
    offset = content.index(LOCAL, 4).to_bytes(4, "little")
    return content[: second + 42] + offset + content[second + 46 :]


def other_layout() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("photos/holiday/1.jpg", b"x")
    return out.getvalue()


HOSTILE: dict[str, bytes] = {
    "absolute path": named("/etc/cron.d/x"),
    "parent": named("../x.wav"),
    "parent within": named("fan/train/../../../x.wav"),
    "parent at the end": named("fan/train/.."),
    "dot": named("fan/./x.wav"),
    "empty part": named("fan//x.wav"),
    "double slash first": named("//server/share/x.wav"),
    "backslash": named("fan\\train\\x.wav"),
    "backslash parent": named("..\\..\\x.wav"),
    "drive letter": named("C:/x.wav"),
    "drive letter without slash": named("C:x.wav"),
    "stream": named("fan/train/x.wav:hidden"),
    "NUL in the name": respelt("fan/train/x.wavQ", "fan/train/x.wav\0"),
    "newline in the name": named("fan/train/x\n.wav"),
    "escape in the name": named("fan/train/x\x1b[2J.wav"),
    "trailing dot": named("fan/train/x.wav."),
    "trailing blank": named("fan/train /x.wav"),
    "symbolic link": made((member("fan/train/x.wav", external_attr=LINK), b"/etc/passwd")),
    "symbolic link of a folder": made((member("fan/train/x/", external_attr=LINK), b"/etc")),
    "fifo": made((member("fan/train/x.wav", external_attr=(stat.S_IFIFO | 0o644) << 16), b"")),
    "device": made((member("fan/train/x.wav", external_attr=(stat.S_IFCHR | 0o644) << 16), b"")),
    "folder's mode on a file": made((member("fan/train/x.wav", external_attr=(stat.S_IFDIR | 0o755) << 16), b"")),
    "duplicate": respelt("fan/train/section_00_source_train_normal_0000_vel_2.wav", GOOD),
    "duplicate in another case": named(GOOD.upper().replace("FAN/TRAIN", "fan/train")),
    "duplicate in another case of a folder": named(GOOD.replace("fan/", "Fan/")),
    "duplicate in another spelling of an accent": made(
        (member("fan/train/e\u0301.wav"), b"1"), (member("fan/train/\u00e9.wav"), b"2")
    ),
    "file and folder": named(f"{GOOD}/x.wav"),
    "encrypted": changed(changed(PLAIN, CENTRAL, 8, b"\1\0"), LOCAL, 6, b"\1\0"),
    "strongly encrypted": changed(PLAIN, CENTRAL, 8, b"\x40\0"),
    "bzip2": made((member("fan/train/x.wav", compress_type=zipfile.ZIP_BZIP2), b"content")),
    "unknown compression": changed(changed(PLAIN, CENTRAL, 10, b"\x63\0"), LOCAL, 8, b"\x63\0"),
    "wrong CRC": changed(changed(PLAIN, CENTRAL, 16, b"abcd"), LOCAL, 14, b"abcd"),
    "declares more than it holds": changed(PLAIN, CENTRAL, 24, (4000).to_bytes(4, "little")),
    "declares less than it holds": changed(PLAIN, CENTRAL, 24, (3).to_bytes(4, "little")),
    "declares gigabytes": changed(PLAIN, CENTRAL, 24, (3 << 30).to_bytes(4, "little")),
    "another name in the local header": PLAIN.replace(b"fan/train/x.wav", b"fan/train/y.wav", 1),
    "ratio of a member": made(
        (member("fan/train/x.wav"), bytes(6 << 20)),
        (member("fan/train/noise.wav"), random.Random(0).randbytes(600_000)),
    ),
    "ratio of the whole": made(*((member(f"fan/train/x{n}.wav"), bytes(2 << 20)) for n in range(4))),
    "overlapping members": overlapping(),
    "broken deflate": changed(PLAIN, LOCAL, 30 + len("fan/train/x.wav"), b"\xff\xff\xff"),
    "cut": PLAIN[: len(PLAIN) // 2],
    "without its table": PLAIN[: PLAIN.index(CENTRAL)],
    "table elsewhere": changed(PLAIN, END, 16, b"\xff\xff\xff\x7f"),
    "not a zip": b"<html>not found</html>" * 20,
    "no recordings": END + bytes(18),
    "of another layout": other_layout(),
}


@pytest.fixture
def unpacked_run(
    server: RecordServer,
    download: Caller,
    clips: Callable[..., dict[str, bytes]],
    zip_of: Callable[[dict[str, bytes]], bytes],
    tree: Callable[[Path], dict[str, bytes]],
    tmp_path: Path,
) -> Callable[[bytes], bool]:
    """Downloads a hostile fan and a good valve; returns whether the fan was published."""
    valve = clips("valve", size=500)

    def run(content: bytes) -> bool:
        server.publish_record(DEV, {"dev_fan.zip": content, "dev_valve.zip": zip_of(valve)})
        report = download()
        assert all(type(failure.error) is ArchiveError for failure in report.failures)
        assert all(failure.error.args[0].startswith("dev_fan.zip") for failure in report.failures)
        found = {path for path in tree(tmp_path) if not path.startswith("data/.download/")}
        expected = {"data/download.json", *(f"data/dev_data/raw/{name}" for name in valve)}
        if report.failures:
            assert found == expected
            assert not (download.root / ".download" / "dev_fan.zip.unpacked").exists()
        return not report.failures

    return run


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_zip_is_refused_and_nothing_of_it_is_written(
    content: bytes, unpacked_run: Callable[[bytes], bool]
) -> None:
    assert not unpacked_run(content)


def test_a_good_zip_with_folder_members_and_a_silent_clip_is_published(
    unpacked_run: Callable[[bytes], bool], download: Caller
) -> None:
    """Folders as members, a readme outside any folder, and silence, which deflates by a factor of a thousand."""
    folders = [(member("fan/"), b""), (member("fan/test/"), b"")]
    files = [(member("fan/train/silence.wav"), bytes(3 << 20)), (member("readme.txt"), b"hello")]
    rest = (member("fan/train/noise.wav"), random.Random(0).randbytes(400_000))
    assert unpacked_run(made(*folders, *files, rest))
    assert (download.root / "dev_data/raw/fan/readme.txt").read_bytes() == b"hello"
    assert (download.root / "dev_data/raw/fan/train/silence.wav").read_bytes() == bytes(3 << 20)


@pytest.mark.parametrize("seed", range(60))
def test_a_zip_with_random_damage_is_refused_or_has_its_original_content(
    seed: int, server: RecordServer, download: Caller, zip_of: Callable[[dict[str, bytes]], bytes]
) -> None:
    """Harmless damage (in a date or a comment) is accepted: the CRC says that the contents are right."""
    chance = random.Random(seed)
    files = {GOOD: chance.randbytes(700), GOOD.replace("0000", "0001"): bytes(3000)}
    content = bytearray(zip_of(files))
    for _ in range(chance.randint(1, 12)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    server.publish_record(DEV, {"dev_fan.zip": bytes(content)})
    report = download()
    if report.failures:
        assert type(report.failures[0].error) is ArchiveError
        assert not (download.root / "dev_data").exists()
    else:
        raw = download.root / "dev_data/raw"
        assert sorted(p.read_bytes() for p in raw.rglob("*") if p.is_file()) == sorted(files.values())
