"""How sure a system's numbers are: stratified bootstrap of every metric and of the score that ranks systems.

Clips are drawn with replacement within each machine, section, domain and label, because a test set has fixed numbers of
normal and anomalous clips of each domain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from asd_eval.errors import UndefinedMetricError
from asd_eval.inputs.checked_columns import Float64Array
from asd_eval.inputs.score_table import ScoreTable, table_or_columns
from asd_eval.intervals.interval import Interval, LeftOut, Statistic, bootstrap_interval, check_resampling
from asd_eval.intervals.resampling import bootstrap_counts, jackknife_counts, metric_rows
from asd_eval.metrics.conventions import Convention, Metric, find_convention
from asd_eval.metrics.means import mean_rows
from asd_eval.metrics.strata import Section, metric_from_counts, why_undefined


@dataclass(frozen=True)
class MetricInterval:
    """One metric of one section; ``interval`` is None where the clips do not define it, and ``reason`` says why."""

    machine: str
    section: str
    metric: str
    interval: Interval | None
    reason: str = ""


@dataclass(frozen=True)
class Intervals:
    """What ``bootstrap`` found.

    Attributes:
        metrics: every metric of every section.
        machines: the convention's mean of each machine; None where one of its metrics is missing.
        official_score: the mean over all of them, None where one is missing.
    """

    convention: Convention
    metrics: tuple[MetricInterval, ...]
    machines: tuple[tuple[str, Interval | None], ...]
    official_score: Interval | None

    def __str__(self) -> str:
        lines = [f"convention {self.convention.name}: {self.convention.says}"]
        for found in self.metrics:
            where = " ".join(word for word in (found.machine, found.section, found.metric) if word)
            lines.append(f"{where}: {found.interval or 'missing, ' + found.reason}")
        lines += [f"{machine}: {interval or 'missing'}" for machine, interval in self.machines]
        return "\n".join([*lines, f"official score: {self.official_score or 'missing'}"])


@dataclass(frozen=True, eq=False)
class ResampledSections:
    """Metrics of K systems, section after section: the M metrics that the clips define.

    Attributes:
        keys: machine, section and metric of each of the M.
        estimate: (K, M); ``resampled`` (K, M, R).
        left_out: an entry for each stratum of each section.
        missing: the metrics that their sections do not define.
    """

    convention: Convention
    keys: tuple[tuple[str, str, Metric], ...]
    estimate: Float64Array
    resampled: Float64Array
    left_out: tuple[LeftOut, ...]
    missing: tuple[MetricInterval, ...]

    def ranked(self, machine: str | None = None) -> list[int] | None:
        """Indices of the metrics behind the score of a machine, or of all machines; None if one is missing."""
        names = {metric.name for metric in self.convention.ranked}
        if any(found.metric in names and machine in (None, found.machine) for found in self.missing):
            return None
        return [i for i, (name, _, metric) in enumerate(self.keys) if metric.ranked and machine in (None, name)]


def bootstrap(
    labels: ArrayLike | ScoreTable | Mapping[str, Any],
    scores: ArrayLike | None = None,
    domains: ArrayLike | None = None,
    machines: ArrayLike | None = None,
    sections: ArrayLike | None = None,
    *,
    convention: str | int = "official",
    resamples: int = 10_000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Intervals:
    """Intervals of every metric of a convention, of each machine's mean and of the official score.

    Args:
        labels, scores, domains, machines, sections: columns or a table, as for ``evaluate``.
        convention: name or year.
        resamples: at least 100.
        confidence: in (0, 1).
        seed: the same seed gives the same intervals.

    Raises:
        EvaluationError: if an argument is invalid.
    """
    table = table_or_columns(labels, scores, domains, machines, sections)
    check_resampling(resamples=resamples, confidence=confidence, seed=seed)
    chosen = find_convention(convention)
    clips = [
        (machine, section, Section.from_scores(table.labels[rows], table.domains[rows], [table.scores[rows]]))
        for machine, section, rows in table.by_section()
    ]
    found = resample_sections(clips, chosen, resamples=resamples, seed=seed)

    def interval(statistic: Statistic) -> Interval:
        return bootstrap_interval(statistic, found.estimate, found.resampled, found.left_out, confidence=confidence)

    metrics = [
        MetricInterval(machine, section, metric.name, interval(lambda x, i=i: x[0, i]))  # type: ignore[misc]
        for i, (machine, section, metric) in enumerate(found.keys)
    ]
    means = []
    for machine in (*dict.fromkeys(table.machines.tolist()), None):
        which = found.ranked(machine)
        mean = interval(lambda x, w=which: mean_rows(chosen.mean, x[0, w])) if which else None  # type: ignore[misc]
        means.append((machine or "", mean))
    return Intervals(chosen, (*metrics, *found.missing), tuple(means[:-1]), means[-1][1])


def bootstrap_auc(
    labels: ArrayLike, scores: ArrayLike, *, resamples: int = 10_000, confidence: float = 0.95, seed: int = 0
) -> tuple[Interval, Interval]:
    """Intervals of the AUC and of the pAUC (p = 0.1) of one set of clips, resampled within normal and anomalous.

    Raises:
        UndefinedMetricError: if a class is missing.
        EvaluationError: if an argument is invalid.
    """
    found = bootstrap(labels, scores, convention="dcase2020", resamples=resamples, confidence=confidence, seed=seed)
    auc, pauc = (metric.interval for metric in found.metrics)
    if auc is None or pauc is None:
        raise UndefinedMetricError(f"{found.metrics[0].reason}: an AUC needs both classes.")
    return auc, pauc


def resample_sections(
    sections: Sequence[tuple[str, str, Section]], convention: Convention, *, resamples: int, seed: int
) -> ResampledSections:
    """Metrics, resampled metrics and leave-one-out metrics of sections with one or more systems."""
    keys: list[tuple[str, str, Metric]] = []
    missing: list[MetricInterval] = []
    left_out: list[LeftOut] = []
    estimates, resampled = [], []
    for number, (machine, name, section) in enumerate(sections):
        reasons = {metric: why_undefined(metric, section.strata) for metric in convention.metrics}
        missing += [MetricInterval(machine, name, m.name, None, reason) for m, reason in reasons.items() if reason]
        metrics = [metric for metric, reason in reasons.items() if not reason]
        if not metrics:
            continue
        left_out += _left_out(section, metrics, slice(len(keys), len(keys) + len(metrics)))
        keys += [(machine, name, metric) for metric in metrics]
        systems = range(len(section.positions))
        estimates.append(
            np.array([[metric_from_counts(m, section.strata, section.counts(k)) for m in metrics] for k in systems])
        )
        rng = np.random.default_rng([seed, number])
        resampled.append(metric_rows(metrics, section.strata, bootstrap_counts(section, resamples, rng)))
    empty = np.zeros((1, 0, resamples))
    return ResampledSections(
        convention,
        tuple(keys),
        np.concatenate(estimates, axis=1) if estimates else empty[:, :, 0],
        np.concatenate(resampled, axis=1) if resampled else empty,
        tuple(left_out),
        tuple(missing),
    )


def _left_out(section: Section, metrics: Sequence[Metric], place: slice) -> Iterator[LeftOut]:
    for stratum in section.strata:
        if len(stratum.clips) == 1:
            continue  # without its only clip the class is empty; in the resamples it does not vary either
        counts = jackknife_counts(section, stratum)
        clips = counts[0][section.strata.index(stratum)].shape[0]
        rows = [
            [np.broadcast_to(metric_from_counts(m, section.strata, of_system), (clips,)) for m in metrics]
            for of_system in counts
        ]
        yield LeftOut(place, np.array(rows), len(stratum.clips))
