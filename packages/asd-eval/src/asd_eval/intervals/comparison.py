"""Whether one system is better than another on the same clips: paired bootstrap and permutation test.

Both systems score the same clips, and a clip that is hard for one is often hard for the other. Resampling clips keeps
this, which makes the interval of the difference far narrower than two separate intervals suggest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_eval.errors import EvaluationError, UndefinedMetricError
from asd_eval.inputs.checked_columns import Float64Array, Int64Array
from asd_eval.inputs.score_table import ScoreTable
from asd_eval.intervals.bootstrap import ResampledSections, resample_sections
from asd_eval.intervals.interval import Interval, Statistic, bootstrap_interval, check_resampling
from asd_eval.intervals.resampling import metric_rows, swap_counts
from asd_eval.metrics.conventions import Convention, find_convention
from asd_eval.metrics.means import mean_rows
from asd_eval.metrics.ranks import midranks
from asd_eval.metrics.strata import Section


@dataclass(frozen=True)
class Difference:
    """One metric (or mean) of two systems: both values, and first minus second with its interval.

    Attributes:
        p_value: two-sided, of the permutation test. NaN for single metrics, which are not tested: among many tests
            some always come out significant.
    """

    name: str
    first: float
    second: float
    difference: Interval
    p_value: float = float("nan")


@dataclass(frozen=True)
class Comparison:
    """What ``compare`` found.

    Attributes:
        official: the score that ranks systems, with its p-value.
        averages: each ranked metric's mean over all machines and sections.
        machines: each machine's mean.
        metrics: every metric of every section.
    """

    convention: Convention
    official: Difference
    averages: tuple[Difference, ...]
    machines: tuple[Difference, ...]
    metrics: tuple[Difference, ...]

    def __str__(self) -> str:
        rows = [*self.metrics, *self.machines, *self.averages, self.official]
        width = max(len(row.name) for row in rows)
        confidence = f"{100 * self.official.difference.confidence:g} %"
        lines = [f"{'percent'.ljust(width)}   first  second    diff  {confidence} interval"]
        for row in rows:
            low, high = 100 * row.difference.low, 100 * row.difference.high
            lines.append(
                f"{row.name.ljust(width)}  {100 * row.first:6.2f}  {100 * row.second:6.2f}  "
                f"{100 * row.difference.value:+6.2f}  [{low:+.2f}, {high:+.2f}]"
            )
        lines.append(f"permutation test of the official score: p = {self.official.p_value:.4g}")
        return "\n".join([*lines, f"convention {self.convention.name}: {self.convention.says}"])


def compare(
    first: ScoreTable | Mapping[str, Any],
    second: ScoreTable | Mapping[str, Any],
    *,
    convention: str | int = "official",
    resamples: int = 10_000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """The difference of two systems (first minus second) on the same clips.

    The permutation test swaps the two systems' scores of each clip at random. Each system has a scale of
    its own, so ranks within the section are swapped (Bandos 2005); metrics depend only on ranks.

    Args:
        first, second: tables as for ``evaluate``. With names they are joined by (machine, section, name); without,
            row for row, and labels and domains must agree.
        convention: name or year.
        resamples: of the bootstrap, and permutations of the test; at least 100.
        confidence: of the intervals.
        seed: the same seed gives the same comparison.

    Raises:
        EvaluationError: if the tables do not describe the same clips, or the clips do not define a metric.
    """
    check_resampling(resamples=resamples, confidence=confidence, seed=seed)
    chosen = find_convention(convention)
    a = ScoreTable.from_table(first)
    b_scores = _aligned_scores(a, ScoreTable.from_table(second))
    ranked = [(machine, name, _rank_section(a, b_scores, rows)) for machine, name, rows in a.by_section()]
    found = resample_sections(ranked, chosen, resamples=resamples, seed=seed)
    if found.missing:
        m = found.missing[0]
        raise UndefinedMetricError(f"{m.machine} {m.section} {m.metric}: {m.reason}; compare needs every metric.")

    def difference(name: str, score: Statistic) -> Difference:
        interval = bootstrap_interval(
            lambda x: score(x[0]) - score(x[1]),
            found.estimate, found.resampled, found.left_out, confidence=confidence,
        )  # fmt: skip
        values = [float(score(system[:, None])[0]) for system in found.estimate]
        return Difference(name, values[0], values[1], interval)

    metrics = [
        difference(" ".join(w for w in (machine, section, metric.name) if w), lambda x, i=i: x[i])  # type: ignore[misc]
        for i, (machine, section, metric) in enumerate(found.keys)
    ]
    machines = [
        difference(f"{machine} mean".strip(), _mean_of(found, machine))
        for machine in dict.fromkeys(a.machines.tolist())
    ]
    averages = [difference(f"{metric.name} mean", _mean_of_metric(found, metric.name)) for metric in chosen.ranked]
    official = difference("official score", _mean_of(found, None))
    p_value = _permutation_p_value(ranked, found, permutations=resamples, seed=seed)
    official = Difference(official.name, official.first, official.second, official.difference, p_value)
    return Comparison(chosen, official, tuple(averages), tuple(machines), tuple(metrics))


def _mean_of(found: ResampledSections, machine: str | None) -> Statistic:
    which = found.ranked(machine)
    return lambda metrics: mean_rows(found.convention.mean, metrics[which])


def _mean_of_metric(found: ResampledSections, name: str) -> Statistic:
    which = [place for place, (_, _, metric) in enumerate(found.keys) if metric.name == name]
    return lambda metrics: mean_rows(found.convention.mean, metrics[which])


def _permutation_p_value(
    sections: list[tuple[str, str, Section]], found: ResampledSections, *, permutations: int, seed: int
) -> float:
    metrics = found.convention.metrics
    rows = [
        # A seed of its own: the permutations must not repeat the draws of the resamples.
        metric_rows(
            metrics, section.strata, swap_counts(section, permutations, np.random.default_rng([seed, 1, number]))
        )
        for number, (_, _, section) in enumerate(sections)
    ]
    score = _mean_of(found, None)
    permuted = np.concatenate(rows, axis=1)
    swapped = score(permuted[0]) - score(permuted[1])
    observed = float((score(found.estimate[0][:, None]) - score(found.estimate[1][:, None]))[0])
    # Differences that differ only by rounding count as equal.
    extreme = int(np.sum(np.abs(swapped) >= abs(observed) - 1e-12))
    return (extreme + 1) / (permutations + 1)


def _rank_section(a: ScoreTable, b_scores: Float64Array, rows: Int64Array) -> Section:
    scores = [midranks(a.scores[rows]), midranks(b_scores[rows])]
    return Section.from_scores(a.labels[rows], a.domains[rows], scores)


def _aligned_scores(a: ScoreTable, b: ScoreTable) -> Float64Array:
    if len(a.scores) != len(b.scores):
        raise EvaluationError(
            f"the systems score {len(a.scores)} and {len(b.scores)} clips; compare needs the same clips from both."
        )
    order: NDArray[np.intp] = np.arange(len(a.scores))
    if a.names is not None and b.names is not None:
        place = {key: row for row, key in enumerate(_keys(b))}
        keys = _keys(a)
        if len(place) < len(b.scores) or len(set(keys)) < len(keys):
            raise EvaluationError("clip names repeat within a section; they cannot be paired.")
        strange = [key for key in keys if key not in place]
        if strange:
            raise EvaluationError(f"the second system has no score of {' '.join(strange[0])} ({len(strange)} missing).")
        order = np.array([place[key] for key in keys])
    for column in ("labels", "domains", "machines", "sections"):
        differ = np.flatnonzero(getattr(a, column) != getattr(b, column)[order])
        if differ.size:
            raise EvaluationError(
                f"row {differ[0]} has different {column} in the two tables; compare needs the same clips."
            )
    return b.scores[order]


def _keys(table: ScoreTable) -> list[tuple[str, str, str]]:
    assert table.names is not None
    return list(zip(table.machines.tolist(), table.sections.tolist(), table.names.tolist(), strict=True))
