"""The rows of the tables: from the scores of a machine's models to one score for each test clip.

`OE` is the ensemble of all inlier models, each standardised by its scores of normal training clips that trained
nothing; it uses no label and no other test clip. `OE (n selected)` follows the paper: of the thirty inlier models the
twenty with the best development results, which looks at test labels.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asd_eval import (
    Interval,
    MachineMetrics,
    ZScoreStandardiser,
    average_scores,
    bootstrap,
    evaluate_machine,
    official_score,
)
from asd_recipes.score_table import ScoreTable

Float64Array = NDArray[np.float64]
Convention = Literal["within-domain", "official"]
CONVENTIONS: tuple[Convention, ...] = ("within-domain", "official")


@dataclass(frozen=True)
class SystemRow:
    """One row of the tables."""

    name: str
    paper_name: str  # the row of the paper's tables to print beside it
    uses_labels: bool = False

    @property
    def slug(self) -> str:
        """The name as a file name: `oe-20-selected`."""
        return self.name.lower().replace(" ", "-").replace("(", "").replace(")", "")


@dataclass(frozen=True)
class ClipScores:
    """Scores of one machine's validation and test clips by one system."""

    validation: Float64Array
    test: Float64Array


@dataclass(frozen=True)
class SystemResult:
    """What one system says of each machine, and the metrics: for each convention, one entry a machine."""

    row: SystemRow
    scores: dict[str, ClipScores]
    metrics: dict[Convention, list[MachineMetrics]]
    intervals: dict[Convention, Interval]  # of the official score: 95 %, stratified bootstrap of the test clips

    def official_score(self, convention: Convention) -> float:
        return official_score(self.metrics[convention])


def ensemble(table: ScoreTable, members: Sequence[str] | None = None) -> ClipScores:
    """Mean of the models' scores, each standardised by its scores of the validation clips; of all models or some."""
    validation, test = table.part("validation").columns, table.part("test").columns
    names = list(members or table.columns)
    fitted = {name: ZScoreStandardiser().fit(validation[name]) for name in names}
    return ClipScores(
        validation=average_scores([fitted[name].transform(validation[name]) for name in names]),
        test=average_scores([fitted[name].transform(test[name]) for name in names]),
    )


def selected_members(tables: Mapping[str, ScoreTable], count: int) -> list[str]:
    """The models with the best official score over all machines; needs the test labels (the paper's way, Sec. 4.1)."""
    shared = [name for name in next(iter(tables.values())).columns if all(name in t.columns for t in tables.values())]
    scores = {
        name: official_score(
            [machine_metrics(machine, table.part("test"), table.part("test").columns[name], "within-domain")
             for machine, table in tables.items()]
        )
        for name in shared
    }  # fmt: skip
    return sorted(sorted(scores), key=lambda name: scores[name], reverse=True)[:count]


def machine_metrics(machine: str, test: ScoreTable, scores: Float64Array, convention: Convention) -> MachineMetrics:
    """AUC of both domains and pAUC of one machine."""
    return evaluate_machine(machine, _anomalous([test]), scores, test.domains, convention=convention)


def evaluate_systems(
    outlier_exposure: Mapping[str, ScoreTable], autoencoder: Mapping[str, ScoreTable], *, selected: int
) -> list[SystemResult]:
    """All rows for which there are scores, by machine."""
    results = []
    for name, column in (("Baseline (MSE)", "mse"), ("Baseline (Mahalanobis)", "mahalanobis")):
        if autoencoder:
            scores = {
                machine: ClipScores(table.part("validation").columns[column], table.part("test").columns[column])
                for machine, table in autoencoder.items()
            }
            results.append(_evaluated(SystemRow(name, name), autoencoder, scores))
    if outlier_exposure:
        scores = {machine: ensemble(table) for machine, table in outlier_exposure.items()}
        results.append(_evaluated(SystemRow("OE", "OE"), outlier_exposure, scores))
        members = selected_members(outlier_exposure, selected)
        row = SystemRow(f"OE ({len(members)} selected)", "OE", uses_labels=True)
        scores = {machine: ensemble(table, members) for machine, table in outlier_exposure.items()}
        results.append(_evaluated(row, outlier_exposure, scores))
    return results


def _evaluated(row: SystemRow, tables: Mapping[str, ScoreTable], scores: dict[str, ClipScores]) -> SystemResult:
    test = {machine: table.part("test") for machine, table in tables.items()}
    metrics = {
        convention: [machine_metrics(machine, part, scores[machine].test, convention) for machine, part in test.items()]
        for convention in CONVENTIONS
    }
    return SystemResult(row, scores, metrics, _intervals(test, scores))


def _intervals(test: Mapping[str, ScoreTable], scores: Mapping[str, ClipScores]) -> dict[Convention, Interval]:
    machines = [machine for machine, part in test.items() for _ in part.files]
    domains = [domain for part in test.values() for domain in part.domains]
    values = np.concatenate([scores[machine].test for machine in test])
    found = {}
    for convention in CONVENTIONS:
        score = bootstrap(_anomalous(test.values()), values, domains, machines, convention=convention).official_score
        assert score is not None, "every machine has clips of both labels in both domains, or its metrics had raised"
        found[convention] = score
    return found


def _anomalous(parts: Iterable[ScoreTable]) -> NDArray[np.int64]:
    """1 for anomalous, 0 for normal clips."""
    return np.array([int(label == "anomaly") for part in parts for label in part.labels], np.int64)
