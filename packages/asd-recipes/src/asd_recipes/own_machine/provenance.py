"""What a model is made from and with, and whether an existing model was made in the same way."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from asd_recipes.bundle import Manifest
from asd_recipes.recipe.settings import Recipe
from asd_recipes.reproduction.job import library_versions
from asd_recipes.reproduction.run_store import RunError
from asd_recipes.waveforms.device_choice import Device
from asd_recipes.waveforms.waveform_bank import WaveformBank


@dataclass(frozen=True)
class Provenance:
    """What one training starts from, apart from its recipe.

    Attributes:
        data_sha256: hash of all samples and attributes.
        device: description of the device that trains.
        versions: versions of the libraries, by name.
    """

    data_sha256: str
    device: str
    versions: dict[str, str]


def provenance_of(bank: WaveformBank, device: Device) -> Provenance:
    """The provenance of a training on these recordings and this device."""
    attributes = json.dumps([[clip.key, clip.name.attributes] for clip in bank.clips])
    digest = hashlib.sha256(f"{bank.digest} {attributes}".encode()).hexdigest()
    return Provenance(digest, device.description, library_versions())


def check_same_model(
    model: Path, manifest: Manifest, *, recipe: Recipe, provenance: Provenance, false_alarms: float
) -> None:
    """Checks that an existing model is the one that a training would make.

    Raises:
        RunError: it was made in another way.
    """
    existing = (manifest.recipe, manifest.training.data_sha256, manifest.threshold.false_alarms, manifest.versions)
    if existing != (recipe, provenance.data_sha256, false_alarms, provenance.versions):
        raise RunError(
            f"{model} holds a model made with another recipe, other recordings or other library versions. "
            "Choose another --out, or remove that model."
        )
