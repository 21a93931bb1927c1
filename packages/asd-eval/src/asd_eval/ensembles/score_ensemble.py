"""An ensemble of models: each model's scores standardised by normal training clips, then averaged.

A clip's score depends on that clip and the models alone, never on other test clips.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from numpy.typing import ArrayLike

from asd_eval.ensembles.average import average_scores
from asd_eval.ensembles.z_score import ZScoreStandardiser
from asd_eval.errors import ScoreError
from asd_eval.inputs.checked_columns import Float64Array


@dataclass(frozen=True)
class ScoreEnsemble:
    """Models by name, each with the scale of its scores; make it with ``fit``."""

    standardisers: Mapping[str, ZScoreStandardiser]

    @classmethod
    def fit(cls, normal_training_scores: Mapping[str, ArrayLike]) -> Self:
        """Learn the scale of each model.

        Args:
            normal_training_scores: (N,) scores of normal training clips, by model.

        Raises:
            ScoreError: if a model's scores are not finite, or all equal.
        """
        return cls({name: ZScoreStandardiser().fit(scores) for name, scores in normal_training_scores.items()})

    def standardise(self, scores: Mapping[str, ArrayLike]) -> dict[str, Float64Array]:
        """Standardised scores (N,) of each model, in the order given.

        Raises:
            ScoreError: if a model is unknown, or a score is not finite.
        """
        unknown = [name for name in scores if name not in self.standardisers]
        if unknown:
            raise ScoreError(f"no model {unknown[0]!r} in this ensemble; it has {', '.join(self.standardisers)}.")
        return {name: self.standardisers[name].transform(values) for name, values in scores.items()}

    def score(self, scores: Mapping[str, ArrayLike]) -> Float64Array:
        """Mean of the models' standardised scores, (N,).

        Raises:
            ScoreError, LengthError: if there are no models, a model is unknown, or lengths differ.
        """
        return average_scores(list(self.standardise(scores).values()))


def average_by_model(parts: Sequence[Mapping[str, ArrayLike]]) -> dict[str, Float64Array]:
    """Mean over several trainings of one system, for each model that all of them have.

    Args:
        parts: standardised scores (N,) by model, of each training.

    Raises:
        ScoreError, LengthError: as for ``average_scores``.
    """
    shared = [name for name in parts[0] if all(name in part for part in parts)]
    return {name: average_scores([part[name] for part in parts]) for name in shared}
