"""A control for the flow: one full Gaussian at each position of OE's last map, in the flow's place.

Not in the paper. The flow of the paper and this model see the same kind of map, and their scores become a clip's score
in the same way. So what the flow scores better is what a density that is no Gaussian adds, or the joint training; where
it scores worse, it was trained too little. The network is OE's of the same machine.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asd_recipes.recipe.settings import Recipe
from asd_recipes.scoring.candidate_table import candidate_table, write_candidate_table
from asd_recipes.scoring.embedding import ClipEmbedder
from asd_recipes.scoring.segment_means import map_scores
from asd_recipes.training.machine_data import PreparedData
from asd_runtime.progress import Advance, Progress
from asd_runtime.sound.samples import Samples

Float32Array = NDArray[np.float32]
Float64Array = NDArray[np.float64]
COLUMN = "gaussian"
"""Column of the score table."""


@dataclass(frozen=True)
class PositionGaussians:
    """A normal distribution of the channels for each of the P positions of a map, with covariances of its own.

    A covariance of 512 channels needs more segments than a machine has: each is shrunk (Ledoit and Wolf 2004).
    """

    means: Float64Array  # (P, C)
    factors: Float64Array  # (P, C, C), U with U U^T = the inverse covariance

    @staticmethod
    def fit(maps: Float32Array) -> "PositionGaussians":
        """From the maps (N, C, H, W) of normal segments."""
        from asd_inlier.shrunk_whitening import shrunk_whitening  # imports scikit-learn, which takes a second
        from asd_inlier.single_thread import single_thread

        positions = maps.reshape(*maps.shape[:2], -1)
        means, factors = [], []
        with single_thread():
            for position in range(positions.shape[2]):
                vectors = positions[:, :, position].astype(np.float64)
                means.append(vectors.mean(axis=0))
                factors.append(shrunk_whitening(vectors - means[-1])[0])
        return PositionGaussians(np.stack(means), np.stack(factors))

    def score_map(self, maps: Float32Array) -> Float64Array:
        """(S, H, W): half the squared Mahalanobis distance at each position of maps (S, C, H, W).

        This is -log p but for a constant of the position, as the flow's score is.
        """
        from asd_inlier.single_thread import single_thread

        centred = maps.reshape(*maps.shape[:2], -1).transpose(2, 0, 1) - self.means[:, None]
        with single_thread():
            whitened = centred @ self.factors
        half_squares: Float64Array = 0.5 * np.square(whitened).sum(axis=2)
        return half_squares.T.reshape(len(maps), *maps.shape[2:])


@dataclass(frozen=True)
class FullGaussian:
    """The inputs of the control of one machine."""

    machine: str
    data: PreparedData
    recipe: Recipe
    embedder: ClipEmbedder  # of OE's network

    def score(self, folder: Path, progress: Progress) -> None:
        """Fits on the segments of all training clips, scores validation and test clips; writes `candidates.csv`.

        The maps of all training segments are held at once: 700 MB for 5,000 segments at the paper's sizes.
        """
        bank, training = self.data.bank, self.data.training[self.machine]
        scored, parts = self.data.scored_clips(self.machine)
        waves = [bank.waves[index] for index in scored]
        with progress.stage(f"{self.machine} full Gaussian", len(training) + len(scored)) as advance:
            fitted = PositionGaussians.fit(
                np.concatenate(list(self._maps([bank.waves[index] for index in training], advance)))
            )
            score_maps = [fitted.score_map(maps) for maps in self._maps(waves, advance)]
        counts = np.array([len(of_clip) for of_clip in score_maps], np.int64)
        scores = map_scores(self.machine, waves, np.concatenate(score_maps), counts, self.recipe)
        table = candidate_table([bank.clips[index] for index in scored], parts, {COLUMN: scores})
        write_candidate_table(folder / "candidates.csv", table)

    def _maps(self, waves: Sequence[Samples], advance: Advance) -> Iterable[Float32Array]:
        for wave in waves:
            yield self.embedder.maps(wave)
            advance(1)
