"""Writes a model's folder whole or not at all."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from asd_runtime.errors import ModelError
from asd_runtime.model.manifest import MANIFEST, FileFacts, Manifest
from asd_runtime.model.reading import read_file, read_manifest
from asd_runtime.whole_file import whole_folder, write_bytes, write_json


def write_model(folder: Path, manifest: Manifest, files: Mapping[str, bytes | Path]) -> Manifest:
    """Makes the folder of a model; returns its manifest.

    Args:
        folder: must not exist.
        manifest: its `files` are filled in here.
        files: contents, or files with them, by the paths of `Manifest.file_names`.

    Raises:
        ModelError: the folder exists, or the model just written cannot be read back.
    """
    with whole_folder(folder) as partial:
        facts = {name: _copy(source, partial / name) for name, source in sorted(files.items())}
        written = replace(manifest, files=facts)
        write_json(partial / MANIFEST, written.as_json())
        read_back = read_manifest(partial)
        for name in facts:
            read_file(partial, name, read_back)
        if folder.exists():  # an empty folder would be replaced silently
            raise ModelError(folder, "exists already. Choose another place, or remove it.")
    return written


def _copy(source: bytes | Path, place: Path) -> FileFacts:
    content = source if isinstance(source, bytes) else source.read_bytes()
    write_bytes(place, content)
    return FileFacts(len(content), hashlib.sha256(content).hexdigest())
