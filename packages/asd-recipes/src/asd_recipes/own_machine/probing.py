"""Mixes probes into held-out pieces and scores these with each detector.

At most three times `fit.probe_pieces` pieces are probed, evenly spread; each fault goes into `fit.probe_pieces` of
them, at every level, and the faults take turns. The network hears the segments of a piece that follow one another
without overlap, and the last one: the whole piece, in a quarter of the time or little more.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asd_recipes.own_machine.machine_training import MachineTraining
from asd_recipes.own_machine.normal import NORMAL
from asd_recipes.own_machine.own_data import OwnData
from asd_recipes.own_machine.probe_scores import ProbeScores, write_probe_scores
from asd_recipes.own_machine.spectral_fit import SpectralFit
from asd_recipes.probes.faults import FAULTS, Fault, probed
from asd_recipes.recipe.seeding import derive_seed
from asd_recipes.recipe.settings import Recipe
from asd_recipes.reproduction.run_store import RunError
from asd_runtime.errors import UnscorableError
from asd_runtime.model.joined_score import OE, SPECTRAL
from asd_runtime.progress import Advance, Progress
from asd_runtime.scoring.network_scorer import SystemScorer
from asd_runtime.sound.samples import Samples

Float64Array = NDArray[np.float64]
Hear = Callable[[Sequence[Samples]], Float64Array]
"""(N,) scores of N pieces."""
PROBES = "probes.csv"
_PIECES_TO_THOSE_WITH_ONE_FAULT = 3
"""So many times the pieces with one fault are probed in all."""


@dataclass(frozen=True)
class Probing:
    """The detectors of a fit, by name, and the held-out pieces; it writes `PROBES`."""

    folder: Path
    data: OwnData
    recipe: Recipe
    detectors: dict[str, Hear]

    def run(self, progress: Progress) -> None:
        """Runs unless it is done.

        Raises:
            RunError: no detector could be fitted, or a score became infinite or NaN.
        """
        if (self.folder / PROBES).is_file():
            return
        if not self.detectors:
            raise RunError("no detector could be fitted: the recordings give too few segments. Add recordings.")
        waves = self._waves()
        turns = _turns(len(waves), self.recipe.fit.probe_pieces)
        with progress.stage("score probes", len(waves) + len(turns)) as advance:
            try:
                normal = self._scores(([wave] for wave in waves), advance)
                probed = self._scores((self._mixed(waves[piece], fault, piece) for fault, piece in turns), advance)
            except UnscorableError as error:
                raise RunError(str(error)) from error
        each = [(fault.kind, level_db, piece) for fault, piece in turns for level_db in fault.levels_db]
        scores = ProbeScores(
            normal=normal,
            probed=probed,
            kinds=[kind for kind, _, _ in each],
            levels_db=[level_db for _, level_db, _ in each],
            pieces=np.array([piece for _, _, piece in each], np.int64),
        )
        write_probe_scores(self.folder / PROBES, scores)

    def _mixed(self, wave: Samples, fault: Fault, piece: int) -> list[Samples]:
        """A piece with a fault, at each level."""
        seed = derive_seed(self.recipe.seed, "probe", fault.kind, piece)
        return list(probed(wave, fault, self.recipe.log_mel, seed=seed))

    def _scores(self, groups: Iterable[Sequence[Samples]], advance: Advance) -> dict[str, Float64Array]:
        """The scores of all waves of all groups, by detector."""
        parts: dict[str, list[Float64Array]] = {name: [] for name in self.detectors}
        for group in groups:
            for name, hear in self.detectors.items():
                parts[name].append(hear(group))
            advance(1)
        scores = {name: np.concatenate(of_detector) for name, of_detector in parts.items()}
        for name, of_detector in scores.items():
            if not np.isfinite(of_detector).all():
                raise RunError(
                    f"a score of a held-out piece by {name} is infinite or no number. Leave recordings out whose scale "
                    "is far from that of the others."
                )
        return scores

    def _waves(self) -> list[Samples]:
        """The pieces that are probed."""
        held_out = self.data.prepared.validation[NORMAL]
        count = min(len(held_out), _PIECES_TO_THOSE_WITH_ONE_FAULT * self.recipe.fit.probe_pieces)
        return [self.data.prepared.bank.waves[held_out[place * len(held_out) // count]] for place in range(count)]


def _turns(pieces: int, pieces_per_fault: int) -> list[tuple[Fault, int]]:
    """Which fault goes into which piece: the faults take turns, so that the pieces have equally many."""
    each = min(pieces, pieces_per_fault)
    return [(fault, (each * turn + place) % pieces) for turn, fault in enumerate(FAULTS) for place in range(each)]


def detectors_of(training: MachineTraining, spectral: SpectralFit) -> dict[str, Hear]:
    """The detectors that were fitted, by name."""
    found: dict[str, Hear] = {}
    if training.is_done:
        found[OE] = NetworkHearing(training.scorer()).scores
    if spectral.is_done:
        found[SPECTRAL] = spectral.scorer().score_pieces
    return found


@dataclass(frozen=True)
class NetworkHearing:
    """The network and the inlier models behind it."""

    scorer: SystemScorer

    def scores(self, waves: Sequence[Samples]) -> Float64Array:
        """(N,) scores of pieces, each the mean over segments that together hold the whole piece."""
        return np.array([self._score(wave) for wave in waves])

    def _score(self, wave: Samples) -> float:
        front_end, (network,) = self.scorer.front_end, self.scorer.networks
        segments = front_end.segments
        step = -(-segments.length_samples // segments.hop_samples)
        chosen = _spread(len(segments.starts(len(wave))), step)
        spectrograms = front_end.spectrograms(front_end.cut(wave)[chosen], threads=self.scorer.threads)
        weights = front_end.weights(wave)
        of_chosen = None if weights is None else weights[chosen]
        scores = self.scorer.means(
            [network.of_segments(spectrograms)],
            lambda bins: of_chosen,
            np.arange(len(chosen)),
            np.array([len(chosen)]),
        )
        return float(scores[0])


def _spread(segments: int, step: int) -> NDArray[np.int64]:
    """Places of every step-th segment, and of the last one, which may overlap the one before."""
    return np.unique([*range(0, segments, step), segments - 1])
