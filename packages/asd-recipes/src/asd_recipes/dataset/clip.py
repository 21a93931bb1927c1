"""A clip: one recording of a data set."""

from dataclasses import dataclass
from pathlib import Path

from asd_recipes.dataset.clip_name import ClipName, Domain


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
