"""The two results of a scan: a clip, which is one recording of a data set, and a problem of a file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from asd_recipes.dataset.clip_name import ClipName, Domain

AUDIO_SUFFIXES = (".wav", ".flac")

Severity = Literal["error", "warning"]

# Problems that a run can live with, or that may be intended; every other kind spoils a result or loses a recording.
_WARNINGS = (
    "not audio",
    "folder not used",
    "not listed",
    "no ground truth",
    "missing in a split",
    "clipped",
    "beyond full scale",
    "dropout",
    "level differs by domain",
)


class DatasetError(ValueError):
    """A folder or table that is not a data set, or lacks what a run needs."""


class NoDatasetError(DatasetError):
    """A folder that holds no machine type.

    Attributes:
        below: a data set in a folder below, which was probably meant; None if there is none.
    """

    def __init__(self, root: Path, below: Path | None) -> None:
        hint = f"Did you mean {below}?" if below else (
            "Expected <machine>/train/*.wav and <machine>/test/*.wav, a metadata.csv, or the path of a CSV file."
        )  # fmt: skip
        super().__init__(f"{root} holds no machine type. {hint}")
        self.below = below


@dataclass(frozen=True)
class Clip:
    """One recording of a data set.

    Attributes:
        folder: "train", "test" or, in 2025, "supplemental".
        listed_as: the path by which a table names it; empty if machine, folder and file name identify the clip.
    """

    machine: str
    folder: str
    path: Path
    name: ClipName
    listed_as: str = ""

    @property
    def key(self) -> str:
        """A name that is unique in the data set; file names repeat across machine types."""
        return f"{self.machine}/{self.folder}/{self.listed_as or self.path.name}"

    @property
    def training_domain(self) -> Domain:
        """The domain that it trains for: a training clip that names none is of the source domain."""
        return self.name.domain or "source"


@dataclass(frozen=True)
class Problem:
    """A finding about a file or a part of the data set: where it is, its kind, and the reason."""

    file: str
    kind: str
    reason: str

    @property
    def severity(self) -> Severity:
        """Whether a run can live with it."""
        return "warning" if self.kind in _WARNINGS else "error"
