"""Trains the network of one's own machine, and fits and scores the inlier models behind it."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asd_recipes.bundle.manifest import NORMAL
from asd_recipes.own_machine.learnt_attributes import variant_for
from asd_recipes.own_machine.own_data import evenly_spread
from asd_recipes.progress import Progress
from asd_recipes.recipe.settings import Recipe
from asd_recipes.reproduction.run_store import RunError
from asd_recipes.scoring.candidate_table import read_candidate_table
from asd_recipes.scoring.embedding import ClipEmbedder
from asd_recipes.scoring.scoring_stage import ScoringStage
from asd_recipes.scoring.unscorable import UnscorableError
from asd_recipes.training.attribute_labels import AttributeLabels
from asd_recipes.training.crops import TrainingCrops
from asd_recipes.training.diverged import TrainingDivergedError
from asd_recipes.training.machine_data import PreparedData
from asd_recipes.training.network_training import NetworkTraining
from asd_recipes.waveforms.device_choice import Device

WEIGHTS = "weights.safetensors"
CANDIDATES = "candidates.csv"
_CROPS_AN_EPOCH = 128
"""An epoch takes at least this many crops, several of each piece if there are few: four pieces would give one step."""


@dataclass(frozen=True)
class MachineTraining:
    """The inputs of the network of one's own machine and its inlier models."""

    folder: Path
    data: PreparedData
    labels: AttributeLabels | None
    recipe: Recipe
    device: Device

    def run(self, progress: Progress) -> None:
        """Runs the stages whose last file is not yet in the folder.

        Raises:
            RunError: a loss or a score became infinite or NaN.
        """
        try:
            if not (self.folder / WEIGHTS).is_file():
                self._train_network(progress)
            if not (self.folder / CANDIDATES).is_file():
                self._fit_inlier_models(progress)
        except (TrainingDivergedError, UnscorableError) as error:
            raise RunError(str(error)) from error

    @property
    def is_done(self) -> bool:
        """Whether there are inlier models that scored the held-out pieces."""
        return (self.folder / CANDIDATES).is_file() and bool(self.held_out_columns())

    def held_out_columns(self) -> dict[str, NDArray[np.float64]]:
        """(N,) scores of the held-out pieces, by inlier model."""
        return read_candidate_table(self.folder / CANDIDATES).columns

    def embedder(self) -> ClipEmbedder:
        """The trained network."""
        statistics = self.data.statistics[NORMAL]
        return ClipEmbedder.load(self.folder / WEIGHTS, variant_for(self.labels), self.recipe, statistics, self.device)

    def _train_network(self, progress: Progress) -> None:
        pieces, variant = self.data.training[NORMAL], variant_for(self.labels)
        passes = -(-_CROPS_AN_EPOCH // len(pieces))
        crops = TrainingCrops(self._with_training(pieces * passes), self.recipe, self.device)
        NetworkTraining(NORMAL, variant.name, variant.slug, variant, self.labels, crops).run(self.folder, progress)

    def _fit_inlier_models(self, progress: Progress) -> None:
        """Fits the inlier models and scores the held-out pieces. What a killed call left unfinished is made again."""
        variant = variant_for(self.labels)
        shutil.rmtree(self.folder / "inlier", ignore_errors=True)
        spread = self._with_training(evenly_spread(self.data.training[NORMAL]))
        ScoringStage(NORMAL, variant.name, variant, spread, self.recipe, self.embedder()).run(self.folder, progress)

    def _with_training(self, pieces: list[int]) -> PreparedData:
        return replace(self.data, training={**self.data.training, NORMAL: pieces})
