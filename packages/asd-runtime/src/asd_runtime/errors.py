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


class RecordingError(ValueError):
    """A recording that gets no score, for something is wrong with it; that says nothing about the machine.

    Attributes:
        fault: what is wrong and what to do, as `asd score` prints it.
        path: the recording; None for samples that came from no file.
    """

    def __init__(self, fault: str, path: Path | None = None) -> None:
        super().__init__(fault if path is None else f"{path}: {fault}")
        self.fault, self.path = fault, path


class UnscorableError(RuntimeError):
    """A number on the way from a recording to its score is infinite or NaN."""


class StreamError(ValueError):
    """A model that cannot score a stream, or a stream that has ended."""
