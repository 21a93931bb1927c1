"""Measures what each part of the method adds: the same run with one part at a time switched off (`asd study`).

Each part is judged by one system, trained with and without the part on the same data, split and seeds. The result is
the change of the official score over all machines and seeds, with an interval from a paired bootstrap of the test
clips. If all seeds share one data set, a clip's score is the mean over the seeds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from asd_eval import Comparison, compare
from asd_recipes.recipe.settings import Recipe, RecipeError
from asd_recipes.reproduction.job import Job
from asd_recipes.reproduction.job_context import DIVERGED
from asd_recipes.reproduction.reproduce import Reproduction
from asd_recipes.reproduction.run_results import read_candidate_tables
from asd_recipes.reproduction.run_store import RunError, RunStore
from asd_recipes.reproduction.systems import average, member_scores
from asd_recipes.scoring.candidate_table import CandidateTable
from asd_recipes.scoring.inlier_candidates import candidates
from asd_runtime.model.manifest import FLOW
from asd_runtime.progress import Progress

SINGLE_MODEL = "knn-1-source+target"
"""The one model that is left without the ensemble: the distance to the nearest segment of all training data."""


@dataclass(frozen=True)
class Keep:
    """Which models of a system count."""

    pseudo_target: bool = True
    flow: bool = True
    only: str | None = None

    def of(self, table: CandidateTable) -> CandidateTable:
        """The table with only these models."""
        names = [name for name in table.columns if self.only in (None, name)]
        names = [name for name in names if self.flow or name != FLOW]
        names = [name for name in names if self.pseudo_target or not name.endswith("-pseudo-target")]
        return replace(table, columns={name: table.columns[name] for name in names})


@dataclass(frozen=True)
class Part:
    """One part of the method, and how a run does without it: with another recipe, or with fewer models."""

    name: str
    system: str  # the system by which the part is judged
    without: str  # how it is switched off, for the user
    setting: tuple[str, str, Any] | None = None  # group, name and value in the recipe
    kept_with: Keep = Keep()
    kept_without: Keep = Keep()

    def switched_off(self, recipe: Recipe) -> Recipe:
        """The recipe without the part."""
        if self.setting is None:
            return recipe
        group, name, value = self.setting
        return replace(recipe, **{group: replace(getattr(recipe, group), **{name: value})})


_EMBEDDING_ALONE = Keep(flow=False)  # without training, the flow's own score would be meaningless
PARTS = (
    Part(
        "joint flow", "oe-flow", "joint.flow_weight = 0; both by inlier models",
        setting=("joint", "flow_weight", 0.0), kept_with=_EMBEDDING_ALONE, kept_without=_EMBEDDING_ALONE,
    ),
    Part(
        "domain invariance", "oe-dflow", "flow.dependent_channels = 0",
        setting=("flow", "dependent_channels", 0),
    ),
    Part(
        "attribute loss", "serialoe-dflow", "joint.attribute_weight = 0",
        setting=("joint", "attribute_weight", 0.0),
    ),
    Part("training mixup", "oe-flow", "training.mixup = off", setting=("training", "mixup", "off")),
    Part(
        "pseudo-target data", "oe-flow", "inlier models of source and of source+target alone",
        kept_without=Keep(pseudo_target=False),
    ),
    Part("power weighting", "oe-flow", "weighting.machines = []", setting=("weighting", "machines", ())),
    Part("ensembling", "oe-flow", f"the one model {SINGLE_MODEL}", kept_without=Keep(only=SINGLE_MODEL)),
)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """The effect of a part: the scores with it (first) and without it (second)."""

    part: Part
    comparison: Comparison


@dataclass(frozen=True)
class SeedRuns:
    """The runs of one seed: with all parts, and without each part."""

    data: Path
    bank: Path
    recipe: Recipe
    stores: Path  # folder that holds the runs' folders
    device: str = "auto"
    machines: Sequence[str] = ()
    jobs: int | None = None
    others: Sequence[Path] = ()  # data sets whose machines only serve as pseudo-anomalies

    def run(self, name: str, recipe: Recipe, system: str, progress: Progress) -> "Scored":
        """Runs one system in a folder of that name; networks of other runs are taken if the training is the same."""
        store = RunStore(self.stores / name)
        with store.locked():
            reproduction = Reproduction(
                recipe,
                self.data,
                store,
                self.bank,
                self.device,
                self.machines,
                [system],
                self.jobs,
                others=self.others,
            )
            result = reproduction.run(progress)
        if diverged := [problem for problem in result.problems if problem.kind == DIVERGED]:
            raise RunError(f"{diverged[0].reason} A study compares whole runs: change the setting and start again.")
        return Scored(store, result.jobs)


@dataclass(frozen=True)
class Scored:
    """A finished run of one system."""

    store: RunStore
    jobs: list[Job]

    def columns(self, seed: int, *, keep: Keep) -> dict[str, list[Any]]:
        """The test clips and scores as arguments of `asd_eval.compare`; each seed counts as separate machines."""
        columns: dict[str, list[Any]] = {key: [] for key in ("labels", "scores", "domains", "machines", "names")}
        for of_machine in read_candidate_tables(self.store, self.jobs).values():
            for machine, tables in of_machine.items():
                members = member_scores([keep.of(table) for table in tables])
                test = tables[0].part("test")
                columns["scores"] += average(list(members.values())).test.tolist()
                columns["labels"] += [int(label == "anomaly") for label in test.labels]
                columns["domains"] += test.domains
                columns["machines"] += [f"{machine} seed {seed}"] * len(test.files)
                columns["names"] += test.files
        return columns


def study(
    seeds: Sequence[SeedRuns], parts: Sequence[Part], progress: Progress, *, convention: str = "official"
) -> list[Change]:
    """Makes the missing runs and compares them; returns one change for each part.

    Args:
        seeds: the runs of each seed.
        parts: the parts to switch off, one at a time.
        progress: where all runs report.
        convention: AUC convention.
    """
    shared = len({runs.data for runs in seeds}) == 1
    everything: dict[tuple[int, str], Scored] = {}  # several parts share a system
    changes = []
    for part in parts:
        first: dict[str, list[Any]] = {}
        second: dict[str, list[Any]] = {}
        for runs in seeds:
            seed = runs.recipe.seed
            progress.say(f"seed {seed}: {part.name}")
            if (seed, part.system) not in everything:
                everything[seed, part.system] = runs.run("everything", runs.recipe, part.system, progress)
            whole = bare = everything[seed, part.system]
            if part.setting is not None:
                name = f"without-{part.name.replace(' ', '-')}"
                bare = runs.run(name, part.switched_off(runs.recipe), part.system, progress)
            _extend(first, whole.columns(seed, keep=part.kept_with), shared=shared)
            _extend(second, bare.columns(seed, keep=part.kept_without), shared=shared)
        changes.append(Change(part, compare(_arrays(first), _arrays(second), convention=convention)))
    return changes


def check_parts(parts: Sequence[Part], recipe: Recipe) -> None:
    """Checks what would otherwise fail only after all trainings.

    Raises:
        RecipeError: the recipe leaves out the single model to which the part ensembling is compared.
    """
    if any(part.kept_without.only for part in parts):
        grid = [candidate.name for candidate in candidates(recipe.inlier)]
        if SINGLE_MODEL not in grid:
            raise RecipeError(
                f"the part ensembling is compared to {SINGLE_MODEL}, which inlier.neighbours and inlier.training_data "
                f"leave out: the models are {', '.join(grid)}."
            )


def _extend(table: dict[str, list[Any]], more: dict[str, list[Any]], *, shared: bool) -> None:
    """Appends another seed's clips; if all seeds score the same clips, adds up each clip's scores instead.

    Counting the same clips several times would make the interval too narrow.
    """
    if shared and table:
        table["scores"] = [a + b for a, b in zip(table["scores"], more["scores"], strict=True)]
        return
    for key, values in more.items():
        table.setdefault(key, []).extend(values)


def _arrays(columns: dict[str, list[Any]]) -> dict[str, Any]:
    return {key: np.array(values) for key, values in columns.items()}


def study_rows(changes: Sequence[Change]) -> list[dict[str, str]]:
    """The table, in percent: what each part adds, positive if the score is better with it."""
    rows = []
    for change in changes:
        comparison = change.comparison
        row = {
            "part": change.part.name,
            "system": change.part.system,
            "without it": change.part.without,
            "with": f"{100 * comparison.official.first:.2f}",
            "without": f"{100 * comparison.official.second:.2f}",
        }
        by_name = {difference.name: difference for difference in comparison.averages}
        for title, difference in (
            ("official score", comparison.official),
            ("AUC source", by_name["AUC (source) mean"]),
            ("AUC target", by_name["AUC (target) mean"]),
        ):
            interval = difference.difference
            row[title] = f"{100 * interval.value:+.2f} [{100 * interval.low:+.2f}, {100 * interval.high:+.2f}]"
        rows.append(row)
    return rows


def study_markdown(heading: str, changes: Sequence[Change]) -> str:
    """The table in Markdown, below a heading that names the data."""
    rows = study_rows(changes)
    head = list(rows[0])
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * 3 + "---:|" * (len(head) - 3)]
    lines += [f"| {' | '.join(row.values())} |" for row in rows]
    notes = (
        "Official score, and mean AUC of each domain, in percent; a change is what the part adds, with the 95 % "
        "interval of a paired bootstrap of the test clips. The interval does not hold what another training would "
        "change."
    )
    return "\n".join([heading, "", *lines, "", notes, ""])
