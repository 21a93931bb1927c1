"""Every metric of one section: its value, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from asd_eval.errors import ConventionError
from asd_eval.inputs.checked_columns import Int64Array
from asd_eval.inputs.score_table import ScoreTable
from asd_eval.metrics.conventions import Convention
from asd_eval.metrics.decisions import DECISION_METRICS, decision_metrics
from asd_eval.metrics.strata import Section, metric_from_counts, why_undefined


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


def section_result(
    table: ScoreTable, machine: str, section: str, rows: Int64Array, convention: Convention
) -> SectionResult:
    """The convention's metrics of some rows of a table, and precision, recall and F1 if it has decisions."""
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
    table: ScoreTable, machine: str, section: str, rows: Int64Array, convention: Convention
) -> list[MetricValue]:
    assert table.decisions is not None
    by_domain = any(len(metric.normal) == 1 for metric in convention.metrics)
    values: dict[str, list[MetricValue]] = {name: [] for name in DECISION_METRICS}
    for domain in ("source", "target") if by_domain else ("",):
        chosen = rows[table.domains[rows] == domain] if domain else rows
        suffix = f" ({domain})" if domain else ""
        found = decision_metrics(table.labels[chosen], table.decisions[chosen]) if len(chosen) else None
        reason = "" if found else f"no clips of the {domain} domain"
        for name, value in zip(DECISION_METRICS, ("precision", "recall", "f1"), strict=True):
            number = getattr(found, value) if found else None
            values[name].append(MetricValue(machine, section, name + suffix, number, reason))
    return [value for name in DECISION_METRICS for value in values[name]]
