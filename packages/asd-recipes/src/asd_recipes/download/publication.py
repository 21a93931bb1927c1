"""Renaming what was unpacked into the data set: whole folders at a time, again after a kill, never over foreign files.

A receipt is written when a zip is unpacked whole, and removed when the manifest names its files. In between only
renames happen; a call that finds a receipt does those that are missing.
"""

import json
import shutil
from pathlib import Path

from asd_recipes.download.errors import PlaceTakenError
from asd_recipes.download.places import Places
from asd_recipes.download.published_archives import Manifest, PublishedArchive, archive_as_json, archive_from_json
from asd_recipes.whole_file import write_json


def write_receipt(places: Places, name: str, archive: PublishedArchive) -> None:
    """From here on the unpacked folder is whole."""
    write_json(places.receipt(name), archive_as_json(archive))


def read_receipt(places: Places, name: str) -> PublishedArchive | None:
    """What a killed call had unpacked whole, or None."""
    try:
        return archive_from_json(json.loads(places.receipt(name).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def publish(places: Places, name: str, archive: PublishedArchive, manifest: Manifest) -> Manifest:
    """Renames an archive's unpacked files into place and enters them into the manifest; one caller at a time.

    Where the manifest has the archive already (files of it were lost or changed), its folders are replaced.

    Raises:
        PlaceTakenError: files lie in their place that this command did not put there; nothing was moved.
    """
    unpacked, raw = places.unpacked(name), places.raw(archive.split)
    moves = [entry for entry in _entries(archive, raw) if (unpacked / entry).exists()]  # others: before a kill
    before = manifest.archives.get(name)
    ours = {file.path for file in before.files} if before is not None else set()
    for entry in moves:
        if (foreign := _foreign(raw, entry, ours)) is not None:
            raise PlaceTakenError(
                f"{foreign} is in the place of files of {name}, and was not downloaded. "
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
    """What is renamed as a whole: a machine's folder, or what lies in it where the machine's folder is there."""
    split_paths = [file.path.split("/") for file in archive.files]
    machines = {parts[0] for parts in split_paths}
    present = {machine for machine in machines if (raw / machine).exists()}
    return sorted({"/".join(parts[:2]) if parts[0] in present else parts[0] for parts in split_paths})


def _foreign(raw: Path, entry: str, ours: set[str]) -> Path | None:
    """A file at or below raw/entry that is none of ours."""
    target = raw / entry
    if not target.exists() and not target.is_symlink():
        return None
    found = [path for path in target.rglob("*") if path.is_symlink() or not path.is_dir()]
    for path in found if target.is_dir() and not target.is_symlink() else [target]:
        if path.is_symlink() or path.relative_to(raw).as_posix() not in ours:
            return path
    return None
