"""One job of a run: a system of one machine, from its training to the scores of its clips.

Jobs are independent: they give the same results in any order, in one process or in many. A stage whose last file exists
is not run again. So an interrupted run continues, and ends with the same bytes as an uninterrupted one.
"""

import importlib.metadata
import platform
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from asd_recipes.baseline.autoencoder import AutoencoderBaseline
from asd_recipes.baseline.full_gaussian import FullGaussian
from asd_recipes.baseline.spectral_detector import SpectralDetector
from asd_recipes.dataset.clip import Problem
from asd_recipes.progress import Progress
from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.system_variants import (
    AUTOENCODER,
    FULL_GAUSSIAN,
    OE,
    RANDOM_ENCODER,
    SPECTRAL_STATISTICS,
    SystemVariant,
    has_network,
    system_name,
    variant_of,
)
from asd_recipes.recipe.toml_text import recipe_digest
from asd_recipes.reproduction.run_store import SCHEMA, RunStore
from asd_recipes.scoring.embedding import ClipEmbedder
from asd_recipes.scoring.scoring_stage import ScoringStage
from asd_recipes.scoring.unscorable import UnscorableError
from asd_recipes.training.attribute_labels import AttributeLabels, machine_labels, varying_items
from asd_recipes.training.crops import TrainingCrops
from asd_recipes.training.diverged import TrainingDivergedError
from asd_recipes.training.machine_data import PreparedData
from asd_recipes.training.network_building import write_untrained
from asd_recipes.training.network_training import NetworkTraining
from asd_recipes.waveforms.device_choice import Device
from asd_recipes.whole_file import write_json

DIVERGED = "diverged"
"""Kind of a problem: a loss, an output or a score became infinite or NaN."""


@dataclass(frozen=True)
class Job:
    """A system of one machine, or the part of a domain-invariant system for one attribute item."""

    machine: str
    system: str
    item: str | None = None
    scored: bool = True  # False: only trained, for the systems that start from it

    @property
    def folder(self) -> str:
        """Name of the folder below the machine's: `oe`, `oe-dflow@vel`."""
        # Quoted: an item may come from a user's table and contain a slash.
        return self.system if self.item is None else f"{self.system}@{quote(self.item, safe='')}"

    @property
    def name(self) -> str:
        """The name for the user, such as `OE-DFlow vel`."""
        name = system_name(self.system)
        return name if self.item is None else f"{name} {self.item}"

    @property
    def files(self) -> tuple[str, ...]:
        """The files that its folder holds when it is done."""
        trained = () if self.system in (SPECTRAL_STATISTICS, FULL_GAUSSIAN) else ("weights.safetensors",)
        return (*trained, "manifest.json", *(("candidates.csv",) if self.scored else ()))

    def needs_oe(self, recipe: Recipe) -> bool:
        """Whether it starts from, or scores with, the network that OE trained on the same machine."""
        if self.system == FULL_GAUSSIAN:
            return True
        return has_network(self.system) and variant_of(self.system).flow and recipe.joint.start == "oe"


@dataclass(frozen=True)
class JobContext:
    """What all jobs of a run share."""

    store: RunStore
    recipe: Recipe
    data: PreparedData
    device: Device
    synthetic: bool

    @cached_property
    def crops(self) -> TrainingCrops:
        """Shared by all trainings, so that the bank moves to a GPU only once."""
        return TrainingCrops(self.data, self.recipe, self.device)

    def finished(self, job: Job) -> bool:
        """Whether the job is done."""
        folder = self.store.system(job.machine, job.folder)
        return all((folder / name).is_file() for name in job.files)

    def trained(self, job: Job) -> bool:
        """Whether the job has its network."""
        return (self.store.system(job.machine, job.folder) / "weights.safetensors").is_file()

    def run(self, job: Job, progress: Progress) -> list[Problem]:
        """Runs the unfinished stages of a job; returns a problem if its training diverged, so that others continue."""
        folder = self.store.system(job.machine, job.folder)
        trained, scored = folder / "weights.safetensors", folder / "candidates.csv"
        try:
            if trained.name in job.files and not trained.is_file():
                with self.store.timed(f"{job.machine} {job.folder} train"):
                    self._train(job, progress)
            self._note_trained(job)
            if job.scored and not scored.is_file():
                with self.store.timed(f"{job.machine} {job.folder} score"):
                    self._score(job, progress)
        except (TrainingDivergedError, UnscorableError) as error:
            progress.say(f"{job.machine} {job.name} stopped: {error}")
            return [Problem(f"{job.machine}/{job.folder}", DIVERGED, str(error))]
        return []

    def _train(self, job: Job, progress: Progress) -> None:
        folder = self.store.system(job.machine, job.folder)
        if job.system == AUTOENCODER:
            AutoencoderBaseline(job.machine, self.data, self.recipe, self.device).train(folder, progress)
            return
        if job.system == RANDOM_ENCODER.slug:
            write_untrained(folder, RANDOM_ENCODER, self.recipe, job.machine)
            return
        variant = variant_of(job.system)
        labels = self._labels(job, variant)
        oe = self._oe_weights(job) if job.needs_oe(self.recipe) else None
        NetworkTraining(job.machine, job.name, job.folder, variant, labels, self.crops, oe).run(folder, progress)

    def _score(self, job: Job, progress: Progress) -> None:
        folder = self.store.system(job.machine, job.folder)
        if job.system == AUTOENCODER:
            AutoencoderBaseline(job.machine, self.data, self.recipe, self.device).score(folder, progress)
            return
        if job.system == SPECTRAL_STATISTICS:
            SpectralDetector(job.machine, self.data, self.recipe, self.device).score(folder, progress)
            return
        statistics = self.data.statistics[job.machine]
        if job.system == FULL_GAUSSIAN:
            embedder = ClipEmbedder.load(self._oe_weights(job), OE, self.recipe, statistics, self.device)
            FullGaussian(job.machine, self.data, self.recipe, embedder).score(folder, progress)
            return
        shutil.rmtree(folder / "inlier", ignore_errors=True)
        variant = variant_of(job.system)
        embedder = ClipEmbedder.load(folder / "weights.safetensors", variant, self.recipe, statistics, self.device)
        ScoringStage(job.machine, job.name, variant, self.data, self.recipe, embedder).run(folder, progress)

    def _oe_weights(self, job: Job) -> Path:
        """What OE's training on the job's machine wrote.

        Raises:
            TrainingDivergedError: it wrote nothing.
        """
        weights = self.store.system(job.machine, OE.slug) / "weights.safetensors"
        if not weights.is_file():
            raise TrainingDivergedError(
                f"{job.machine} {job.name} needs the network of {OE.name}, whose training diverged: see there."
            )
        return weights

    def _labels(self, job: Job, variant: SystemVariant) -> AttributeLabels | None:
        if not (variant.attributes or variant.domain_invariant):
            return None
        return machine_labels(self.data, job.machine, job.item)

    def _note_trained(self, job: Job) -> None:
        """Removes the checkpoint and writes the manifest, without times, so that equal runs give equal bytes.

        Called every time: an earlier run may have been killed after writing the weights but before this.
        """
        folder = self.store.system(job.machine, job.folder)
        (folder / "checkpoint.safetensors").unlink(missing_ok=True)
        content: dict[str, Any] = {
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
        write_json(folder / "manifest.json", content)

    def _trained_on(self, job: Job) -> Device:
        """The device and precision of a training; the baseline always trains in float32, like the official one."""
        return replace(self.device, precision="float32") if job.system == AUTOENCODER else self.device


def jobs_of(data: PreparedData, machines: Sequence[str], systems: Sequence[str]) -> list[Job]:
    """The jobs of a run, machine after machine.

    A domain-invariant system has one job for each attribute item with several values among the training clips. Without
    such an item it has no job.
    """
    jobs = []
    for machine in machines:
        items = varying_items([data.bank.clips[index].name for index in data.training[machine]])
        for system in systems:
            if not has_network(system):
                jobs.append(Job(machine, system))
            elif variant_of(system).domain_invariant:
                jobs += [Job(machine, system, item) for item in items]
            elif not variant_of(system).attributes or items:
                jobs.append(Job(machine, system))
    return jobs


def library_versions() -> dict[str, str]:
    """Versions of Python and of the libraries that influence the bytes of a result."""
    ours = ["asd-native", "asd-features", "asd-models", "asd-inlier", "asd-eval", "asd-recipes"]
    others = ["torch", "numpy", "scipy", "scikit-learn", "faiss-cpu", "faiss-gpu", "soundfile", "soxr"]
    versions = {name: _version(name) for name in [*ours, *others]}
    return {**{name: version for name, version in versions.items() if version}, "python": platform.python_version()}


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
