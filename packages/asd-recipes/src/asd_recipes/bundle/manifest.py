"""What a model's manifest says, version 1 of its schema.

Fields are only ever added, with a default, so that older models stay readable; whatever would change a field's meaning
takes a new version.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from asd_recipes.recipe.settings import Recipe

MANIFEST = "manifest.json"
FORMAT = "asd-model"
SCHEMA = 1
NORMAL = "normal"
"""The machine's name inside a training: a folder's own would make the seeds, and so the model, depend on it."""
NETWORK = "network.safetensors"


@dataclass(frozen=True)
class FileFacts:
    """Of a file beside the manifest."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Level:
    """Mean and standard deviation of all training samples, full scale being 1."""

    mean: float
    std: float


@dataclass(frozen=True)
class Training:
    """What the model was made from.

    Attributes:
        recordings, seconds: normal recordings used, and their length.
        left_out: normal recordings that could not be used.
        pieces, held_out_pieces: that trained; that set scale and threshold.
        held_out: the ends of the recordings, or whole recordings.
        held_out_recordings: how many recordings the held-out pieces come from.
        pseudo_anomalies: names of the other machines.
        synthetic_pseudo_anomalies: whether those are the embedded synthetic data.
        attributes: the joint attribute values that the network learnt to tell apart; empty if none.
        pseudo_anomaly_auc: how well the network tells held-out pieces from pieces of the other machines, None where
            that was not measured.
        data_sha256: over all samples and attributes.
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
class ModelScores:
    """Mean and standard deviation of an inlier model's scores of the held-out pieces."""

    mean: float
    std: float


@dataclass(frozen=True)
class Threshold:
    """A recording with a stretch that scores above `value` is called anomalous.

    Attributes:
        stretch_s: length of the held-out pieces that set the threshold, and so of the stretches that it judges.
        rule: "quantile" of the held-out scores, or the "largest", where they are too few for the quantile.
        false_alarms: share of normal stretches that may be above it.
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
    """All that is known of a model.

    Attributes:
        machine: its name, for the reader.
        system: "oe", or "serialoe" where the network learnt attributes as well.
        synthetic: whether the normal recordings are synthetic data.
        device: that trained, in words.
        scores: by name of the inlier model.
        files: by path below the folder.
    """

    machine: str
    system: Literal["oe", "serialoe"]
    synthetic: bool
    recipe: Recipe
    level: Level
    training: Training
    scores: dict[str, ModelScores]
    threshold: Threshold
    device: str
    versions: dict[str, str]
    files: dict[str, FileFacts]

    def as_json(self) -> dict[str, Any]:
        """With format, schema, seed and a hash over all of it."""
        content = {"format": FORMAT, "schema": SCHEMA, "seed": self.recipe.seed, **asdict(self)}
        return {**content, "manifest_sha256": content_digest(content)}


def content_digest(content: dict[str, Any]) -> str:
    """SHA-256 over a manifest without its own hash; shows an edit, not a forgery."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def inlier_file(name: str) -> str:
    """Path of an inlier model below the folder."""
    return f"inlier/{name}.safetensors"
