"""The contents of a model's manifest, version 2 of its schema.

In version 2 a model's score may be that of several detectors (`joined`). Version 1 had the network alone; it is read.
Within a version, fields are only added, with a default, so that older models stay readable. Changing a field's meaning
needs a new version.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from asd_recipes.probes.joined_score import OE, SPECTRAL, Joined, Scale
from asd_recipes.recipe.settings import Recipe

MANIFEST = "manifest.json"
FORMAT = "asd-model"
SCHEMA = 2
NORMAL = "normal"
"""The machine's name within a training. With the folder's name, the seeds and so the model would depend on it."""
NETWORK = "network.safetensors"
SPECTRAL_FILE = "spectral.safetensors"


@dataclass(frozen=True)
class FileFacts:
    """Length and hash of a file that the manifest lists."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Level:
    """Mean and standard deviation of all training samples; full scale is 1."""

    mean: float
    std: float


@dataclass(frozen=True)
class Training:
    """What the model was made from.

    Attributes:
        recordings, seconds: number of normal recordings used, and their total length.
        left_out: number of normal recordings that could not be used.
        pieces: number of training pieces.
        held_out_pieces: number of pieces that set the scale and the threshold.
        held_out: "time" for the ends of recordings, "recordings" for whole ones.
        held_out_recordings: how many recordings the held-out pieces come from.
        pseudo_anomalies: names of the other machines.
        synthetic_pseudo_anomalies: whether the other machines are the embedded synthetic data.
        attributes: the joint attribute values that the network learnt to distinguish; empty if none.
        pseudo_anomaly_auc: how well the network separates held-out pieces from pieces of the other machines; None if
            that was not measured.
        data_sha256: hash of all samples and attributes.
    """

    recordings: int
    seconds: float
    left_out: int
    pieces: int
    held_out_pieces: int
    held_out: Literal["time", "recordings"]
    held_out_recordings: int
    pseudo_anomalies: tuple[str, ...]
    synthetic_pseudo_anomalies: bool
    attributes: tuple[str, ...]
    pseudo_anomaly_auc: float | None
    data_sha256: str


@dataclass(frozen=True)
class Threshold:
    """A recording with a stretch that scores above `value` is called anomalous.

    Attributes:
        stretch_s: length of the held-out pieces that set the threshold, and of the stretches that it applies to.
        rule: "quantile" of the held-out scores, or "largest" if there are too few of them for the quantile.
        false_alarms: share of normal stretches that may score above the threshold.
        smallest, median, largest: of the held-out pieces' scores.
    """

    value: float
    stretch_s: float
    rule: Literal["quantile", "largest"]
    false_alarms: float
    smallest: float
    median: float
    largest: float


@dataclass(frozen=True)
class Manifest:
    """Everything that is recorded about a model.

    Attributes:
        machine: its name, for the user.
        system: "oe", or "serialoe" if the network also learnt attributes; "spectral" if the model has no network.
        synthetic: whether the normal recordings are synthetic data.
        device: description of the device that trained.
        scores: scale of each inlier model's scores, by the model's name.
        files: facts of each other file, by its path below the folder.
        joined: how the detectors' scores become one; None for a model from before there were two: the mean over the
            inlier models.
    """

    machine: str
    system: Literal["oe", "serialoe", "spectral"]
    synthetic: bool
    recipe: Recipe
    level: Level
    training: Training
    scores: dict[str, Scale]
    threshold: Threshold
    device: str
    versions: dict[str, str]
    files: dict[str, FileFacts]
    joined: Joined | None = None

    @property
    def detectors(self) -> list[str]:
        """The detectors that score."""
        return [OE] if self.joined is None else self.joined.voices

    @property
    def file_names(self) -> set[str]:
        """The paths below the folder of the files that its detectors need."""
        network = {NETWORK, *map(inlier_file, self.scores)} if OE in self.detectors else set()
        return network | ({SPECTRAL_FILE} if SPECTRAL in self.detectors else set())

    def as_json(self) -> dict[str, Any]:
        """The manifest for a JSON file, with format, schema, seed and a hash of all of it."""
        content = {"format": FORMAT, "schema": SCHEMA, "seed": self.recipe.seed, **asdict(self)}
        return {**content, "manifest_sha256": content_digest(content)}


def content_digest(content: dict[str, Any]) -> str:
    """SHA-256 of a manifest without its own hash; detects edits, not forgeries."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def inlier_file(name: str) -> str:
    """Path of an inlier model below the folder."""
    return f"inlier/{name}.safetensors"
