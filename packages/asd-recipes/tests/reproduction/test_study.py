"""What the study switches off, and how its runs are compared."""

from pathlib import Path

import numpy as np
import pytest

from asd_recipes.recipe.settings import Recipe, RecipeError
from asd_recipes.recipe.stage_settings import training_settings
from asd_recipes.recipe.toml_text import changed_settings, load_recipe
from asd_recipes.reproduction.job import Job
from asd_recipes.reproduction.run_store import RunStore
from asd_recipes.reproduction.study import (
    PARTS,
    SINGLE_MODEL,
    Keep,
    Scored,
    SeedRuns,
    check_parts,
    study,
    study_markdown,
    study_rows,
)
from asd_recipes.scoring.candidate_table import CandidateTable, write_candidate_table
from asd_recipes.synth import DatasetSize, write_dataset
from asd_runtime.progress import PlainProgress

QUIET = PlainProgress(quiet=True)


def test_only_four_parts_change_what_their_system_trains_with() -> None:
    retrained = []
    for part in PARTS:
        changed = {text.partition(" ")[0] for text in changed_settings(Recipe(), part.switched_off(Recipe()))}
        assert len(changed) == (part.setting is not None)
        if changed & set(training_settings(Recipe(), part.system)):
            retrained.append(part.name)
    assert retrained == ["joint flow", "domain invariance", "attribute loss", "training mixup"]


def _table(shift: float) -> CandidateTable:
    rng = np.random.default_rng(3)
    kinds = [(domain, label) for domain in ("source", "target") for label in ("normal", "anomaly")] * 10
    labels = ["normal"] * 5 + [label for _, label in kinds]
    scores = rng.standard_normal(len(labels)) + shift * np.array([label == "anomaly" for label in labels])
    return CandidateTable(
        files=[f"{place}.wav" for place in range(len(labels))],
        parts=["validation"] * 5 + ["test"] * len(kinds),
        domains=["source"] * 5 + [domain for domain, _ in kinds],
        labels=labels,
        columns={SINGLE_MODEL: scores, "gmm-1-pseudo-target": scores[::-1].copy(), "flow": 0 * scores + np.arange(45)},
    )


def test_only_the_kept_models_are_averaged(tmp_path: Path) -> None:
    store, table = RunStore(tmp_path), _table(1.0)
    write_candidate_table(tmp_path / "fan" / "oe-flow" / "candidates.csv", table)
    scored = Scored(store, [Job("fan", "oe-flow")])
    found = scored.columns(4, keep=Keep(only=SINGLE_MODEL))
    validation = table.columns[SINGLE_MODEL][:5]
    np.testing.assert_allclose(
        found["scores"], (table.columns[SINGLE_MODEL][5:] - validation.mean()) / validation.std(), rtol=1e-12
    )
    assert set(found["machines"]) == {"fan seed 4"}
    assert list(Keep(flow=False).of(table).columns) == [SINGLE_MODEL, "gmm-1-pseudo-target"]
    assert list(Keep(pseudo_target=False).of(table).columns) == [SINGLE_MODEL, "flow"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> SeedRuns:
    folder = tmp_path_factory.mktemp("study")
    write_dataset(folder / "data", size=DatasetSize.named("tiny"), seed=1, machines=["bearing", "ToyCar"])
    settings = ["seed=1", "threads=1", "joint.epochs=1", "inlier.components=[1]", "inlier.neighbours=[1]"]
    recipe = load_recipe("smoke", settings=settings)
    return SeedRuns(folder / "data", folder / "bank", recipe, folder / "runs", "cpu", ["ToyCar"], 1)


def test_every_part_gets_a_row_and_only_the_run_without_it_is_new(runs: SeedRuns) -> None:
    changes = study([runs], PARTS, QUIET, convention="within-domain")
    assert [row["part"] for row in study_rows(changes)] == [part.name for part in PARTS]
    for change in changes:
        found = change.comparison
        assert found.official.difference.value == pytest.approx(found.official.first - found.official.second)
    everything = runs.stores / "everything" / "ToyCar" / "oe-flow" / "weights.safetensors"
    rescored = runs.stores / "without-power-weighting" / "ToyCar" / "oe-flow" / "weights.safetensors"
    assert rescored.read_bytes() == everything.read_bytes()
    retrained = runs.stores / "without-training-mixup" / "ToyCar" / "oe-flow" / "weights.safetensors"
    assert retrained.read_bytes() != everything.read_bytes()
    before = {path: path.stat().st_mtime_ns for path in runs.stores.rglob("weights.safetensors")}
    assert before
    again = study([runs], PARTS, QUIET, convention="within-domain")
    assert {path: path.stat().st_mtime_ns for path in runs.stores.rglob("weights.safetensors")} == before
    assert study_rows(again) == study_rows(changes)
    text = study_markdown("SYNTHETIC DATA", changes)
    assert text.startswith("SYNTHETIC DATA")
    assert len([line for line in text.splitlines() if line.startswith("|")]) == 2 + len(PARTS)


def test_a_recipe_without_the_single_model_is_refused_before_anything_is_run() -> None:
    recipe = load_recipe("smoke", settings=["inlier.neighbours=[4]"])
    with pytest.raises(RecipeError, match=r"inlier\.neighbours"):
        check_parts(PARTS, recipe)
    check_parts([part for part in PARTS if part.name != "ensembling"], recipe)
    check_parts(PARTS, Recipe())
