"""The rows of the tables: from the scores of a machine's models to one score for each test clip.

`OE` is the ensemble of all inlier models, each standardised by its scores of the validation clips; it uses no labels
and no other test clips. `OE (n selected)` follows the paper: only the twenty inlier models with the best development
results, which requires test labels. OE-Flow, OE-DFlow and the submitted ensembles have both rows too.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asd_eval import (
    Interval,
    MachineMetrics,
    ScoreEnsemble,
    average_by_model,
    average_scores,
    bootstrap,
    evaluate_machine,
    official_score,
)
from asd_recipes.recipe.system_variants import (
    AUTOENCODER,
    FULL_GAUSSIAN,
    RANDOM_ENCODER,
    SPECTRAL_STATISTICS,
    SUBMITTED,
    VARIANTS,
)
from asd_recipes.scoring.candidate_table import CandidateTable

Float64Array = NDArray[np.float64]
ConventionName = Literal["within-domain", "official"]
CONVENTIONS: tuple[ConventionName, ...] = ("within-domain", "official")


@dataclass(frozen=True)
class SystemRow:
    """One row of the tables."""

    name: str
    paper_name: str | None  # the paper's row to print beside it; None if the paper has none
    uses_labels: bool = False

    @property
    def slug(self) -> str:
        """The name as a file name, such as `oe-20-selected`."""
        return self.name.lower().replace(" ", "-").replace("(", "").replace(")", "")


@dataclass(frozen=True)
class ClipScores:
    """Scores of one machine's validation and test clips by one system."""

    validation: Float64Array
    test: Float64Array


@dataclass(frozen=True)
class SystemResult:
    """One system's scores of each machine, and its metrics: for each convention, one entry per machine."""

    row: SystemRow
    scores: dict[str, ClipScores]
    metrics: dict[ConventionName, list[MachineMetrics]]
    intervals: dict[
        ConventionName, Interval
    ]  # 95 % interval of the official score, by a stratified bootstrap of the test clips

    def official_score(self, convention: ConventionName) -> float:
        return official_score(self.metrics[convention])


Member = str
"""An inlier model such as `knn-4-source`, or the flow."""


def member_scores(tables: Sequence[CandidateTable]) -> dict[Member, ClipScores]:
    """Standardised scores of each model of a system on one machine.

    Args:
        tables: one for each attribute item of a domain-invariant system, whose scores are averaged (Sec. 4.1); other
            systems have one table.
    """
    parts = [(table.part("validation").columns, table.part("test").columns) for table in tables]
    ensembles = [ScoreEnsemble.fit(validation) for validation, _ in parts]
    validated, tested = (
        average_by_model([ensemble.standardise(part[kind]) for ensemble, part in zip(ensembles, parts, strict=True)])
        for kind in (0, 1)
    )
    return {name: ClipScores(validated[name], tested[name]) for name in validated}


def average(members: Sequence[ClipScores]) -> ClipScores:
    """Mean score of each clip."""
    return ClipScores(
        validation=average_scores([scores.validation for scores in members]),
        test=average_scores([scores.test for scores in members]),
    )


def selected_members(
    members: Mapping[str, Mapping[Member, ClipScores]], tests: Mapping[str, CandidateTable], count: int
) -> list[Member]:
    """The models with the best official score over all machines; needs test labels, as in the paper (Sec. 4.1)."""
    shared = [name for name in next(iter(members.values())) if all(name in models for models in members.values())]
    scores = {
        name: official_score(
            [machine_metrics(machine, tests[machine], models[name].test, "within-domain")
             for machine, models in members.items()]
        )
        for name in shared
    }  # fmt: skip
    return sorted(sorted(scores), key=lambda name: scores[name], reverse=True)[:count]


def machine_metrics(
    machine: str, test: CandidateTable, scores: Float64Array, convention: ConventionName
) -> MachineMetrics:
    """AUC of both domains and pAUC of one machine."""
    return evaluate_machine(machine, _anomalous([test]), scores, test.domains, convention=convention)


SystemTables = Mapping[str, Mapping[str, Sequence[CandidateTable]]]
"""Score tables by system and machine; a domain-invariant system has one for each attribute item."""


def evaluate_systems(
    tables: SystemTables, *, selected: int, diverged: Collection[tuple[str, str]] = ()
) -> list[SystemResult]:
    """All rows that have scores, in order.

    First come the rows without labels: the baselines, the systems, the submitted ensembles, and the systems that are
    not in the paper. Then come the ensembles with models selected by labels, as in the paper.

    Args:
        tables: score tables of every system that ran.
        selected: how many inlier models an ensemble keeps when labels select them; the rows `(n selected)`.
        diverged: (system, machine) pairs with a training that left no scores; a submitted ensemble with such a system
            has no scores for that machine either.
    """
    results = _baselines(tables.get(AUTOENCODER, {}))
    variants = [variant for variant in VARIANTS if tables.get(variant.slug)]
    by_variant = {
        variant.slug: {machine: member_scores(items) for machine, items in tables[variant.slug].items()}
        for variant in variants
    }
    tests = {machine: items[0].part("test") for variant in variants for machine, items in tables[variant.slug].items()}
    plain: dict[str, dict[str, ClipScores]] = {}
    chosen: dict[str, dict[str, ClipScores]] = {}
    counts: dict[str, int] = {}
    for variant in variants:
        members = by_variant[variant.slug]
        plain[variant.slug] = {machine: average(list(models.values())) for machine, models in members.items()}
        chosen[variant.slug] = plain[variant.slug]
        if variant.inlier_models:
            kept = selected_members(members, tests, selected)
            counts[variant.slug] = len(kept)
            chosen[variant.slug] = {
                machine: average([models[name] for name in kept]) for machine, models in members.items()
            }
    for systems, labels in ((plain, False), (chosen, True)):
        for variant in variants:
            if not labels or variant.inlier_models:
                suffix = f" ({counts[variant.slug]} selected)" if labels else ""
                row = SystemRow(variant.name + suffix, variant.name, uses_labels=labels)
                results.append(_evaluated(row, tests, systems[variant.slug]))
        for name, parts in SUBMITTED.items():
            if all(part in systems for part in parts):
                row = SystemRow(name + (" (selected)" if labels else ""), name, uses_labels=labels)
                ensembles = submitted([systems[part] for part in parts])
                lost = {machine for system, machine in diverged if system in parts}
                if kept_machines := {name: scores for name, scores in ensembles.items() if name not in lost}:
                    results.append(_evaluated(row, tests, kept_machines))
        results += [] if labels else _not_in_the_paper(tables)
    return results


def _not_in_the_paper(tables: SystemTables) -> list[SystemResult]:
    """Three detectors that train no network."""
    results = []
    names = {
        SPECTRAL_STATISTICS: "Spectral statistics",
        RANDOM_ENCODER.slug: RANDOM_ENCODER.name,
        FULL_GAUSSIAN: "Full Gaussian",
    }
    for slug, name in names.items():
        if by_machine := tables.get(slug):
            scores = {machine: average(list(member_scores(items).values())) for machine, items in by_machine.items()}
            tests = {machine: items[0].part("test") for machine, items in by_machine.items()}
            results.append(_evaluated(SystemRow(f"{name} (not in the paper)", None), tests, scores))
    return results


def submitted(systems: Sequence[Mapping[str, ClipScores]]) -> dict[str, ClipScores]:
    """Mean of several systems' standardised scores on each machine, over the systems that have scores there."""
    machines = {machine: None for scores in systems for machine in scores}
    return {machine: _joined([scores[machine] for scores in systems if machine in scores]) for machine in machines}


def _joined(systems: Sequence[ClipScores]) -> ClipScores:
    validation = {str(number): scores.validation for number, scores in enumerate(systems)}
    test = {str(number): scores.test for number, scores in enumerate(systems)}
    ensemble = ScoreEnsemble.fit(validation)
    return ClipScores(ensemble.score(validation), ensemble.score(test))


def _baselines(tables: Mapping[str, Sequence[CandidateTable]]) -> list[SystemResult]:
    """Both scores of the autoencoder."""
    results = []
    for name, column in (("Baseline (MSE)", "mse"), ("Baseline (Mahalanobis)", "mahalanobis")):
        if tables:
            scores = {
                machine: ClipScores(table.part("validation").columns[column], table.part("test").columns[column])
                for machine, (table,) in tables.items()
            }
            tests = {machine: table.part("test") for machine, (table,) in tables.items()}
            results.append(_evaluated(SystemRow(name, name), tests, scores))
    return results


def _evaluated(row: SystemRow, tests: Mapping[str, CandidateTable], scores: dict[str, ClipScores]) -> SystemResult:
    parts = {machine: tests[machine] for machine in scores}
    metrics = {
        convention: [
            machine_metrics(machine, part, scores[machine].test, convention) for machine, part in parts.items()
        ]
        for convention in CONVENTIONS
    }
    return SystemResult(row, scores, metrics, _intervals(parts, scores))


def _intervals(test: Mapping[str, CandidateTable], scores: Mapping[str, ClipScores]) -> dict[ConventionName, Interval]:
    machines = [machine for machine, part in test.items() for _ in part.files]
    domains = [domain for part in test.values() for domain in part.domains]
    values = np.concatenate([scores[machine].test for machine in test])
    intervals = {}
    for convention in CONVENTIONS:
        score = bootstrap(_anomalous(test.values()), values, domains, machines, convention=convention).official_score
        assert score is not None, "without both labels in both domains, the machine's metrics would have raised"
        intervals[convention] = score
    return intervals


def _anomalous(parts: Iterable[CandidateTable]) -> NDArray[np.int64]:
    """1 for anomalous, 0 for normal clips."""
    return np.array([int(label == "anomaly") for part in parts for label in part.labels], np.int64)
