"""The two stages of a job: training, then fitting and scoring.

What they read of the recipe is declared in `recipe.stage_settings`.
"""

import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from asd_recipes.baseline.autoencoder import AutoencoderBaseline
from asd_recipes.baseline.full_gaussian import FullGaussian
from asd_recipes.baseline.spectral_detector import SpectralDetector
from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.system_variants import (
    AUTOENCODER,
    FULL_GAUSSIAN,
    OE,
    RANDOM_ENCODER,
    SPECTRAL_STATISTICS,
    SystemVariant,
    variant_of,
)
from asd_recipes.reproduction.job import Job
from asd_recipes.reproduction.job_manifest import WEIGHTS
from asd_recipes.scoring.embedding import ClipEmbedder
from asd_recipes.scoring.scoring_stage import ScoringStage
from asd_recipes.training.attribute_labels import AttributeLabels, machine_labels
from asd_recipes.training.crops import TrainingCrops
from asd_recipes.training.diverged import TrainingDivergedError
from asd_recipes.training.machine_data import PreparedData
from asd_recipes.training.network_building import write_untrained
from asd_recipes.training.network_training import NetworkTraining
from asd_recipes.waveforms.device_choice import Device
from asd_runtime.progress import Progress


@dataclass(frozen=True)
class JobStages:
    """What the stages of all jobs share; each writes its files to the folder of a job, the decisive one last."""

    recipe: Recipe
    data: PreparedData
    device: Device

    @cached_property
    def crops(self) -> TrainingCrops:
        """Shared by all trainings, so that the bank moves to a GPU only once."""
        return TrainingCrops(self.data, self.recipe, self.device)

    def train(self, job: Job, folder: Path, progress: Progress) -> None:
        """Writes `weights.safetensors`, and for a trained network its losses."""
        if job.system == AUTOENCODER:
            AutoencoderBaseline(job.machine, self.data, self.recipe, self.device).train(folder, progress)
            return
        if job.system == RANDOM_ENCODER.slug:
            write_untrained(folder, RANDOM_ENCODER, self.recipe, job.machine)
            return
        variant = variant_of(job.system)
        labels = self._labels(job, variant)
        oe = _oe_weights(job, folder) if job.needs_oe(self.recipe) else None
        NetworkTraining(job.machine, job.name, job.folder, variant, labels, self.crops, oe).run(folder, progress)

    def score(self, job: Job, folder: Path, progress: Progress) -> None:
        """Writes inlier models and `candidates.csv`."""
        if job.system == AUTOENCODER:
            AutoencoderBaseline(job.machine, self.data, self.recipe, self.device).score(folder, progress)
            return
        if job.system == SPECTRAL_STATISTICS:
            SpectralDetector(job.machine, self.data, self.recipe, self.device).score(folder, progress)
            return
        statistics = self.data.statistics[job.machine]
        if job.system == FULL_GAUSSIAN:
            embedder = ClipEmbedder.load(_oe_weights(job, folder), OE, self.recipe, statistics, self.device)
            FullGaussian(job.machine, self.data, self.recipe, embedder).score(folder, progress)
            return
        shutil.rmtree(folder / "inlier", ignore_errors=True)
        variant = variant_of(job.system)
        embedder = ClipEmbedder.load(folder / WEIGHTS, variant, self.recipe, statistics, self.device)
        ScoringStage(job.machine, job.name, variant, self.data, self.recipe, embedder).run(folder, progress)

    def _labels(self, job: Job, variant: SystemVariant) -> AttributeLabels | None:
        if not (variant.attributes or variant.domain_invariant):
            return None
        return machine_labels(self.data, job.machine, job.item)


def _oe_weights(job: Job, folder: Path) -> Path:
    """What OE's training on the job's machine wrote.

    Raises:
        TrainingDivergedError: it wrote nothing.
    """
    weights = folder.with_name(OE.slug) / WEIGHTS
    if not weights.is_file():
        raise TrainingDivergedError(
            f"{job.machine} {job.name} needs the network of {OE.name}, whose training diverged: see there."
        )
    return weights
