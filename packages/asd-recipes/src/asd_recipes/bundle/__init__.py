"""A trained model as a folder that can be copied, checked and kept: arrays, and a manifest with everything else.

    manifest.json               what the model is, how it was made, and the length and SHA-256 of each other file
    network.safetensors         the network's weights
    inlier/<name>.safetensors   the inlier models behind the network
    spectral.safetensors        the spectral statistics

A detector that has no say in the score has no files.

Reading a folder gives the model exactly as it was written, or a BundleError. Other files in the folder are ignored.
Nothing is executed: no pickle, no code.
"""

from asd_recipes.bundle.errors import BundleError
from asd_recipes.bundle.manifest import MANIFEST, SCHEMA, FileFacts, Manifest, Threshold, Training
from asd_recipes.bundle.reading import read_manifest
from asd_recipes.bundle.writing import write_bundle

__all__ = [
    "MANIFEST",
    "SCHEMA",
    "BundleError",
    "FileFacts",
    "Manifest",
    "Threshold",
    "Training",
    "read_manifest",
    "write_bundle",
]
