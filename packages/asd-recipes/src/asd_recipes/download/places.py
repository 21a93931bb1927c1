"""The paths of a download, in the layout of the official baselines.

<root>/dev_data/raw/<machine>/{train,test}/     the development set; what `--data` takes
<root>/eval_data/raw/<machine>/{train,test}/    additional training set (train) and evaluation set (test)
<root>/zips/                                    zip files kept, or placed by hand (<root>/ itself is looked at too)
<root>/download.json                            the manifest
<root>/.download/                               what is not finished
"""

from dataclasses import dataclass
from pathlib import Path

RAW_FOLDERS = {"dev": "dev_data/raw", "additional": "eval_data/raw", "eval": "eval_data/raw"}


@dataclass(frozen=True)
class Places:
    """The paths of one data set."""

    root: Path

    @property
    def work(self) -> Path:
        return self.root / ".download"

    @property
    def manifest(self) -> Path:
        return self.root / "download.json"

    def part(self, name: str) -> Path:
        """The part of a zip file that is received so far."""
        return self.work / f"{name}.part"

    def fetched(self, name: str) -> Path:
        """A zip file that is received whole."""
        return self.work / name

    def kept(self, name: str) -> Path:
        return self.root / "zips" / name

    def placed(self, name: str) -> Path | None:
        """A zip file that the user placed or kept; None if there is none."""
        return next((path for path in (self.kept(name), self.root / name) if path.is_file()), None)

    def unpacked(self, name: str) -> Path:
        """Where a zip file is unpacked, before its files are renamed into place."""
        return self.work / f"{name}.unpacked"

    def receipt(self, name: str) -> Path:
        """The list of unpacked files; it exists only once all are unpacked."""
        return self.work / f"{name}.receipt.json"

    def raw(self, split: str) -> Path:
        return self.root / RAW_FOLDERS[split]
