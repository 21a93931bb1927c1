"""download.json: the zip files of a data set, and the length and SHA-256 of each unpacked file."""

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from asd_recipes.download.errors import ManifestError
from asd_recipes.download.extraction import UnpackedFile
from asd_recipes.download.places import RAW_FOLDERS, Places
from asd_recipes.download.record_listing import Source
from asd_runtime.whole_file import write_json

SCHEMA = 1


@dataclass(frozen=True)
class PublishedArchive:
    """The files of one zip file. Length and md5 are the zip's; md5_checked: compared to the record or a known value."""

    split: str
    machine: str
    size: int
    md5: str
    md5_checked: bool
    files: tuple[UnpackedFile, ...]

    def all_there(self, places: Places) -> bool:
        """Whether every file exists with its length; `asd data verify` compares the contents."""
        raw = places.raw(self.split)
        try:
            return all((raw / file.path).stat().st_size == file.size for file in self.files)
        except OSError:
            return False


@dataclass(frozen=True)
class Manifest:
    """The manifest of a data set: sources by split, archives by zip name."""

    dataset: str
    sources: dict[str, Source] = field(default_factory=dict)
    archives: dict[str, PublishedArchive] = field(default_factory=dict)

    def with_archive(self, name: str, archive: PublishedArchive) -> "Manifest":
        return replace(self, archives={**self.archives, name: archive})

    def write(self, path: Path) -> None:
        """Writes the manifest whole or not at all."""
        write_json(
            path,
            {
                "schema": SCHEMA,
                "dataset": self.dataset,
                "sources": {split: asdict(source) for split, source in self.sources.items()},
                "archives": {name: archive_as_json(archive) for name, archive in self.archives.items()},
            },
        )


def archive_as_json(archive: PublishedArchive) -> dict[str, Any]:
    """The archive as in the manifest, and in the receipt of an archive that is not yet in place."""
    return {**asdict(archive), "files": {file.path: [file.size, file.sha256] for file in archive.files}}


def archive_from_json(fields: Any) -> PublishedArchive:
    """The inverse of archive_as_json; ValueError, TypeError, KeyError or AttributeError for anything else."""
    files = []
    for path, (size, sha256) in fields["files"].items():
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or ".." in parts or len(sha256) != 64 or int(size) < 0:
            raise ValueError(f"{path!r} is not a file's path with length and sha256")
        files.append(UnpackedFile(path, int(size), str(sha256)))
    split = str(fields["split"])
    if split not in RAW_FOLDERS:
        raise ValueError(f"no split {split!r}")
    return PublishedArchive(
        split, str(fields["machine"]), int(fields["size"]), str(fields["md5"]), bool(fields["md5_checked"]),
        tuple(files),
    )  # fmt: skip


def read_manifest(path: Path) -> Manifest:
    """Reads download.json.

    Raises:
        ManifestError: it does not exist, cannot be read, or is from a newer version of this program.
    """
    if not path.is_file():
        above = next((folder for folder in path.parents if (folder / path.name).is_file()), None)
        hint = f"Did you mean {above}?" if above else "Pass the folder that `asd data download` made."
        raise ManifestError(f"{path.parent} has no {path.name}. {hint}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != SCHEMA:
            raise ManifestError(f"{path} has schema {content['schema']}; this version reads {SCHEMA}. Update asd.")
        sources = {str(split): Source(**fields) for split, fields in content["sources"].items()}
        archives = {str(name): archive_from_json(fields) for name, fields in content["archives"].items()}
        return Manifest(str(content["dataset"]), sources, archives)
    except ManifestError:
        raise
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ManifestError(f"{path} is not a manifest of a download ({error!r}). Download the data again.") from error
