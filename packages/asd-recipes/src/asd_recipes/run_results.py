"""Last stage of a run: from the scores that its systems left to metrics and submission files."""

import shutil
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from asd_eval import decide, write_submission
from asd_recipes.recipe import Recipe
from asd_recipes.run_store import RunStore, write_json
from asd_recipes.score_table import ScoreTable, read_score_table
from asd_recipes.systems import SystemResult, evaluate_systems

DECISION_QUANTILE = 0.9
"""Of the scores of normal clips that trained nothing; the official baseline's quantile."""


def evaluate_run(
    store: RunStore, recipe: Recipe, machines: Sequence[str], systems: Sequence[str], *, synthetic: bool
) -> list[SystemResult]:
    """Metrics of every system that has scores; writes `metrics/` and `submissions/`."""
    tables = {system: _score_tables(store, machines, system) if system in systems else {} for system in _FOLDERS}
    results = evaluate_systems(tables["oe"], tables["autoencoder"], selected=recipe.inlier.selected)
    shutil.rmtree(store.root / "submissions", ignore_errors=True)  # of a call for other machines or systems
    for result in results:
        metrics: dict[str, Any] = {"synthetic": synthetic, "uses_labels": result.row.uses_labels}
        metrics |= {name: [asdict(item) for item in items] for name, items in result.metrics.items()}
        write_json(store.root / "metrics" / f"{result.row.slug}.json", metrics)
        source = tables["autoencoder" if result.row.name.startswith("Baseline") else "oe"]
        _write_submission(store, result, source)
    return results


_FOLDERS = ("autoencoder", "oe")


def _score_tables(store: RunStore, machines: Sequence[str], system: str) -> dict[str, ScoreTable]:
    paths = {machine: store.system(machine, system) / "candidates.csv" for machine in machines}
    return {machine: read_score_table(path) for machine, path in paths.items() if path.is_file()}


def _write_submission(store: RunStore, result: SystemResult, source: dict[str, ScoreTable]) -> None:
    for machine, scores in result.scores.items():
        threshold = float(np.quantile(scores.validation, DECISION_QUANTILE))
        write_submission(
            store.root / "submissions" / result.row.slug,
            source[machine].part("test").files,
            scores.test,
            machine=machine,
            decisions=decide(scores.test, threshold),
        )
