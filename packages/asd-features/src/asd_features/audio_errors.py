"""What can be wrong with a recording: one exception for each cause, all of them ValueError.

Each has the file in `path`, and says which rule the file breaks and what to do about it. A missing file raises
FileNotFoundError, as everywhere in Python.
"""

from __future__ import annotations

from pathlib import Path


class AudioError(ValueError):
    """A recording that cannot be used as asked.

    Attributes:
        path: the file.
        fact: what it is, and what it should be.
        way_out: arguments of the Python call that would take it; empty if there are none.
        rule: both.
    """

    def __init__(self, path: Path, fact: str, way_out: str = "") -> None:
        # All arguments go to the base class: otherwise the error could not be sent from a worker process.
        super().__init__(path, fact, way_out)
        self.path = path
        self.fact = fact
        self.way_out = way_out
        self.rule = f"{fact} {way_out}".strip()

    def __str__(self) -> str:
        return f"{self.path}: {self.rule}"


class UnreadableAudioError(AudioError):
    """Not a wav or flac file, or one whose header makes no sense."""


class TruncatedAudioError(AudioError):
    """The header declares more samples than the file holds."""


class EmptyAudioError(AudioError):
    """No samples at all."""


class NonFiniteAudioError(AudioError):
    """A floating-point file that holds NaN or infinity."""


class SampleRateError(AudioError):
    """Not the wanted sample rate, and resampling is not allowed."""


class ChannelError(AudioError):
    """Several channels and no choice among them, or a channel that does not exist."""
