"""What a search for recordings finds besides recordings: a problem of a file."""

from dataclasses import dataclass
from typing import Literal

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
