"""Trains the network of one's own machine, writes it as a model has it, and fits the inlier models behind that."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asd_eval import ScoreEnsemble
from asd_native import InlierModel
from asd_recipes.own_machine.learnt_attributes import variant_for
from asd_recipes.own_machine.normal import NORMAL
from asd_recipes.own_machine.own_data import evenly_spread
from asd_recipes.recipe.settings import Recipe
from asd_recipes.reproduction.run_store import RunError
from asd_recipes.scoring.candidate_table import read_candidate_table
from asd_recipes.scoring.engine_embedding import EngineEmbedder, write_network
from asd_recipes.scoring.front_end import front_end_of
from asd_recipes.scoring.scoring_stage import ScoringStage
from asd_recipes.training.attribute_labels import AttributeLabels
from asd_recipes.training.crops import TrainingCrops
from asd_recipes.training.diverged import TrainingDivergedError
from asd_recipes.training.machine_data import PreparedData
from asd_recipes.training.network_training import NetworkTraining
from asd_recipes.waveforms.device_choice import Device
from asd_runtime.errors import UnscorableError
from asd_runtime.model.joined_score import Scale
from asd_runtime.model.manifest import Precision
from asd_runtime.progress import Progress
from asd_runtime.scoring.network_scorer import NetworkScorer, SystemScorer
from asd_runtime.sound.front_end import FrontEnd

WEIGHTS = "weights.safetensors"
SHIPPED = "network.onnx"
CANDIDATES = "candidates.csv"
_CROPS_AN_EPOCH = 128
"""An epoch takes at least this many crops, several of each piece if there are few: four pieces would give one step."""


@dataclass(frozen=True)
class MachineTraining:
    """The inputs of the network of one's own machine and its inlier models.

    Attributes:
        precision: the arithmetic that the shipped network computes with.
    """

    folder: Path
    data: PreparedData
    labels: AttributeLabels | None
    recipe: Recipe
    device: Device
    precision: Precision = "float32"

    def run(self, progress: Progress) -> None:
        """Runs the stages whose last file is not yet in the folder.

        Raises:
            RunError: a loss or a score became infinite or NaN.
        """
        try:
            if not (self.folder / WEIGHTS).is_file():
                self._train_network(progress)
            if not (self.folder / SHIPPED).is_file():
                write_network(self.folder / SHIPPED, self.folder / WEIGHTS, variant_for(self.labels), self.recipe)
        except TrainingDivergedError as error:
            raise RunError(str(error)) from error
        self.fit_inlier_models(progress)

    def fit_inlier_models(self, progress: Progress) -> None:
        """Fits the inlier models behind the shipped network and scores the held-out pieces, unless that is done.

        Raises:
            RunError: a score became infinite or NaN.
        """
        if (self.folder / CANDIDATES).is_file():
            return
        try:
            self._fit_inlier_models(progress)
        except UnscorableError as error:
            raise RunError(str(error)) from error

    @property
    def is_done(self) -> bool:
        """Whether there are inlier models that scored the held-out pieces."""
        return (self.folder / CANDIDATES).is_file() and bool(self.held_out_columns())

    def held_out_columns(self) -> dict[str, NDArray[np.float64]]:
        """(N,) scores of the held-out pieces, by inlier model."""
        return read_candidate_table(self.folder / CANDIDATES).columns

    @property
    def front_end(self) -> FrontEnd:
        """The front end of the model."""
        return front_end_of(self.recipe, NORMAL, self.data.statistics[NORMAL])

    def embedder(self) -> EngineEmbedder:
        """The network as it is shipped."""
        return EngineEmbedder.load(
            self.folder / SHIPPED, self.front_end, threads=self.recipe.threads, precision=self.precision
        )

    def scorer(self) -> SystemScorer:
        """The network and the inlier models behind it, as the model scores with them."""
        scales = {
            name: Scale(scale.mean_, scale.std_)
            for name, scale in ScoreEnsemble.fit(self.held_out_columns()).standardisers.items()
        }
        models = {name: InlierModel(self.folder / "inlier" / f"{name}.safetensors") for name in scales}
        network = NetworkScorer(self.embedder().network, models, scales, self.recipe.threads)
        return SystemScorer(self.front_end, [network], self.recipe.threads)

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
        stage = ScoringStage(NORMAL, variant.name, variant, spread, self.recipe, self.embedder(), shipped=True)
        stage.run(self.folder, progress)

    def _with_training(self, pieces: list[int]) -> PreparedData:
        return replace(self.data, training={**self.data.training, NORMAL: pieces})
