"""A detector that trains no network: pooled log-mel frames, and the distance to the nearest normal training clip.

Not in the paper. Wilkinghoff et al. (2025) and others find that such detectors beat trained ones if recordings are few;
so a network has to beat this one. Statistics are `asd_features.spectral_statistics`, distances
`asd_inlier.MahalanobisKNN`. All choices are the recipe's `[spectral]`, which gives the reasons.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asd_inlier import clip_scores
from asd_recipes.baseline.spectral_model import fitted_model, spectral_vectors
from asd_recipes.recipe.settings import Recipe
from asd_recipes.scoring.candidate_table import candidate_table, write_candidate_table
from asd_recipes.scoring.segment_means import segment_weights
from asd_recipes.training.machine_data import PreparedData
from asd_recipes.waveforms.device_choice import Device
from asd_runtime.progress import Advance, Progress
from asd_runtime.sound.samples import Samples
from asd_runtime.sound.standardised_segments import one_segment, standardised_segments

if TYPE_CHECKING:
    from asd_inlier import MahalanobisKNN

Float64Array = NDArray[np.float64]
COLUMN = "nearest"
"""Column of the score table."""


@dataclass(frozen=True)
class SpectralDetector:
    """The inputs of the detector of one machine."""

    machine: str
    data: PreparedData
    recipe: Recipe
    device: Device

    def score(self, folder: Path, progress: Progress) -> None:
        """Fits on the training clips of both domains, scores validation and test clips; writes `candidates.csv`."""
        bank, training = self.data.bank, self.data.training[self.machine]
        scored, parts = self.data.scored_clips(self.machine)
        stage = progress.stage(f"{self.machine} spectral statistics", len(training) + len(scored))
        with stage as advance:
            pooled = list(self._pooled([bank.waves[index] for index in training], advance))
            model = fitted_model(np.concatenate(pooled), self.recipe.spectral)
            waves = [bank.waves[index] for index in scored]
            scores = self._scores(model, waves, list(self._pooled(waves, advance)))
        table = candidate_table([bank.clips[index] for index in scored], parts, {COLUMN: scores})
        write_candidate_table(folder / "candidates.csv", table)

    def _pooled(self, waves: Sequence[Samples], advance: Advance) -> Iterator[Float64Array]:
        """(1, D) for each clip, or (S, D) for its segments, standardised by the machine's level."""
        level, segments = self.data.statistics[self.machine], self.recipe.segments
        vectors = spectral_vectors(self.recipe, level, self.device)
        for wave in waves:
            settings = one_segment(wave, segments) if self.recipe.spectral.pooling == "clip" else segments
            yield vectors.of_segments(standardised_segments(wave, settings, "machine", level)(wave))
            advance(1)

    def _scores(
        self, model: "MahalanobisKNN", waves: Sequence[Samples], pooled: Sequence[Float64Array]
    ) -> Float64Array:
        """(N,) scores of clips; from segments, their mean, weighted as in the paper (Sec. 3.2)."""
        counts = np.array([len(of_clip) for of_clip in pooled], np.int64)
        by_segment = self.recipe.spectral.pooling == "segment"
        weights = segment_weights(self.machine, waves, self.recipe) if by_segment else None
        return clip_scores(model.anomaly_score(np.concatenate(pooled)), counts, weights)
