"""Runs the jobs of a run, each stage by stage.

A stage whose last file exists is not run again, unless something that it depends on has changed, such as our code. So
an interrupted run continues, and ends with the same bytes as an uninterrupted one.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.system_variants import AUTOENCODER, OE
from asd_recipes.recipe.toml_text import recipe_digest
from asd_recipes.reproduction.job import Job
from asd_recipes.reproduction.job_manifest import CHECKPOINT, SCORES, WEIGHTS, JobManifest
from asd_recipes.reproduction.job_stages import JobStages
from asd_recipes.reproduction.library_versions import library_versions
from asd_recipes.reproduction.run_store import SCHEMA, RunStore
from asd_recipes.reproduction.stage_digests import StageDigests
from asd_recipes.training.diverged import TrainingDivergedError
from asd_recipes.training.machine_data import PreparedData
from asd_recipes.waveforms.device_choice import Device
from asd_runtime.errors import UnscorableError
from asd_runtime.progress import Progress
from asd_runtime.sound.problem import Problem

DIVERGED = "diverged"
"""Kind of a problem: a loss, an output or a score became infinite or NaN."""


@dataclass(frozen=True)
class JobContext:
    """What all jobs of a run share."""

    store: RunStore
    recipe: Recipe
    data: PreparedData
    device: Device
    synthetic: bool

    @cached_property
    def digests(self) -> StageDigests:
        """What the stages depend on."""
        return StageDigests(self.recipe, self.data, self.device)

    @cached_property
    def stages(self) -> JobStages:
        """What trains and scores."""
        return JobStages(self.recipe, self.data, self.device)

    def folder(self, job: Job) -> Path:
        """The folder of a job."""
        return self.store.system(job.machine, job.folder)

    def finished(self, job: Job) -> bool:
        """Whether the job is done."""
        folder = self.folder(job)
        done = JobManifest(folder).done("scoring" if job.scored else "training")
        made = self.trained(job) and (self.scored(job) or not job.scored)
        return done and made and all((folder / name).is_file() for name in job.files)

    def stale(self, job: Job) -> bool:
        """Whether the job's training is finished, but something that it depends on has changed."""
        noted = JobManifest(self.folder(job)).noted("training")
        return noted is not None and noted.sha256 != self.training_digest(job)

    def trained(self, job: Job) -> bool:
        """Whether the job has its network, or a detector without one has nothing left to train, and it is not stale."""
        manifest = JobManifest(self.folder(job))
        if job.trains and not (self.folder(job) / WEIGHTS).is_file():
            return False
        return manifest.depends_on("training") == self.training_digest(job)

    def scored(self, job: Job) -> bool:
        """Whether the job has its scores, and they are not stale."""
        manifest = JobManifest(self.folder(job))
        if manifest.noted("training") is None or not (self.folder(job) / SCORES).is_file():
            return False
        return manifest.depends_on("scoring") == self.scoring_digest(job)

    def drop_strange_networks(self, job: Job, progress: Progress) -> None:
        """Begins the trainings anew whose network is not the one that was noted: the job's, and OE's if it needs that.

        Called for unfinished jobs, before anything is made or taken that depends on a network.
        """
        needed = [Job(job.machine, OE.slug)] if job.needs_oe(self.recipe) else []
        for each in (*needed, job):
            manifest, there = JobManifest(self.folder(each)), (self.folder(each) / WEIGHTS).exists()
            if there and manifest.noted("training") and not manifest.is_noted_file("training", WEIGHTS):
                progress.say(f"{each.machine} {each.name}: {WEIGHTS} is not the file that was noted; it is made again")
                manifest.begin("training", self.training_digest(each))

    def run(self, job: Job, progress: Progress) -> list[Problem]:
        """Runs the unfinished stages of a job; returns a problem if its training diverged, so that others continue."""
        folder = self.folder(job)
        try:
            self.begin_training(job)
            if job.trains and not self.trained(job):
                with self.store.timed(f"{job.machine} {job.folder} train"):
                    self.stages.train(job, folder, progress)
            self.note_trained(job)
            if job.scored and not self.scored(job):
                JobManifest(folder).begin("scoring", self.scoring_digest(job))
                with self.store.timed(f"{job.machine} {job.folder} score"):
                    self.stages.score(job, folder, progress)
            if job.scored:
                self.note_scored(job)
        except (TrainingDivergedError, UnscorableError) as error:
            progress.say(f"{job.machine} {job.name} stopped: {error}")
            return [Problem(f"{job.machine}/{job.folder}", DIVERGED, str(error))]
        return []

    def training_digest(self, job: Job) -> str:
        """What the training of a job depends on; the network of OE that it may start from is the one in this run."""
        oe = JobManifest(self.folder(Job(job.machine, OE.slug))).noted("training")
        return self.digests.training(job, oe=oe.sha256 if oe else None)

    def scoring_digest(self, job: Job) -> str:
        """What the scoring of a trained job depends on."""
        trained = JobManifest(self.folder(job)).noted("training")
        assert trained is not None, "only trained jobs are scored"
        return self.digests.scoring(job, trained=trained.sha256)

    def begin_training(self, job: Job) -> None:
        """Marks an unfinished or stale training as begun; one without a network is over with that."""
        if not self.trained(job):
            JobManifest(self.folder(job)).begin("training", self.training_digest(job))

    def note_trained(self, job: Job) -> None:
        """Removes the checkpoint and begins the manifest.

        Called every time: an earlier run may have been killed after writing the weights but before this.
        """
        (self.folder(job) / CHECKPOINT).unlink(missing_ok=True)
        JobManifest(self.folder(job)).note("training", self._facts(job))

    def note_scored(self, job: Job) -> None:
        """Completes the manifest; called every time too."""
        JobManifest(self.folder(job)).note("scoring", {})

    def _facts(self, job: Job) -> dict[str, Any]:
        """What the manifest says of a job, without times, so that equal runs give equal bytes."""
        return {
            "schema": SCHEMA,
            "machine": job.machine,
            "system": job.system,
            "attribute_item": job.item,
            "seed": self.recipe.seed,
            "recipe_sha256": recipe_digest(self.recipe),
            "data_sha256": self.data.bank.digest,
            "synthetic": self.synthetic,
            "device": self._trained_on(job).as_json(),
            "versions": library_versions(),
            "training_clips": len(self.data.training[job.machine]),
            "validation_clips": len(self.data.validation[job.machine]),
        }

    def _trained_on(self, job: Job) -> Device:
        """The device and precision of a training; the baseline always trains in float32, like the official one."""
        return replace(self.device, precision="float32") if job.system == AUTOENCODER else self.device
