"""The report of `asd data check`: counts and findings, as text and as JSON."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from asd_runtime.counted import counted
from asd_runtime.file_names import printable
from asd_runtime.sound.problem import Problem

# Findings of one kind that are shown at most: two-channel clips could otherwise fill a thousand lines. JSON has all.
_SHOWN_OF_A_KIND = 10


@dataclass(frozen=True)
class CountLine:
    """The number of clips of one kind, their lengths, and their median level."""

    machine: str
    section: str
    split: str
    domain: str
    label: str
    attributes: str
    clips: int
    seconds: float
    level_db: float | None  # of the clips with sound, in dB relative to full scale


@dataclass(frozen=True)
class DataReport:
    """Counts and findings of a data set.

    Attributes:
        counts: by machine, section, split, domain, label and attributes.
        totals: as `counts`, but without attributes; `attributes` says how many values each item has.
        plain: whether the folder has no layout, so that sections, splits, domains and labels are unknown.
    """

    root: str
    counts: list[CountLine]
    totals: list[CountLine]
    problems: list[Problem]
    plain: bool = False

    @property
    def errors(self) -> int:
        """Number of findings that spoil a result or lose a recording."""
        return sum(problem.severity == "error" for problem in self.problems)

    @property
    def warnings(self) -> int:
        """Number of findings that a run can live with."""
        return len(self.problems) - self.errors

    def as_json(self) -> dict[str, Any]:
        """The report for a JSON file."""
        return {
            "root": self.root,
            "clips": sum(line.clips for line in self.totals),
            "errors": self.errors,
            "warnings": self.warnings,
            "problems": [{"severity": problem.severity, **asdict(problem)} for problem in self.problems],
            "totals": [asdict(line) for line in self.totals],
            "counts": [asdict(line) for line in self.counts],
        }

    def lines(self) -> Iterator[tuple[Problem | None, str]]:
        """(problem or None, line) for the user, errors first; only the first few findings of a kind are shown."""
        kinds: dict[tuple[str, str], list[Problem]] = defaultdict(list)
        for problem in self.problems:
            kinds[problem.severity, problem.kind].append(problem)
        for (severity, kind), problems in sorted(kinds.items()):
            for problem in problems[:_SHOWN_OF_A_KIND]:
                yield problem, printable(f"{severity}: {kind}: {problem.file}: {problem.reason}")
            if len(problems) > _SHOWN_OF_A_KIND:
                yield problems[0], f"{severity}: {kind}: {len(problems) - _SHOWN_OF_A_KIND} more; --json lists all"
        clips = counted(sum(line.clips for line in self.totals), "recording" if self.plain else "clip")
        both = f" ({counted(self.errors, 'error')}, {counted(self.warnings, 'warning')})" if self.problems else ""
        yield None, f"{clips}, {counted(len(self.problems), 'finding')}{both}"
