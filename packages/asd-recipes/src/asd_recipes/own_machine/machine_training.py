"""Trains the network of one's own machine, and fits and scores the inlier models behind it."""

import shutil
from dataclasses import replace
from pathlib import Path

from asd_recipes.bundle.manifest import NORMAL
from asd_recipes.own_machine.learnt_attributes import variant_for
from asd_recipes.own_machine.own_data import evenly_spread
from asd_recipes.progress import Progress
from asd_recipes.recipe.settings import Recipe
from asd_recipes.reproduction.run_store import RunError
from asd_recipes.scoring.embedding import ClipEmbedder
from asd_recipes.scoring.network_scoring import NetworkScoring
from asd_recipes.training.attribute_labels import AttributeLabels
from asd_recipes.training.crops import TrainingCrops
from asd_recipes.training.diverged import TrainingDivergedError
from asd_recipes.training.machine_data import PreparedData
from asd_recipes.training.network_training import NetworkTraining
from asd_recipes.waveforms.device_choice import Device

WEIGHTS = "weights.safetensors"
CANDIDATES = "candidates.csv"
_CROPS_AN_EPOCH = 128
"""An epoch takes each piece often enough for this many crops: of four recordings, one pass would be one step."""


def train_machine(
    folder: Path,
    data: PreparedData,
    labels: AttributeLabels | None,
    *,
    recipe: Recipe,
    device: Device,
    progress: Progress,
) -> None:
    """Runs the stages whose last file is not in the folder yet.

    Raises:
        RunError: a loss or a score is no longer a number.
    """
    try:
        if not (folder / WEIGHTS).is_file():
            _train_network(folder, data, labels, recipe, device, progress)
        if not (folder / CANDIDATES).is_file():
            _fit_inlier_models(folder, data, labels, recipe, device, progress)
    except TrainingDivergedError as error:
        raise RunError(str(error)) from error


def _train_network(
    folder: Path,
    data: PreparedData,
    labels: AttributeLabels | None,
    recipe: Recipe,
    device: Device,
    progress: Progress,
) -> None:
    pieces, variant = data.training[NORMAL], variant_for(labels)
    passes = -(-_CROPS_AN_EPOCH // len(pieces))
    repeated = replace(data, training={**data.training, NORMAL: pieces * passes})
    crops = TrainingCrops(repeated, recipe, device)
    NetworkTraining(NORMAL, variant.name, variant.slug, variant, labels, crops).run(folder, progress)


def _fit_inlier_models(
    folder: Path,
    data: PreparedData,
    labels: AttributeLabels | None,
    recipe: Recipe,
    device: Device,
    progress: Progress,
) -> None:
    """Scores the held-out pieces as well; what a call that was killed left is made again."""
    variant = variant_for(labels)
    shutil.rmtree(folder / "inlier", ignore_errors=True)
    embedder = ClipEmbedder.load(folder / WEIGHTS, variant, recipe, data.statistics[NORMAL], device)
    spread = replace(data, training={**data.training, NORMAL: evenly_spread(data.training[NORMAL])})
    NetworkScoring(NORMAL, variant.name, variant, spread, recipe, embedder).run(folder, progress)
