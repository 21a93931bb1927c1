"""Evaluate a system: every metric of a convention for every section of every machine, in one call."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from asd_eval.errors import ConventionError
from asd_eval.evaluation.formats import Cell, ResultGrid, as_csv, as_latex, as_markdown, as_text
from asd_eval.evaluation.section_result import MetricValue, SectionResult, section_result
from asd_eval.inputs.score_table import ScoreTable, table_or_columns
from asd_eval.metrics.conventions import Convention, find_convention
from asd_eval.metrics.means import mean_rows
from asd_eval.whole_file import write_text


@dataclass(frozen=True)
class Evaluation:
    """What ``evaluate`` found. ``print`` it for a table; ``to_csv`` and the others write one.

    If a metric is missing, every mean over it is missing too, unless ``skip_missing`` is set.
    """

    convention: Convention
    sections: tuple[SectionResult, ...]
    skip_missing: bool = False

    @property
    def machines(self) -> tuple[str, ...]:
        """Machine names in order of appearance."""
        return tuple(dict.fromkeys(section.machine for section in self.sections))

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics that each section has, decisions included."""
        return tuple(value.metric for value in self.sections[0].values)

    @property
    def missing(self) -> tuple[MetricValue, ...]:
        """Every metric that could not be computed, with its reason."""
        return tuple(value for section in self.sections for value in section.values if value.value is None)

    @property
    def official_score(self) -> float | None:
        """The convention's mean over all its ranked metrics of all sections and machines."""
        return self.mean()

    def machine_score(self, machine: str) -> float | None:
        """The same mean over the sections of one machine."""
        return self.mean(machine=machine)

    def mean(
        self,
        metrics: Sequence[str] | None = None,
        *,
        machine: str | None = None,
        kind: Literal["harmonic", "arithmetic"] | None = None,
    ) -> float | None:
        """A mean of metrics over sections; None if one is missing (see ``skip_missing``).

        Args:
            metrics: names; the convention's ranked ones if not given.
            machine: only this one; all if not given.
            kind: the convention's mean if not given.

        Raises:
            ConventionError: if a name is unknown.
        """
        names = [metric.name for metric in self.convention.ranked] if metrics is None else list(metrics)
        sections = [s for s in self.sections if machine is None or s.machine == machine]
        if not sections:
            raise ConventionError(f"no machine {machine!r}; there are {list(self.machines)}.")
        values = [section.value(name) for name in names for section in sections]
        present = [value for value in values if value is not None]
        if not present or (len(present) < len(values) and not self.skip_missing):
            return None
        return float(mean_rows(kind or self.convention.mean, np.array(present)))

    @property
    def notes(self) -> list[str]:
        """The convention in words, and each missing metric with its reason."""
        lines = [f"convention {self.convention.name}: {self.convention.says}"]
        for value in self.missing:
            where = " ".join(word for word in (value.machine, value.section) if word)
            lines.append(f"missing: {where} {value.metric}: {value.reason}".replace("  ", " "))
        if self.missing:
            lines.append(
                "means leave out what is missing" if self.skip_missing else "a mean over a missing metric is missing"
            )
        return lines

    def __str__(self) -> str:
        return as_text(self._grid())

    def to_csv(self, path: Path | str | None = None) -> str:
        """One row per section and mean, full precision; written to ``path`` if given."""
        return _written(as_csv(self._grid()), path)

    def to_json(self, path: Path | str | None = None) -> str:
        """Convention, sections, means, and missing metrics with their reasons; written to ``path`` if given."""
        return _written(json.dumps(self._record(), indent=2, allow_nan=False) + "\n", path)

    def to_markdown(self, path: Path | str | None = None) -> str:
        """A Markdown table in percent; written to ``path`` if given."""
        return _written(as_markdown(self._grid()), path)

    def to_latex(self, path: Path | str | None = None) -> str:
        """A LaTeX tabular in percent; written to ``path`` if given."""
        return _written(as_latex(self._grid()), path)

    def _grid(self) -> ResultGrid:
        """A row for each section, for each machine with several sections, and for all machines.

        The last column is the convention's mean over the ranked metrics of the row; in the last row it is the
        official score.
        """
        rows: list[list[Cell]] = []
        for machine in self.machines:
            sections = [s for s in self.sections if s.machine == machine]
            for section in sections:
                alone = replace(self, sections=(section,))
                rows.append([machine, section.section, *map(section.value, self.metrics), alone.mean()])
            if len(sections) > 1:
                means = [self.mean([metric], machine=machine) for metric in self.metrics]
                rows.append([machine, "mean", *means, self.machine_score(machine)])
        rows.append(["all", "mean", *(self.mean([metric]) for metric in self.metrics), self.official_score])
        header = ["machine", "section", *self.metrics, f"{self.convention.mean} mean"]
        return ResultGrid(header, rows, self.notes)

    def _record(self) -> dict[str, object]:
        """Fractions in full precision; a missing metric is null, with its reason under "missing"."""
        grid = self._grid()
        return {
            "convention": self.convention.name,
            "says": self.convention.says,
            "official_score": self.official_score,
            "rows": [dict(zip(grid.header, row, strict=True)) for row in grid.rows],
            "missing": [
                {"machine": v.machine, "section": v.section, "metric": v.metric, "reason": v.reason}
                for v in self.missing
            ],
        }


def _written(text: str, path: Path | str | None) -> str:
    if path is not None:
        write_text(path, text)
    return text


def evaluate(
    labels: ArrayLike | ScoreTable | Mapping[str, Any],
    scores: ArrayLike | None = None,
    domains: ArrayLike | None = None,
    machines: ArrayLike | None = None,
    sections: ArrayLike | None = None,
    *,
    decisions: ArrayLike | None = None,
    convention: str | int = "official",
    skip_missing: bool = False,
) -> Evaluation:
    """Every metric of a convention, for every section of every machine.

    Args:
        labels: (N,) 0 normal, 1 anomaly; or a whole table (a ``ScoreTable``, a mapping of columns or a data frame
            with "label", "score" and, if the data have them, "domain", "machine", "section", "decision").
        scores: (N,) anomaly scores, higher is more anomalous.
        domains: (N,) "source" or "target".
        machines, sections: (N,) words, or one word for all clips.
        decisions: (N,) 0 or 1, for precision, recall and F1.
        convention: name or year, see ``find_convention``.
        skip_missing: means leave out missing metrics, instead of being missing themselves.

    Raises:
        EvaluationError: if a column is invalid.
    """
    chosen = find_convention(convention)
    table = table_or_columns(labels, scores, domains, machines, sections, decisions)
    results = [section_result(table, machine, section, rows, chosen) for machine, section, rows in table.by_section()]
    return Evaluation(chosen, tuple(results), skip_missing)
