"""The rule by which detectors are joined without labels: each has a say as far as it hears the probes.

A detector's sensitivity is by how many standard deviations of normal scores the probes raise its score, on average over
kinds, levels and pieces. Scores count up to three standard deviations: what is beyond is heard anyway. From it the
standard error of such a mean is taken away, which is what chance gives a detector that hears nothing. The weights are
proportional to the rest: of independent detectors with equal variances, the sum with weights proportional to the mean
shift tells faulty from normal best (Fisher's linear discriminant). docs/few_recordings.md has the rule in full.
"""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from asd_runtime.model.joined_score import MOST_DEVIATIONS, chance

Float64Array = NDArray[np.float64]


def sensitivity(normal: Float64Array, probed: Float64Array, pieces: NDArray[np.int64]) -> float:
    """The mean rise of standardised scores, each of them limited to -3 to 3.

    Args:
        normal: (N,) scores of the pieces without a probe.
        probed: (R,) scores of the pieces with one.
        pieces: (R,) which of the N pieces each probe is in.
    """
    rise = _limited(probed) - _limited(normal)[pieces]
    return float(rise.mean())


def weights_of(sensitivities: Mapping[str, float], pieces: int) -> dict[str, float]:
    """Weights by detector, with the sum 1; alike if no detector hears more than chance gives.

    Args:
        sensitivities: by detector.
        pieces: how many different pieces were probed.
    """
    beyond_chance = {name: max(0.0, value - chance(pieces)) for name, value in sensitivities.items()}
    total = math.fsum(beyond_chance.values())
    if total == 0:
        return dict.fromkeys(beyond_chance, 1 / len(beyond_chance))
    return {name: value / total for name, value in beyond_chance.items()}


def _limited(scores: Float64Array) -> Float64Array:
    return np.clip(scores, -MOST_DEVIATIONS, MOST_DEVIATIONS)
