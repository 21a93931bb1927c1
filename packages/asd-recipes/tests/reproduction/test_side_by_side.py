"""Jobs in worker processes: a failure in one is reported, and the rest continues."""

import dataclasses
import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from asd_recipes.dataset.scan import scan_dataset
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.reproduction.job import Job, jobs_of
from asd_recipes.reproduction.run_store import RunError, RunStore
from asd_recipes.reproduction.side_by_side import WorkerStart, run_side_by_side
from asd_recipes.scoring.embedding import ClipEmbedder
from asd_recipes.synth import DatasetSize, write_dataset
from asd_recipes.training.machine_data import prepare_data
from asd_recipes.waveforms.waveform_bank import open_bank
from asd_runtime.errors import UnscorableError
from asd_runtime.progress import PlainProgress

QUIET = PlainProgress(quiet=True)
SETTINGS = ["inlier.components=[1]", "inlier.neighbours=[1]", "joint.epochs=1"]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> WorkerStart:
    folder = tmp_path_factory.mktemp("jobs")
    write_dataset(folder / "data", size=DatasetSize.named("tiny"), seed=1, machines=["bearing", "fan"])
    clips, recipe = scan_dataset(folder / "data").clips, load_recipe("smoke", settings=SETTINGS)
    bank = open_bank(clips, recipe.audio, folder / "bank", advance=lambda steps: None)
    return WorkerStart(RunStore(folder / "run"), recipe, clips, folder / "bank", bank.digest, "cpu", True)


def _elsewhere(start: WorkerStart, folder: Path, **changes: object) -> WorkerStart:
    folder.mkdir()
    return dataclasses.replace(start, store=RunStore(folder), **changes)  # type: ignore[arg-type]


def test_a_diverged_job_is_reported_and_the_others_finish(start: WorkerStart, tmp_path: Path) -> None:
    recipe = load_recipe("smoke", settings=[*SETTINGS, "training.learning_rate=1e30", "joint.start=random"])
    elsewhere = _elsewhere(start, tmp_path / "run", recipe=recipe)
    jobs = [Job("bearing", "oe"), Job("bearing", "autoencoder"), Job("fan", "oe-flow")]
    problems = run_side_by_side(jobs, elsewhere, 2, QUIET)
    assert [problem.file for problem in problems] == ["bearing/oe"]
    for job in jobs[1:]:
        assert (elsewhere.store.system(job.machine, job.folder) / "candidates.csv").is_file()


def test_workers_with_other_code_than_the_run_began_with_are_refused(start: WorkerStart) -> None:
    with pytest.raises(RunError, match=r"the code of asd changed .* Run the command again"):
        dataclasses.replace(start, code="of before").context()


OE_FIRST, FROM_OE = Job("fan", "oe", scored=False), Job("fan", "serialoe-flow")
START_FROM_OE = [*SETTINGS, "joint.start=oe", "training.epochs=1", "inlier.save=false"]


def test_what_starts_from_oe_waits_for_it_and_gets_the_same_bytes_as_after_it(
    start: WorkerStart, tmp_path: Path
) -> None:
    recipe = load_recipe("smoke", settings=START_FROM_OE)
    here, elsewhere = (_elsewhere(start, tmp_path / name, recipe=recipe) for name in ("here", "elsewhere"))
    for job in (OE_FIRST, FROM_OE):
        assert here.context().run(job, QUIET) == []
    assert run_side_by_side([FROM_OE, OE_FIRST], elsewhere, 2, QUIET) == []
    bytes_of = [
        {path.relative_to(place.store.root): path.read_bytes() for path in place.store.root.rglob("*/*/*.*")}
        for place in (here, elsewhere)
    ]
    assert bytes_of[0] == bytes_of[1]
    assert Path("fan/oe/weights.safetensors") in bytes_of[0]
    assert Path("fan/oe/candidates.csv") not in bytes_of[0], "trained alone, so it has no row"
    assert Path("fan/serialoe-flow/candidates.csv") in bytes_of[0]


def test_what_starts_from_an_oe_that_diverged_is_reported_and_not_trained(start: WorkerStart, tmp_path: Path) -> None:
    recipe = load_recipe("smoke", settings=[*START_FROM_OE, "training.learning_rate=1e30"])
    elsewhere = _elsewhere(start, tmp_path / "run", recipe=recipe)
    jobs = (OE_FIRST, FROM_OE, Job("fan", "full-gaussian"))
    problems = [problem for job in jobs for problem in elsewhere.context().run(job, QUIET)]
    assert [problem.file for problem in problems] == ["fan/oe", "fan/serialoe-flow", "fan/full-gaussian"]
    assert all("needs the network of OE" in problem.reason for problem in problems[1:])
    assert not list(elsewhere.store.root.rglob("weights.safetensors"))


def test_a_job_whose_clips_cannot_be_scored_is_told_of_and_stops_no_run(
    start: WorkerStart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def embed(*arguments: object, **options: object) -> None:
        raise UnscorableError("not finite")

    monkeypatch.setattr(ClipEmbedder, "embed", embed)
    (problem,) = _elsewhere(start, tmp_path / "run").context().run(Job("fan", "random-encoder"), QUIET)
    assert (problem.file, problem.reason, problem.severity) == ("fan/random-encoder", "not finite", "error")


@pytest.mark.parametrize("last", [False, True])
def test_a_killed_worker_is_reported_and_the_run_can_be_continued(
    last: bool, start: WorkerStart, tmp_path: Path
) -> None:
    elsewhere = _elsewhere(start, tmp_path / "run", recipe=load_recipe("smoke", settings=["training.epochs=2000"]))

    before = {child.pid for child in multiprocessing.active_children()}

    def kill_one() -> None:
        while len(workers := {child.pid for child in multiprocessing.active_children()} - before) < 2:
            time.sleep(0.05)
        time.sleep(1.0)
        os.kill((max if last else min)(workers), signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    with pytest.raises(RunError, match="fewer --jobs"):
        run_side_by_side([Job("bearing", "oe"), Job("fan", "oe")], elsewhere, 2, QUIET)
    killer.join()
    again = dataclasses.replace(elsewhere, recipe=start.recipe)
    assert run_side_by_side([Job("fan", "autoencoder")], again, 1, QUIET) == []


def test_a_bank_that_another_run_replaced_is_not_used(start: WorkerStart, tmp_path: Path) -> None:
    elsewhere = _elsewhere(start, tmp_path / "run", digest="another")
    with pytest.raises(RunError, match="another run replaced"):
        run_side_by_side([Job("fan", "autoencoder")], elsewhere, 1, QUIET)


def test_a_machine_without_attributes_has_no_system_that_needs_them(start: WorkerStart) -> None:
    data = prepare_data(start_bank(start), start.recipe)
    clips = tuple(
        dataclasses.replace(clip, name=dataclasses.replace(clip.name, attributes=())) if clip.machine == "fan" else clip
        for clip in data.bank.clips
    )
    data = dataclasses.replace(data, bank=dataclasses.replace(data.bank, clips=clips))
    systems = ["oe", "oe-flow", "oe-dflow", "serialoe-flow", "serialoe-dflow"]
    assert [job.system for job in jobs_of(data, ["fan"], systems)] == ["oe", "oe-flow"]
    folders = [job.folder for job in jobs_of(data, ["bearing"], systems)]
    assert folders == ["oe", "oe-flow", "oe-dflow@loc", "oe-dflow@vel", "serialoe-flow", "serialoe-dflow@loc",
                       "serialoe-dflow@vel"]  # fmt: skip
    assert Job("fan", "oe-dflow", "speed m/s").folder == "oe-dflow@speed%20m%2Fs"


def start_bank(start: WorkerStart):
    return start.context().data.bank
