"""A trained model as a folder that can be copied, checked and kept: plain arrays beside a manifest that says all else.

    manifest.json               what the model is, how it was made, and the length and SHA-256 of each other file
    network.safetensors         the network's weights
    inlier/<name>.safetensors   the inlier models

Whatever a folder holds, reading it gives the model as it was written, or a BundleError. Other files in the folder are
not looked at. Nothing is executed: no pickle, no code.
"""

from asd_recipes.bundle.errors import BundleError
from asd_recipes.bundle.manifest import MANIFEST, SCHEMA, FileFacts, Manifest, ModelScores, Threshold, Training
from asd_recipes.bundle.reading import read_manifest
from asd_recipes.bundle.writing import write_bundle

__all__ = [
    "MANIFEST",
    "SCHEMA",
    "BundleError",
    "FileFacts",
    "Manifest",
    "ModelScores",
    "Threshold",
    "Training",
    "read_manifest",
    "write_bundle",
]
