"""A model of a system of a run scores as the run did: torch then, the network as it is shipped now."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from asd_eval import ScoreEnsemble
from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.reproduction.job import Job
from asd_recipes.reproduction.job_context import JobContext
from asd_recipes.reproduction.model_export import ModelExport
from asd_recipes.reproduction.run_store import RunError, RunStore
from asd_recipes.scoring.candidate_table import read_candidate_table
from asd_recipes.training.machine_data import PreparedData, prepare_data
from asd_recipes.waveforms.device_choice import Device
from asd_recipes.waveforms.waveform_bank import WaveformBank
from asd_runtime.progress import PlainProgress
from asd_runtime.scoring.network_scorer import average
from asd_runtime.scoring.scorer import Scorer

QUIET = PlainProgress(quiet=True)
DEVICE = Device("cpu", "float32", "1 thread")
SETTINGS = [
    "threads=1", "training.epochs=1", "joint.epochs=1", "joint.start='random'", "training.batch_size=16",
    "segments.length_s=1.0", "log_mel.bands=16", "log_mel.hop_s=0.064",
    "flow.steps=1", "inlier.components=[1]", "inlier.neighbours=[1, 2]",
    "training.precision='float32'", "weighting.machines=['ToyCar']",
]  # fmt: skip
# Float32 sums in another order; asd-native's inlier models are float32 too. In standard deviations.
AGREEMENT = 1e-3
# Few validation clips have nearly equal scores, so that a test clip may be 300 of their deviations away.
RELATIVE = 1e-4


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return load_recipe("smoke", settings=SETTINGS)


@pytest.fixture(scope="module")
def data(make_bank, recipe: Recipe) -> PreparedData:
    bank: WaveformBank = make_bank(machines=("fan", "ToyCar"), source=8, target=4)
    return prepare_data(bank, recipe)


def _run(store: RunStore, recipe: Recipe, data: PreparedData, job: Job) -> Path:
    """Trains and scores a job as `asd reproduce` does, without saving inlier models; returns its folder."""
    lean = replace(recipe, inlier=replace(recipe.inlier, save=False))
    store.begin(lean, {})
    context = JobContext(store, lean, data, DEVICE, synthetic=True)
    assert not context.run(job, QUIET)
    assert not list(context.folder(job).glob("inlier/*")), "a run stays small"
    return context.folder(job)


def _of_the_run(folders: list[Path], part: str) -> NDArray[np.float64]:
    """The system's scores in the run, by torch and asd-inlier."""
    tables = [read_candidate_table(folder / "candidates.csv") for folder in folders]
    ensembles = [ScoreEnsemble.fit(table.part("validation").columns) for table in tables]
    return average(
        [ensemble.standardise(table.part(part).columns) for ensemble, table in zip(ensembles, tables, strict=True)]
    )


@pytest.mark.parametrize(
    ("machine", "system", "items"),
    [
        ("fan", "oe", [None]),
        ("ToyCar", "oe-flow", [None]),
        ("fan", "serialoe-dflow", ["spd"]),
        ("ToyCar", "oe-dflow", ["spd"]),
    ],
)
def test_an_exported_model_scores_test_clips_as_the_run_did(
    machine: str, system: str, items: list[str | None], data: PreparedData, recipe: Recipe, tmp_path: Path
) -> None:
    store = RunStore(tmp_path / "run")
    folders = [_run(store, recipe, data, Job(machine, system, item)) for item in items]
    manifest = ModelExport(store.root / machine, system, recipe, data, 0.1).run(tmp_path / "model", QUIET)
    assert [network.attribute for network in manifest.networks] == items
    normal, expected = _of_the_run(folders, "validation"), _of_the_run(folders, "test")
    expected = (expected - normal.mean()) / normal.std()
    scorer = Scorer.open(tmp_path / "model", threads=2)
    waves = [data.bank.waves[index] for index in data.bank.labelled_test(machine)]
    np.testing.assert_allclose(
        [scorer.score_wave(wave).score for wave in waves], expected, atol=AGREEMENT, rtol=RELATIVE
    )
    own = (normal - normal.mean()) / normal.std()
    assert manifest.threshold.largest == pytest.approx(own.max(), abs=AGREEMENT)
    assert manifest.training.held_out_pieces == len(own)


def test_what_is_no_finished_system_with_a_network_is_refused(
    data: PreparedData, recipe: Recipe, tmp_path: Path
) -> None:
    store = RunStore(tmp_path / "run")
    folder = _run(store, recipe, data, Job("fan", "oe"))
    for system, message in (("flow", "no system 'flow'"), ("oe-flow", "has no system oe-flow")):
        with pytest.raises(RunError, match=message):
            ModelExport(store.root / "fan", system, recipe, data, 0.1).run(tmp_path / "model", QUIET)
    (folder / "weights.safetensors").write_bytes(b"another")
    with pytest.raises(RunError, match=r"not finished, or its weights\.safetensors was changed"):
        ModelExport(store.root / "fan", "oe", recipe, data, 0.1).run(tmp_path / "model", QUIET)
    assert not (tmp_path / "model").exists()
