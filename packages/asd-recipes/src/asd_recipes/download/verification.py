"""Checks that every file of a download is still as downloaded (`asd data verify`)."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from asd_recipes.download.extraction import UnpackedFile
from asd_recipes.download.places import RAW_FOLDERS, Places
from asd_recipes.download.published_archives import Manifest, read_manifest


@dataclass(frozen=True)
class Difference:
    """A file that differs from the manifest."""

    file: str
    kind: Literal["missing", "wrong length", "changed", "unreadable", "not listed"]
    reason: str


@dataclass(frozen=True)
class Verification:
    """How many files and bytes were compared with the manifest, and what differs."""

    dataset: str
    files: int
    bytes: int
    problems: tuple[Difference, ...]


def listed_bytes(root: Path) -> int:
    """The total length of all files, for a progress bar. Raises ManifestError."""
    manifest = read_manifest(Places(root).manifest)
    return sum(file.size for archive in manifest.archives.values() for file in archive.files)


def verify_dataset(root: Path, *, advance: Callable[[int], None] = lambda _: None) -> Verification:
    """Compares a folder with its manifest.

    Args:
        root: the folder that `asd data download` made.
        advance: called with the number of bytes compared.

    Raises:
        ManifestError: the folder has no manifest, or one that cannot be used.
    """
    manifest = read_manifest(Places(root).manifest)
    listed = _listed(manifest)
    problems = []
    for path, file in listed.items():
        if (difference := _difference(root / path, path, file)) is not None:
            problems.append(difference)
        advance(file.size)
    problems += [Difference(path, "not listed", "it was not downloaded") for path in _unlisted(root, listed)]
    return Verification(manifest.dataset, len(listed), sum(file.size for file in listed.values()), tuple(problems))


def _listed(manifest: Manifest) -> dict[str, UnpackedFile]:
    """Files by their path below root."""
    return {
        f"{RAW_FOLDERS[archive.split]}/{file.path}": file
        for _, archive in sorted(manifest.archives.items())
        for file in archive.files
    }


def _difference(path: Path, name: str, file: UnpackedFile) -> Difference | None:
    """The difference of a file, None if it is as downloaded."""
    try:
        if path.is_symlink() or not path.is_file():
            return Difference(name, "missing", "not a file" if path.exists() else "no such file")
        size = path.stat().st_size
        if size != file.size:
            return Difference(name, "wrong length", f"{size} bytes, but the manifest says {file.size}")
        with path.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        return Difference(name, "unreadable", str(error))
    if digest == file.sha256:
        return None
    return Difference(name, "changed", f"sha256 {digest[:12]}..., but the manifest says {file.sha256[:12]}...")


def _unlisted(root: Path, listed: dict[str, UnpackedFile]) -> list[str]:
    unlisted = []
    for folder in sorted(set(RAW_FOLDERS.values())):
        for path in (root / folder).rglob("*"):
            name = path.relative_to(root).as_posix()
            if name not in listed and (path.is_symlink() or not path.is_dir()):
                unlisted.append(name)
    return sorted(unlisted)
