"""A recipe: every setting of a run, as frozen dataclasses; `toml_text` reads and writes them.

The defaults are the paper's sizes (Fujimura 2023, Sec. 4), and our choices where the paper is silent. Where a choice
departs from the usual reading for a good reason, the profile `paper` keeps that reading. docs/reading_the_paper.md
explains all of them.
"""

import math
from dataclasses import dataclass, field
from typing import Literal

from asd_features import HighPassSettings, LogMelSettings, SegmentSettings
from asd_runtime.sound.audio import Audio
from asd_runtime.sound.standardised_segments import Standardise


class RecipeError(ValueError):
    """A setting that does not exist, or has a value of the wrong kind."""


LARGEST_SEED = 2**63 - 1
"""The largest number that the files with a seed can store."""


def _at_least(least: int, key: str, value: int) -> None:
    if value < least:
        raise RecipeError(f"{key} must be at least {least}; got {value}.")


def _positive(key: str, value: float) -> None:
    if not 0 < value < math.inf:
        raise RecipeError(f"{key} must be above 0 and finite; got {value}.")


@dataclass(frozen=True)
class Split:
    """Sec. 4.2: 85 % of the source clips and 6 of 10 target clips train, the rest validates."""

    source_share: float = 0.85
    target_share: float = 0.6

    def __post_init__(self) -> None:
        for name, share in (("source_share", self.source_share), ("target_share", self.target_share)):
            if not 0 < share <= 1:
                raise RecipeError(f"split.{name} must be above 0 and at most 1; got {share}.")


Schedule = Literal["one-cycle", "constant"]


@dataclass(frozen=True)
class TrainingSettings:
    """Sec. 4.2: AdamW, batches of 128 of which half are target clips; OE for 150 epochs with OneCycleLR up to 1e-3.

    Epochs, learning rate and schedule are those of OE; the systems with a flow have their own in `Joint`.
    """

    epochs: int = 150
    learning_rate: float = 1e-3
    schedule: Schedule = "one-cycle"
    batch_size: int = 128
    weight_decay: float = 0.0
    standardise: Standardise = "machine"
    mixup: Literal["cosine", "constant", "off"] = "cosine"
    mixup_alpha: float = 0.2
    encoder_weights: str = (
        ""  # safetensors file with torchvision's names for ResNet-18's initial weights; empty: random
    )
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    compile: bool = False
    checkpoint_s: float = 60.0

    def __post_init__(self) -> None:
        _at_least(1, "training.epochs", self.epochs)
        if self.batch_size < 2 or self.batch_size % 2:
            raise RecipeError(
                f"training.batch_size must be even and at least 2, as half of a batch is the target machine; "
                f"got {self.batch_size}."
            )
        _positive("training.learning_rate", self.learning_rate)
        _positive("training.mixup_alpha", self.mixup_alpha)
        if not (self.weight_decay >= 0 and self.checkpoint_s >= 0):
            raise RecipeError("training.weight_decay and training.checkpoint_s must not be negative.")


@dataclass(frozen=True)
class Joint:
    """Sec. 4.2: the systems with a flow train for 250 epochs at a constant 1e-4, with the losses of Eqs. 1 and 5."""

    epochs: int = 250
    learning_rate: float = 1e-4
    schedule: Schedule = "constant"
    attribute_weight: float = 5.0  # lambda_section
    flow_weight: float = 1e-7  # lambda_Flow; the likelihood is summed over all dimensions of the map
    start: Literal["random", "oe"] = "oe"  # initial weights of encoder and machine head; oe: OE's of this machine
    flow_eps: Literal["scaled", "adam"] = "scaled"  # Adam's eps for the flow: times flow_weight, or 1e-8

    def __post_init__(self) -> None:
        _at_least(1, "joint.epochs", self.epochs)
        _positive("joint.learning_rate", self.learning_rate)
        for name in ("attribute_weight", "flow_weight"):
            if not 0 <= getattr(self, name) < math.inf:
                raise RecipeError(f"joint.{name} must not be negative; got {getattr(self, name)}.")


@dataclass(frozen=True)
class Flow:
    """FastFlow on the encoder's last map, and how many latents may depend on a physical parameter (Sec. 3.1)."""

    steps: int = 8
    hidden_ratio: float = 1.0
    clamp: float = 2.0
    dependent_channels: int = 8  # z_d, of 512
    maps: Literal["last", "pre-relu"] = "last"  # the encoder's last map after or before its ReLU
    input: Literal["map", "scaled", "whitened"] = "whitened"  # linear step before the first one, measured each epoch
    noise: float = 0.0  # standard deviation of noise that training adds to what the first step sees
    log_determinant: bool = False  # whether the score is by p_X; false: by p_Z, as in the paper
    centred_parameter: bool = True  # z_d follows N(k (v - mean v), 1); false: N(k v, 1)

    def __post_init__(self) -> None:
        _at_least(1, "flow.steps", self.steps)
        _positive("flow.hidden_ratio", self.hidden_ratio)
        _positive("flow.clamp", self.clamp)
        if not 0 <= self.noise < math.inf:
            raise RecipeError(f"flow.noise must not be negative; got {self.noise}.")
        if not 0 <= self.dependent_channels < 512:
            raise RecipeError(f"flow.dependent_channels must be 0 to 511; got {self.dependent_channels}.")


@dataclass(frozen=True)
class InlierModels:
    """Sec. 4.2: GMM and Mahalanobis KNN, each with 1, 2, 4, 16, 32, fitted on three kinds of training data."""

    components: tuple[int, ...] = (1, 2, 4, 16, 32)
    neighbours: tuple[int, ...] = (1, 2, 4, 16, 32)
    training_data: tuple[str, ...] = ("source", "pseudo-target", "source+target")
    pseudo_target_alpha: float = 0.2
    selected: int = 20
    save: bool = True
    search: Literal["auto", "faiss", "faiss-gpu", "numpy"] = "auto"  # who finds the nearest neighbours

    def __post_init__(self) -> None:
        for size in (*self.components, *self.neighbours):
            _at_least(1, "inlier.components and inlier.neighbours", size)
        if not (self.components or self.neighbours):
            raise RecipeError(
                "inlier.components and inlier.neighbours are both empty; an ensemble needs at least one model."
            )
        _at_least(1, "inlier.selected", self.selected)
        _positive("inlier.pseudo_target_alpha", self.pseudo_target_alpha)
        kinds = ("source", "pseudo-target", "source+target")
        if not self.training_data or not set(self.training_data) <= set(kinds):
            raise RecipeError(
                f"inlier.training_data takes one or more of {', '.join(kinds)}; got {self.training_data}."
            )


@dataclass(frozen=True)
class Weighting:
    """Sec. 3.2: clips of these machines have silent ends, so their segments are weighted by high-passed power."""

    machines: tuple[str, ...] = ("ToyCar", "ToyTrain", "ToyDrone", "ToyNscale", "ToyTank", "Vacuum")


@dataclass(frozen=True)
class Autoencoder:
    """The official baseline (Harada 2023): 5 frames of 128 bands; Adam 1e-3, batches of 256, 100 epochs."""

    epochs: int = 100
    batch_size: int = 256
    learning_rate: float = 1e-3
    frames: int = 5
    # "mean residual" is what the official code computes: the mean over the products of all pairs of a clip's residuals.
    mahalanobis: Literal["mean residual", "each frame"] = "mean residual"

    def __post_init__(self) -> None:
        for name in ("epochs", "frames"):
            _at_least(1, f"autoencoder.{name}", getattr(self, name))
        _at_least(2, "autoencoder.batch_size", self.batch_size)  # batch normalisation needs two
        _positive("autoencoder.learning_rate", self.learning_rate)


@dataclass(frozen=True)
class SpectralStatistics:
    """Not in the paper: pooled frames of log-mel spectrograms, and the distance to the nearest training clip.

    Whole clips are pooled, because a mean over more time varies less. Every statistic is divided by its standard
    deviation, because decibels of level and of change are different units. One neighbour is used, because ten target
    clips rarely offer a second. A distance is divided by the distances around the training clip (local density),
    because source clips lie closer together; over four neighbours, because six target clips train.
    """

    statistics: tuple[str, ...] = ("mean", "std", "difference")  # and "rank"
    rank_decay: float = 0.99
    pooling: Literal["clip", "segment"] = "clip"
    standardise: bool = True
    neighbours: int = 1
    local_density: int = 4  # 0: off; fewer neighbours if fewer clips train

    def __post_init__(self) -> None:
        known = ("mean", "std", "difference", "rank")
        if (
            not self.statistics
            or not set(self.statistics) <= set(known)
            or len(set(self.statistics)) < len(self.statistics)
        ):
            raise RecipeError(
                f"spectral.statistics takes one or more of {', '.join(known)}, each once; got {self.statistics}."
            )
        if not 0 <= self.rank_decay <= 1:
            raise RecipeError(f"spectral.rank_decay must be 0 to 1; got {self.rank_decay}.")
        _at_least(1, "spectral.neighbours", self.neighbours)
        _at_least(0, "spectral.local_density", self.local_density)


@dataclass(frozen=True)
class Fit:
    """Not in the paper: what `asd fit` trains and joins by probes (docs/few_recordings.md)."""

    detectors: tuple[Literal["oe", "spectral"], ...] = ("oe", "spectral")
    probe_pieces: int = (
        5  # each fault at each level is mixed into so many held-out pieces, and three times so many in all
    )

    def __post_init__(self) -> None:
        if not self.detectors or len(set(self.detectors)) < len(self.detectors):
            raise RecipeError(f"fit.detectors takes one or both of oe, spectral, each once; got {self.detectors}.")
        if not 1 <= self.probe_pieces <= 1000:
            raise RecipeError(f"fit.probe_pieces must be 1 to 1000; got {self.probe_pieces}.")


@dataclass(frozen=True)
class SyntheticData:
    """The synthetic data that a run without data makes."""

    size: Literal["tiny", "quick", "full"] = "full"
    others: bool = True  # a second factory whose training clips only serve as pseudo-anomalies


@dataclass(frozen=True)
class Recipe:
    """Every setting of a run."""

    seed: int = 0
    threads: int = 2  # torch's threads in each training; another number may change the last bits of the scores
    audio: Audio = field(default_factory=Audio)
    segments: SegmentSettings = field(default_factory=SegmentSettings)
    log_mel: LogMelSettings = field(default_factory=LogMelSettings)
    high_pass: HighPassSettings = field(default_factory=HighPassSettings)
    split: Split = field(default_factory=Split)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    joint: Joint = field(default_factory=Joint)
    flow: Flow = field(default_factory=Flow)
    inlier: InlierModels = field(default_factory=InlierModels)
    weighting: Weighting = field(default_factory=Weighting)
    autoencoder: Autoencoder = field(default_factory=Autoencoder)
    spectral: SpectralStatistics = field(default_factory=SpectralStatistics)
    fit: Fit = field(default_factory=Fit)
    synthetic: SyntheticData = field(default_factory=SyntheticData)

    def __post_init__(self) -> None:
        _at_least(1, "threads", self.threads)
        if not 0 <= self.seed <= LARGEST_SEED:
            raise RecipeError(f"seed must be a whole number from 0 to {LARGEST_SEED}; got {self.seed}.")
        rates = {self.audio.sample_rate_hz, self.segments.sample_rate_hz, self.log_mel.sample_rate_hz}
        if len(rates) > 1:
            raise RecipeError(
                f"audio, segments and log_mel must have the same sample_rate_hz; got {sorted(rates)}. Set all three, "
                "with one --set each."
            )
