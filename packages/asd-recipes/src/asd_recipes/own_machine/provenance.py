"""What a model is made from and with, and whether an existing model was made in the same way."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.toml_text import changed_settings, recipe_from_table
from asd_recipes.reproduction.library_versions import library_versions
from asd_recipes.reproduction.run_store import RunError
from asd_recipes.waveforms.device_choice import Device
from asd_recipes.waveforms.waveform_bank import WaveformBank
from asd_runtime.model.manifest import Manifest


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
    return Provenance(data_digest(bank), device.description, library_versions())


def data_digest(bank: WaveformBank) -> str:
    """A hash of all samples and attributes."""
    attributes = json.dumps([[clip.key, clip.name.attributes] for clip in bank.clips])
    return hashlib.sha256(f"{bank.digest} {attributes}".encode()).hexdigest()


def check_same_model(
    model: Path, manifest: Manifest, *, recipe: Recipe, provenance: Provenance, false_alarms: float
) -> None:
    """Checks that an existing model is the one that a training would make.

    Raises:
        RunError: it was made in another way.
    """
    differing = changed_settings(recipe_from_table(manifest.recipe), recipe)
    if manifest.threshold.false_alarms != false_alarms:
        differing.append(f"--false-alarms was {manifest.threshold.false_alarms}, is {false_alarms}")
    if manifest.training.data_sha256 != provenance.data_sha256:
        differing.append("other recordings")
    if manifest.versions != provenance.versions:
        differing.append("other library versions")
    if differing:
        raise RunError(
            f"{model} holds a model that was made in another way ({'; '.join(differing)}). "
            "Choose another --out, or remove that model."
        )
