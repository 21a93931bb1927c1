"""The score of a model of several detectors, and what the probes showed about them; both are part of its manifest."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["tone", "noise", "clicks", "modulation", "missing band", "rise"]
"""Kinds of known faults, with which a model was probed."""
Float64Array = NDArray[np.float64]
OE, SPECTRAL = "oe", "spectral"
"""The detectors' names: the inlier models behind the networks, and the spectral statistics."""
MOST_DEVIATIONS = 3.0
"""So far the standardised score of a probe counts: what is beyond is heard anyway."""


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation of normal scores."""

    mean: float
    std: float


@dataclass(frozen=True)
class JoinedDetector:
    """A detector's say in the score.

    Attributes:
        weight: 0 for a detector that is left out.
        sensitivity: by how many standard deviations the probes raise its score, each score counted up to 3.
        mean, std: of its scores of the held-out pieces.
        shorter: spectral statistics alone: the scale of scores of the first hop, two hops, ... of the held-out pieces,
            without that of whole pieces.
    """

    weight: float
    sensitivity: float
    mean: float
    std: float
    shorter: tuple[Scale, ...] = ()


@dataclass(frozen=True)
class ProbeShare:
    """The share of pieces with a fault of one kind and level that score above the threshold.

    Attributes:
        above: by the model's score.
        above_alone: by each detector's own score, with a threshold of its own by the same rule.
    """

    kind: Kind
    level_db: float
    above: float
    above_alone: dict[str, float]


@dataclass(frozen=True)
class Joined:
    """How detectors' scores become one.

    Attributes:
        detectors: by name; their weights have the sum 1.
        mean, std: of the weighted sums of the held-out pieces.
        probed_pieces: how many held-out pieces were probed; 0 if there were no probes.
        probes: by kind and level.
    """

    detectors: dict[str, JoinedDetector]
    mean: float
    std: float
    probed_pieces: int
    probes: tuple[ProbeShare, ...]

    @property
    def voices(self) -> list[str]:
        """The detectors that have a say, in order."""
        return [name for name, detector in self.detectors.items() if detector.weight > 0]

    def score(self, scores: Mapping[str, Float64Array]) -> Float64Array:
        """Joined scores, from those of the detectors that have a say, all of one shape."""
        with np.errstate(over="ignore", invalid="ignore"):  # who scores refuses what is not finite
            weighted = weighted_sum(self.detectors, scores)
            joined: Float64Array = (weighted - self.mean) / self.std
        return joined


def weighted_sum(detectors: Mapping[str, JoinedDetector], scores: Mapping[str, Float64Array]) -> Float64Array:
    """The sum of standardised scores with the detectors' weights, before it is brought to its scale."""
    parts = [
        detector.weight * (scores[name] - detector.mean) / detector.std
        for name, detector in detectors.items()
        if detector.weight > 0
    ]
    weighted: Float64Array = np.sum(parts, axis=0)
    return weighted


def chance(pieces: int) -> float:
    """The standard error of a mean of so many standardised scores: the sensitivity that chance gives."""
    return 1 / math.sqrt(pieces)
