"""What can be wrong with a recording: one exception a cause, all of them ValueError.

Each holds the file in `path`, and says which rule the file breaks and what to do about it. A file that is not there
raises FileNotFoundError, as everywhere in Python.
"""

from __future__ import annotations

from pathlib import Path


class AudioError(ValueError):
    """A recording that cannot be used as asked."""

    def __init__(self, path: Path, rule: str) -> None:
        # Both arguments go to the base class: only so does the error survive the way out of a worker process.
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
    """Another sample rate than asked for, and no leave to resample."""


class ChannelError(AudioError):
    """Several channels and no choice among them, or a channel that is not there."""
