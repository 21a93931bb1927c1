"""What is wrong with a folder that should be a model."""

from pathlib import Path


class BundleError(ValueError):
    """A folder that is not a model, or a damaged, altered or newer one.

    Attributes:
        path: the folder or the file in it.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
