"""Evaluate a system: every metric of a convention for every section of every machine, in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from .conventions import Convention, find_convention
from .decisions import DECISION_METRICS, decision_metrics
from .errors import ConventionError
from .means import arithmetic_mean, harmonic_mean
from .score_table import ScoreTable, table_or_columns
from .strata import Section, metric_from_counts, why_undefined


@dataclass(frozen=True)
class MetricValue:
    """One metric of one section; ``value`` is None where the clips do not define it, and ``reason`` says why."""

    machine: str
    section: str
    metric: str
    value: float | None
    reason: str = ""


@dataclass(frozen=True)
class SectionResult:
    """All metrics of one section of one machine."""

    machine: str
    section: str
    clips: int
    values: tuple[MetricValue, ...]

    def value(self, metric: str) -> float | None:
        """The value of a metric, None if it is missing.

        Raises:
            ConventionError: if the convention has no such metric.
        """
        for found in self.values:
            if found.metric == metric:
                return found.value
        raise ConventionError(f"no metric {metric!r}; there are {[found.metric for found in self.values]}.")


@dataclass(frozen=True)
class Evaluation:
    """What ``evaluate`` found. ``print`` it for a table; ``to_csv`` and its like write one.

    A mean over metrics of which one is missing is missing too, unless ``skip_missing`` was asked for.
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
            machine: of this machine alone.
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
        return harmonic_mean(present) if (kind or self.convention.mean) == "harmonic" else arithmetic_mean(present)

    def __str__(self) -> str:
        from .result_formats import as_text

        return as_text(self)

    def to_csv(self, path: Path | str | None = None) -> str:
        """One row per section and mean, full precision; written to ``path`` if given."""
        from .result_formats import as_csv, written

        return written(as_csv(self), path)

    def to_json(self, path: Path | str | None = None) -> str:
        """Convention, sections, means, and missing metrics with their reasons; written to ``path`` if given."""
        from .result_formats import as_json, written

        return written(as_json(self), path)

    def to_markdown(self, path: Path | str | None = None) -> str:
        """A Markdown table in percent; written to ``path`` if given."""
        from .result_formats import as_markdown, written

        return written(as_markdown(self), path)

    def to_latex(self, path: Path | str | None = None) -> str:
        """A LaTeX tabular in percent; written to ``path`` if given."""
        from .result_formats import as_latex, written

        return written(as_latex(self), path)


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
            with "label", "score" and, where there are such, "domain", "machine", "section", "decision").
        scores: (N,) anomaly scores, higher is more anomalous.
        domains: (N,) "source" or "target".
        machines, sections: (N,) words, or one word for all clips.
        decisions: (N,) 0 or 1, for precision, recall and F1.
        convention: name or year, see ``find_convention``.
        skip_missing: let means leave out metrics that are missing, instead of being missing themselves.

    Raises:
        EvaluationError: if a column is not what it should be.
    """
    chosen = find_convention(convention)
    table = table_or_columns(labels, scores, domains, machines, sections, decisions)
    results = [_section_result(table, machine, section, rows, chosen) for machine, section, rows in table.by_section()]
    return Evaluation(chosen, tuple(results), skip_missing)


def _section_result(
    table: ScoreTable, machine: str, section: str, rows: np.ndarray[Any, Any], convention: Convention
) -> SectionResult:
    clips = Section.from_scores(table.labels[rows], table.domains[rows], [table.scores[rows]])
    counts = clips.counts()
    values = []
    for metric in convention.metrics:
        reason = why_undefined(metric, clips.strata)
        value = None if reason else float(metric_from_counts(metric, clips.strata, counts))
        values.append(MetricValue(machine, section, metric.name, value, reason))
    if table.decisions is not None:
        values.extend(_decision_values(table, machine, section, rows, convention))
    return SectionResult(machine, section, len(rows), tuple(values))


def _decision_values(
    table: ScoreTable, machine: str, section: str, rows: np.ndarray[Any, Any], convention: Convention
) -> list[MetricValue]:
    assert table.decisions is not None
    by_domain = any(len(metric.normal) == 1 for metric in convention.metrics)
    values: dict[str, list[MetricValue]] = {name: [] for name in DECISION_METRICS}
    for domain in ("source", "target") if by_domain else ("",):
        of = rows[table.domains[rows] == domain] if domain else rows
        suffix = f" ({domain})" if domain else ""
        found = decision_metrics(table.labels[of], table.decisions[of]) if len(of) else None
        reason = "" if found else f"no clips of the {domain} domain"
        for name, value in zip(DECISION_METRICS, ("precision", "recall", "f1"), strict=True):
            number = getattr(found, value) if found else None
            values[name].append(MetricValue(machine, section, name + suffix, number, reason))
    return [value for name in DECISION_METRICS for value in values[name]]
