"""What `asd data check` reports: counts, findings, and both as text and as JSON."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from asd_recipes.counted import counted
from asd_recipes.dataset.clip import Problem
from asd_recipes.file_names import printable

# Of one kind; a data set of two-channel clips would otherwise fill a thousand lines with one fact. JSON has them all.
_SHOWN_OF_A_KIND = 10


@dataclass(frozen=True)
class CountLine:
    """How many clips there are of one kind, how long they are, and their median level."""

    machine: str
    section: str
    split: str
    domain: str
    label: str
    attributes: str
    clips: int
    seconds: float
    level_db: float | None  # of those that hold sound; dB relative to full scale


@dataclass(frozen=True)
class DataReport:
    """Counts and findings of a data set.

    Attributes:
        counts: by attributes as well.
        totals: by machine, section, split, domain and label; `attributes` says how many values each item has.
        plain: whether the folder has no layout, so that nothing is known of sections, splits, domains and labels.
    """

    root: str
    counts: list[CountLine]
    totals: list[CountLine]
    problems: list[Problem]
    plain: bool = False

    @property
    def errors(self) -> int:
        """How many findings spoil a result or lose a recording."""
        return sum(problem.severity == "error" for problem in self.problems)

    @property
    def warnings(self) -> int:
        """How many findings a run can live with."""
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
        """Findings for people, errors first; kinds with many are cut short. With each the problem that it is about."""
        kinds: dict[tuple[str, str], list[Problem]] = defaultdict(list)
        for problem in self.problems:
            kinds[problem.severity, problem.kind].append(problem)
        for (severity, kind), found in sorted(kinds.items()):
            for problem in found[:_SHOWN_OF_A_KIND]:
                yield problem, printable(f"{severity}: {kind}: {problem.file}: {problem.reason}")
            if len(found) > _SHOWN_OF_A_KIND:
                yield found[0], f"{severity}: {kind}: {len(found) - _SHOWN_OF_A_KIND} more; --json lists all"
        clips = counted(sum(line.clips for line in self.totals), "recording" if self.plain else "clip")
        both = f" ({counted(self.errors, 'error')}, {counted(self.warnings, 'warning')})" if self.problems else ""
        yield None, f"{clips}, {counted(len(self.problems), 'finding')}{both}"
