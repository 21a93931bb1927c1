"""Writes a model's folder whole or not at all."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from asd_recipes.bundle.errors import BundleError
from asd_recipes.bundle.manifest import MANIFEST, NETWORK, SPECTRAL_FILE, FileFacts, Manifest, inlier_file
from asd_recipes.bundle.reading import read_file, read_manifest
from asd_recipes.whole_file import whole_folder, write_bytes, write_json


def write_bundle(
    folder: Path,
    manifest: Manifest,
    *,
    network: Path | None,
    inlier: Mapping[str, Path],
    spectral: Path | None = None,
) -> Manifest:
    """Makes the folder of a model; returns its manifest.

    Args:
        folder: must not exist.
        manifest: its `files` are filled in here.
        network: safetensors file of the weights, if the model has a network.
        inlier: safetensors file of each inlier model behind it, by name.
        spectral: safetensors file of the spectral statistics, if the model has them.

    Raises:
        BundleError: the folder exists, or the model just written cannot be read back.
    """
    given = {NETWORK: network, **{inlier_file(name): path for name, path in sorted(inlier.items())}}
    sources = {name: path for name, path in {**given, SPECTRAL_FILE: spectral}.items() if path is not None}
    with whole_folder(folder) as partial:
        files = {name: _copy(source, partial / name) for name, source in sources.items()}
        written = replace(manifest, files=files)
        write_json(partial / MANIFEST, written.as_json())
        read_back = read_manifest(partial)
        for name in files:
            read_file(partial, name, read_back)
        if folder.exists():  # an empty folder would be replaced silently
            raise BundleError(folder, "exists already. Choose another place, or remove it.")
    return written


def _copy(source: Path, place: Path) -> FileFacts:
    content = source.read_bytes()
    write_bytes(place, content)
    return FileFacts(len(content), hashlib.sha256(content).hexdigest())
