"""What a model is made from and with, and whether a model that is already there was made in the same way."""

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
    """Of one training.

    Attributes:
        data_sha256: over all samples and attributes.
        device: that trains, in words.
        versions: of the libraries.
    """

    data_sha256: str
    device: str
    versions: dict[str, str]


def provenance_of(bank: WaveformBank, device: Device) -> Provenance:
    """What a training on these recordings and this device starts from."""
    attributes = json.dumps([[clip.key, clip.name.attributes] for clip in bank.clips])
    digest = hashlib.sha256(f"{bank.digest} {attributes}".encode()).hexdigest()
    return Provenance(digest, device.description, library_versions())


def check_same_model(
    model: Path, manifest: Manifest, *, recipe: Recipe, provenance: Provenance, false_alarms: float
) -> None:
    """Whether a model in its place is the one that a training would make.

    Raises:
        RunError: it is another.
    """
    there = (manifest.recipe, manifest.training.data_sha256, manifest.threshold.false_alarms, manifest.versions)
    if there != (recipe, provenance.data_sha256, false_alarms, provenance.versions):
        raise RunError(
            f"{model} holds a model of another recipe, other recordings or other versions. "
            "Choose another --out, or remove it."
        )
