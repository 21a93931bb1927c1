"""Moves unpacked files into the data set by renaming whole folders; resumable, and never over foreign files.

A receipt is written when a zip is completely unpacked, and removed when the manifest lists its files. Between the two
there are only renames; a call that finds a receipt does the missing ones.
"""

import json
import shutil
from pathlib import Path

from asd_recipes.download.errors import PlaceTakenError
from asd_recipes.download.places import Places
from asd_recipes.download.published_archives import Manifest, PublishedArchive, archive_as_json, archive_from_json
from asd_runtime.whole_file import write_json


def write_receipt(places: Places, name: str, archive: PublishedArchive) -> None:
    """Records that the unpacked folder is whole."""
    write_json(places.receipt(name), archive_as_json(archive))


def read_receipt(places: Places, name: str) -> PublishedArchive | None:
    """The archive that a killed call completely unpacked, or None."""
    try:
        return archive_from_json(json.loads(places.receipt(name).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def publish(places: Places, name: str, archive: PublishedArchive, manifest: Manifest) -> Manifest:
    """Renames an archive's unpacked files into place and enters them into the manifest; one caller at a time.

    If the manifest already has the archive (its files were lost or changed), its folders are replaced.

    Raises:
        PlaceTakenError: files that this command did not write are in the way; nothing was moved.
    """
    unpacked, raw = places.unpacked(name), places.raw(archive.split)
    moves = [
        entry for entry in _entries(archive, raw) if (unpacked / entry).exists()
    ]  # the others were moved before a kill
    before = manifest.archives.get(name)
    ours = {file.path for file in before.files} if before is not None else set()
    for entry in moves:
        if (foreign := _foreign(raw, entry, ours)) is not None:
            raise PlaceTakenError(
                f"{foreign} was not downloaded but is in the place of files of {name}. "
                "Move it away, or choose another --out."
            )
    replaced = places.work / f"{name}.replaced"
    shutil.rmtree(replaced, ignore_errors=True)
    for entry in moves:
        target = raw / entry
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            (replaced / entry).parent.mkdir(parents=True, exist_ok=True)
            target.rename(replaced / entry)
        (unpacked / entry).rename(target)
    updated = manifest.with_archive(name, archive)
    if archive.all_there(places):
        updated.write(places.manifest)
    else:  # the unpacked folder was tampered with after a kill: the caller unpacks again
        updated = manifest
    places.receipt(name).unlink(missing_ok=True)
    shutil.rmtree(unpacked, ignore_errors=True)
    shutil.rmtree(replaced, ignore_errors=True)
    return updated


def _entries(archive: PublishedArchive, raw: Path) -> list[str]:
    """What is renamed as a whole: a machine's folder, or its contents if the machine's folder already exists."""
    split_paths = [file.path.split("/") for file in archive.files]
    machines = {parts[0] for parts in split_paths}
    present = {machine for machine in machines if (raw / machine).exists()}
    return sorted({"/".join(parts[:2]) if parts[0] in present else parts[0] for parts in split_paths})


def _foreign(raw: Path, entry: str, ours: set[str]) -> Path | None:
    """A file at or below raw/entry that is not ours."""
    target = raw / entry
    if not target.exists() and not target.is_symlink():
        return None
    files = [path for path in target.rglob("*") if path.is_symlink() or not path.is_dir()]
    for path in files if target.is_dir() and not target.is_symlink() else [target]:
        if path.is_symlink() or path.relative_to(raw).as_posix() not in ours:
            return path
    return None
