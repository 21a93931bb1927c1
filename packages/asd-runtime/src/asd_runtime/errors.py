"""What goes wrong with a model, and with a recording on the way to its score."""

from pathlib import Path


class ModelError(ValueError):
    """A folder that is not a model, or a damaged, altered or newer one.

    Attributes:
        path: the folder or the file in it.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path


class UnscorableError(RuntimeError):
    """A number on the way from a recording to its score is infinite or NaN."""


class StreamError(ValueError):
    """A model that cannot score a stream, or a stream that has ended."""
