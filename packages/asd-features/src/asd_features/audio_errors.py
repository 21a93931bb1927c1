"""What can be wrong with a recording: one exception for each cause, all of them ValueError.

Each has the file in `path`, and says which rule the file breaks and what to do about it. A missing file raises
FileNotFoundError, as everywhere in Python.
"""

from __future__ import annotations

from pathlib import Path


class AudioError(ValueError):
    """A recording that cannot be used as asked."""

    def __init__(self, path: Path, rule: str) -> None:
        # Both arguments go to the base class: otherwise the error could not be sent from a worker process.
        super().__init__(path, rule)
        self.path = path
        self.rule = rule

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
