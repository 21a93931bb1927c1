"""The contents of a model's manifest, version 3 of its schema (docs/model_format.md).

Within a version, fields are only added, with a default, so that older models stay readable. Changing a field's meaning
needs a new version. Nothing was released with versions 1 and 2, and they are refused.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from asd_runtime.model.joined_score import SPECTRAL, Joined, Scale
from asd_runtime.sound.front_end import FrontEnd

MANIFEST = "manifest.json"
FORMAT = "asd-model"
SCHEMA = 3
LARGEST_MANIFEST_BYTES = 1 << 20
SPECTRAL_FILE = "spectral.safetensors"
FLOW = "flow"
"""Name of the flow's own score."""
Precision = Literal["float32", "bfloat16", "int8"]


@dataclass(frozen=True)
class FileFacts:
    """Length and hash of a file that the manifest lists."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class NetworkFacts:
    """One network of a model; number n of them lies in `network_file(n)`.

    Attributes:
        attribute: the attribute item that it was trained to be invariant to; None for every other network.
        flow: whether the flow's map is one of its outputs and of its scores.
        scores: scale of each inlier model's scores behind it, by the model's name, and of the flow's.
    """

    attribute: str | None
    flow: bool
    scores: dict[str, Scale]

    @property
    def inlier_models(self) -> list[str]:
        """The names of the inlier models."""
        return [name for name in self.scores if name != FLOW]


@dataclass(frozen=True)
class SpectralFacts:
    """What frames are pooled to (`asd_features.spectral_statistics`)."""

    statistics: tuple[Literal["mean", "std", "difference", "rank"], ...]
    rank_decay: float


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
class Exported:
    """How a model compares with the one that it was made from in another arithmetic, by that one's data.

    Attributes:
        of: the other one's arithmetic.
        verdicts_changed: how many held-out pieces are anomalous by one of the two alone.
        largest_change: of a held-out piece's score, in standard deviations.
        probe_auc_before, probe_auc: how well scores tell pieces with known faults from those without.
        network_auc_before, network_auc: the same by the scores of OE alone.
    """

    of: Precision
    verdicts_changed: int
    largest_change: float
    probe_auc_before: float
    probe_auc: float
    network_auc_before: float
    network_auc: float


@dataclass(frozen=True)
class Manifest:
    """Everything that is recorded about a model.

    Attributes:
        machine: its name, for the user.
        system: "oe", or "serialoe" if the network also learnt attributes; "spectral" if the model has no network; or
            another system of `asd reproduce`.
        synthetic: whether the normal recordings are synthetic data.
        precision: the arithmetic that scales and threshold belong to.
        joined: how the detectors' scores become one.
        device: description of the device that trained.
        files: facts of each other file, by its path below the folder.
        recipe: the whole recipe of the training; kept for asd-recipes, and not read here.
        exported: None unless it was made from another model, in another arithmetic.
    """

    machine: str
    system: str
    synthetic: bool
    precision: Precision
    front_end: FrontEnd
    networks: tuple[NetworkFacts, ...]
    spectral: SpectralFacts | None
    joined: Joined
    threshold: Threshold
    training: Training
    device: str
    versions: dict[str, str]
    files: dict[str, FileFacts]
    recipe: dict[str, Any]
    exported: Exported | None

    @property
    def file_names(self) -> set[str]:
        """The paths below the folder of the files that it needs."""
        names = {SPECTRAL_FILE} if SPECTRAL in self.joined.voices else set()
        for number, network in enumerate(self.networks):
            names |= {network_file(number), *(inlier_file(number, name) for name in network.inlier_models)}
        return names

    def as_json(self) -> dict[str, Any]:
        """The manifest for a JSON file, with format, schema and a hash of all of it."""
        content = {"format": FORMAT, "schema": SCHEMA, **asdict(self)}
        return {**content, "manifest_sha256": content_digest(content)}


def content_digest(content: dict[str, Any]) -> str:
    """SHA-256 of a manifest without its own hash; detects edits, not forgeries."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def network_file(number: int) -> str:
    """Path of a network below the folder."""
    return f"networks/{number}.onnx"


def inlier_file(number: int, name: str) -> str:
    """Path of an inlier model behind network `number`, below the folder."""
    return f"inlier/{number}/{name}.safetensors"
