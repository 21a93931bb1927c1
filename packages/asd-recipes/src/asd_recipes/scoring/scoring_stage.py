"""The second step of a system: inlier models on the embeddings, the flow's score map, a score for each clip (Sec. 4.2).

Inlier models are fitted on the clips that trained the network. Each model's scores are standardised by its scores of
the validation clips, normal clips that were not trained on: nearest-neighbour distances of training vectors would be
zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asd_inlier import save_inlier_model
from asd_models.outlier_exposure_net import EMBEDDING
from asd_native import InlierModel
from asd_recipes.recipe.seeding import derive_seed
from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.system_variants import SystemVariant
from asd_recipes.scoring.candidate_table import candidate_table, write_candidate_table
from asd_recipes.scoring.embedding import Embedder, Embeddings
from asd_recipes.scoring.inlier_candidates import candidates, fit_candidate
from asd_recipes.scoring.segment_means import flow_scores, score_clips, segment_weights
from asd_recipes.training.machine_data import PreparedData
from asd_runtime.model.manifest import FLOW
from asd_runtime.progress import Progress
from asd_runtime.sound.samples import Samples
from asd_runtime.whole_file import write_json

Float64Array = NDArray[np.float64]


@dataclass(frozen=True)
class ScoringStage:
    """The inputs of the second step; `run` writes inlier models and `candidates.csv` to a folder."""

    machine: str
    name: str  # of the system, for the user
    variant: SystemVariant
    data: PreparedData
    recipe: Recipe
    embedder: Embedder
    shipped: bool = False  # for a model: validation clips alone, scored by the saved inlier models with asd-native

    def run(self, folder: Path, progress: Progress) -> None:
        """Embeds, fits, scores and saves."""
        bank = self.data.bank
        scored, parts = self.data.scored_clips(self.machine)
        if self.shipped:
            scored = self.data.validation[self.machine]
            parts = parts[: len(scored)]
        waves = [bank.waves[index] for index in scored]
        with progress.stage(f"{self.machine} {self.name}: embed test clips", len(scored)) as advance:
            embedded = self.embedder.embed(waves, advance, score_maps=self.variant.flow_score)
        columns: dict[str, Float64Array] = {}
        if self.variant.inlier_models:
            training = self._training_embeddings(progress)
            weights = segment_weights(self.machine, waves, self.recipe)
            columns |= self._candidate_scores(training, embedded, weights, folder, progress)
        if self.variant.flow_score:
            columns[FLOW] = flow_scores(self.machine, waves, embedded, self.recipe)
        statistics = self.embedder.statistics
        write_json(folder / "statistics.json", {"mean": statistics.mean, "std": statistics.std})
        table = candidate_table([bank.clips[index] for index in scored], parts, columns)
        write_candidate_table(folder / "candidates.csv", table)

    def _candidate_scores(
        self,
        training: Mapping[str, NDArray[np.float32]],
        embedded: Embeddings,
        weights: Float64Array | None,
        folder: Path,
        progress: Progress,
    ) -> dict[str, Float64Array]:
        """Fits and saves the models of the grid, and scores the clips with them."""
        grid = candidates(self.recipe.inlier)
        seed = derive_seed(self.recipe.seed, self.machine)
        (folder / "inlier").mkdir(parents=True, exist_ok=True)
        columns: dict[str, Float64Array] = {}
        with progress.stage(f"{self.machine} {self.name}: fit and score inlier models", len(grid)) as advance:
            for candidate in grid:
                # asd-inlier uses one BLAS thread wherever the number of threads would change the last bits.
                model = fit_candidate(candidate, training, seed=seed, search=self.recipe.inlier.search)
                if model is None:
                    progress.say(f"{self.machine} {self.name}: too few segments for {candidate.name}; left out")
                else:
                    path = folder / "inlier" / f"{candidate.name}.safetensors"
                    if self.recipe.inlier.save:
                        save_inlier_model(model, path)
                    scoring = InlierModel(path) if self.shipped else model
                    columns[candidate.name] = score_clips(scoring, embedded, weights)
                advance(1)
        return columns

    def _training_embeddings(self, progress: Progress) -> dict[str, NDArray[np.float32]]:
        """(N, 512) for each of the three kinds of training data."""
        bank, settings = self.data.bank, self.recipe.inlier
        domains: dict[str, list[Samples]] = {"source": [], "target": []}
        for index in self.data.training[self.machine]:
            domains[bank.clips[index].training_domain].append(bank.waves[index])
        source, target = domains["source"], domains["target"]
        wants_pseudo = "pseudo-target" in settings.training_data and bool(source and target)
        steps = len(source) * (1 + wants_pseudo) + len(target)
        with progress.stage(f"{self.machine} {self.name}: embed training clips", steps) as advance:
            nothing = np.empty((0, EMBEDDING), np.float32)  # a machine may lack either domain
            of_source = self.embedder.embed(source, advance).vectors if source else nothing
            of_target = self.embedder.embed(target, advance).vectors if target else nothing
            pseudo = nothing
            if wants_pseudo:
                seed = derive_seed(self.recipe.seed, "pseudo-target", self.machine)
                pseudo = self.embedder.embed_pseudo_targets(
                    source, target, alpha=settings.pseudo_target_alpha, seed=seed, advance=advance
                ).vectors
        both = np.concatenate([of_source, of_target])
        return {"source": of_source, "pseudo-target": pseudo, "source+target": both}
