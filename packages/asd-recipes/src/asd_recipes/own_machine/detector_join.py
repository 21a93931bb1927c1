"""Joins the detectors of a fit: weights from the probes, scale and threshold from the held-out pieces."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from asd_eval import ScoreEnsemble, ZScoreStandardiser
from asd_recipes.own_machine.probe_scores import ProbeScores
from asd_recipes.probes.sensitivity import sensitivity, weights_of
from asd_recipes.scoring.held_out_threshold import threshold_of
from asd_runtime.model.joined_score import SPECTRAL, Joined, JoinedDetector, ProbeShare, Scale, weighted_sum
from asd_runtime.model.manifest import Threshold

Float64Array = NDArray[np.float64]


@dataclass(frozen=True)
class DetectorJoin:
    """What joins detectors.

    Attributes:
        held_out: (N,) scores of the held-out pieces, by detector.
        probes: the detectors' scores of pieces with probes.
        false_alarms, stretch_s: of the threshold.
        shorter: the spectral statistics' scales of what is shorter than a stretch.
    """

    held_out: Mapping[str, Float64Array]
    probes: ProbeScores
    false_alarms: float
    stretch_s: float
    shorter: tuple[Scale, ...] = ()

    def run(self) -> tuple[Joined, Threshold]:
        """The model's score, and its threshold."""
        ensemble = ScoreEnsemble.fit(self.held_out)
        normal, probed = (ensemble.standardise(scores) for scores in (self.probes.normal, self.probes.probed))
        sensitivities = {name: sensitivity(normal[name], probed[name], self.probes.pieces) for name in normal}
        pieces = len(next(iter(normal.values())))
        weights = weights_of(sensitivities, pieces)
        detectors = {
            name: JoinedDetector(
                weights[name], sensitivities[name], scale.mean_, scale.std_, self.shorter if name == SPECTRAL else ()
            )
            for name, scale in ensemble.standardisers.items()
        }
        scale = ZScoreStandardiser().fit(weighted_sum(detectors, self.held_out))
        joined = Joined(detectors, scale.mean_, scale.std_, pieces, ())
        threshold = self._threshold(joined.score(self.held_out))
        own = {name: self._threshold(scores).value for name, scores in ensemble.standardise(self.held_out).items()}
        above = {name: probed[name] > own[name] for name in probed}
        shares = self._shares(joined.score(self.probes.probed) > threshold.value, above)
        return replace(joined, probes=shares), threshold

    def _threshold(self, held_out: Float64Array) -> Threshold:
        return threshold_of(held_out, self.false_alarms, stretch_s=self.stretch_s)

    def _shares(self, above: NDArray[np.bool_], above_alone: Mapping[str, NDArray[np.bool_]]) -> tuple[ProbeShare, ...]:
        """The share of pieces above a threshold, by kind and level in the order of the probes."""
        groups: dict[tuple[str, float], list[int]] = {}
        for row, key in enumerate(zip(self.probes.kinds, self.probes.levels_db, strict=True)):
            groups.setdefault(key, []).append(row)
        return tuple(
            ProbeShare(
                kind=kind,  # type: ignore[arg-type]  # of FAULTS
                level_db=level_db,
                above=float(above[rows].mean()),
                above_alone={name: float(alone[rows].mean()) for name, alone in above_alone.items()},
            )
            for (kind, level_db), rows in groups.items()
        )
