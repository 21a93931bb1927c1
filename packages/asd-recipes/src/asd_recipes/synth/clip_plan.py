"""The list of clips of a data set: size, names, attributes, and for anomalous clips the fault and its severity."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Literal

from asd_recipes.dataset.dcase2023_facts import MACHINES, SAMPLE_RATE_HZ, SECTION
from asd_recipes.recipe.seeding import keyed_generator
from asd_recipes.synth.condition import Condition
from asd_recipes.synth.errors import SyntheticDataError
from asd_recipes.synth.joint_attributes import Attributes, draw_attributes
from asd_recipes.synth.machines import MODELS

SEVERITY = (0.25, 1.0)  # uniform: from inaudible even to a good listener, to obvious to anyone
Domain = Literal["source", "target"]
_NAMED = {"tiny": (12, 4, 3), "quick": (90, 10, 25), "full": (990, 10, 50)}


@dataclass(frozen=True)
class DatasetSize:
    """Clips per machine: normal training clips per domain, test clips per domain and label, which may be none."""

    source_train: int
    target_train: int
    test_per_class: int

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if isinstance(value, bool) or not isinstance(value, int):
                raise TypeError(f"{name} must be an int; got {value!r}.")
            least = 0 if name == "test_per_class" else 1
            if not least <= value <= 9999:
                raise ValueError(
                    f"{name} must lie in {least}..9999 (file names number clips with four digits); got {value}."
                )

    @classmethod
    def named(cls, name: str) -> DatasetSize:
        """tiny (12 + 4 train, 4 x 3 test), quick (90 + 10, 4 x 25) or full (990 + 10, 4 x 50: the real set's size)."""
        if name not in _NAMED:
            raise SyntheticDataError(f"name must be one of {', '.join(_NAMED)}; got {name!r}. Or build a DatasetSize.")
        return cls(*_NAMED[name])

    def training_only(self) -> DatasetSize:
        """The same training clips without test clips: for machines that only serve as pseudo-anomalies."""
        return replace(self, test_per_class=0)

    @property
    def splits(self) -> tuple[str, ...]:
        """The folders of a machine."""
        return ("train", "test") if self.test_per_class else ("train",)


@dataclass(frozen=True)
class PlannedClip:
    """One planned clip. fault is None and severity 0 for normal clips."""

    machine: str
    split: Literal["train", "test"]
    domain: Domain
    label: Literal["normal", "anomaly"]
    index: int
    attributes: Attributes
    fault: str | None
    severity: float

    @property
    def file_name(self) -> str:
        values = "_".join(f"{item}_{value}" for item, value in self.attributes)
        return f"section_{SECTION}_{self.domain}_{self.split}_{self.label}_{self.index:04d}_{values}.wav"

    @property
    def path(self) -> str:
        """Path below the root, with slashes, as attributes_00.csv writes it."""
        return f"{self.machine}/{self.split}/{self.file_name}"

    @property
    def samples(self) -> int:
        return clip_samples(self.machine)

    def condition(self, seed: int) -> Condition:
        """The clip's running condition; its random generator depends only on the clip."""
        rng = keyed_generator(seed, "clip", self.machine, self.split, self.domain, self.label, self.index)
        return Condition(seed, self.machine, self.attributes, self.fault, self.severity, self.samples, rng)


def clip_samples(machine: str) -> int:
    clip_s = MACHINES[machine].clip_s
    assert clip_s is not None, "development machines have a stated length"
    return round(clip_s * SAMPLE_RATE_HZ)


def plan_machine(machine: str, size: DatasetSize, seed: int) -> tuple[PlannedClip, ...]:
    """All clips of a machine in the order of attributes_00.csv: training first, source before target."""
    clips: list[PlannedClip] = []
    for domain, count in (("source", size.source_train), ("target", size.target_train)):
        clips.extend(_plan(machine, "train", domain, "normal", count, seed))  # type: ignore[arg-type]
    for domain in ("source", "target") if size.test_per_class else ():
        for label in ("normal", "anomaly"):
            clips.extend(_plan(machine, "test", domain, label, size.test_per_class, seed))  # type: ignore[arg-type]
    return tuple(clips)


def _plan(
    machine: str,
    split: Literal["train", "test"],
    domain: Domain,
    label: Literal["normal", "anomaly"],
    count: int,
    seed: int,
) -> list[PlannedClip]:
    rng = keyed_generator(seed, "plan", machine, split, domain, label)
    attributes = draw_attributes(machine, domain, count, test=split == "test", rng=rng)
    faults = MODELS[machine].faults
    offset = int(rng.integers(len(faults)))
    clips = []
    for index, pairs in enumerate(attributes):
        fault = faults[(index + offset) % len(faults)] if label == "anomaly" else None
        severity = float(rng.uniform(*SEVERITY)) if label == "anomaly" else 0.0
        clips.append(PlannedClip(machine, split, domain, label, index, pairs, fault, severity))
    return clips
