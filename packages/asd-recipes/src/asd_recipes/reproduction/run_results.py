"""The last stage of a run: from the systems' scores to metrics and submission files."""

import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from asd_eval import decide, write_submission
from asd_eval.errors import ConventionError, RowError
from asd_recipes.recipe.settings import Recipe
from asd_recipes.reproduction.job import Job
from asd_recipes.reproduction.run_store import RunStore
from asd_recipes.reproduction.systems import SystemResult, evaluate_systems
from asd_recipes.scoring.candidate_table import CandidateTable, read_candidate_table
from asd_runtime.progress import Progress
from asd_runtime.whole_file import write_json

DECISION_QUANTILE = 0.9
"""Quantile of the validation clips' scores that sets the threshold, as in the official baseline."""


def evaluate_run(
    store: RunStore, recipe: Recipe, jobs: Sequence[Job], progress: Progress, *, synthetic: bool
) -> list[SystemResult]:
    """Metrics of every system that has scores; writes `metrics/` and `submissions/`.

    A machine whose name or clip names are not allowed in submission files gets none; `progress` says so.
    """
    tables = read_candidate_tables(store, jobs)
    tests = {machine: items[0].part("test") for machines in tables.values() for machine, items in machines.items()}
    results = evaluate_systems(tables, selected=recipe.inlier.selected, diverged=_diverged(store, jobs))
    for folder in ("metrics", "submissions"):
        shutil.rmtree(store.root / folder, ignore_errors=True)  # an earlier call may have had other machines or systems
    refused: dict[str, str] = {}
    for result in results:
        metrics: dict[str, Any] = {"synthetic": synthetic, "uses_labels": result.row.uses_labels}
        metrics |= {name: [asdict(item) for item in items] for name, items in result.metrics.items()}
        write_json(store.root / "metrics" / f"{result.row.slug}.json", metrics)
        refused |= _write_submission(store, result, tests)
    for machine, reason in refused.items():
        progress.say(f"no submission files for {machine}: the challenge rules do not allow its names: {reason}")
    return results


def read_candidate_tables(store: RunStore, jobs: Sequence[Job]) -> dict[str, dict[str, list[CandidateTable]]]:
    """Score tables by system and machine; if one training of a system diverged, its machine is missing there."""
    diverged = _diverged(store, jobs)
    tables: dict[str, dict[str, list[CandidateTable]]] = {}
    for job in jobs:
        if (job.system, job.machine) not in diverged:
            items = tables.setdefault(job.system, {}).setdefault(job.machine, [])
            items.append(read_candidate_table(_table_path(store, job)))
    return tables


def _diverged(store: RunStore, jobs: Sequence[Job]) -> set[tuple[str, str]]:
    """(system, machine) pairs with a training that left no scores."""
    return {(job.system, job.machine) for job in jobs if not _table_path(store, job).is_file()}


def _table_path(store: RunStore, job: Job) -> Path:
    return store.system(job.machine, job.folder) / "candidates.csv"


def _write_submission(store: RunStore, result: SystemResult, tests: dict[str, CandidateTable]) -> dict[str, str]:
    """Writes the files; returns the reason for each machine that has none."""
    refused = {}
    for machine, scores in result.scores.items():
        threshold = float(np.quantile(scores.validation, DECISION_QUANTILE))
        try:
            write_submission(
                store.root / "submissions" / result.row.slug,
                tests[machine].files,
                scores.test,
                machine=machine,
                decisions=decide(scores.test, threshold),
            )
        except (ConventionError, RowError) as error:
            # For example a folder, a comma or a bracket in a name from another data set.
            refused[machine] = str(error)
    return refused
