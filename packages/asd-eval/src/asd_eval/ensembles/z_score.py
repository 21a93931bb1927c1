"""Bring the scores of a model to a common scale, by its scores of normal training clips.

Each model scores on a scale of its own; a mean over models needs a common one. The scale comes from training clips, so
that one clip can be scored by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from asd_eval.errors import NotFittedError
from asd_eval.inputs.checked_columns import Float64Array, checked_scores
from asd_eval.inputs.training_scores import varied_training_scores


class ZScoreStandardiser:
    """(score - mean) / standard deviation of the training scores.

    Attributes:
        mean_, std_: after ``fit``; the population standard deviation.
    """

    mean_: float
    std_: float

    def fit(self, normal_training_scores: ArrayLike, *, names: Sequence[str] | None = None) -> Self:
        """Learn mean and standard deviation.

        Args:
            normal_training_scores: (N,).
            names: (N,) clip names; with them, test clips and anomalous ones are refused.

        Raises:
            ScoreError: if the scores are not finite, or all equal.
            LeakageError: if a name marks a test clip or an anomalous one.
            LengthError: if there are more or fewer names than scores.
        """
        scores = varied_training_scores(normal_training_scores, names)
        self.mean_, self.std_ = float(scores.mean()), float(scores.std())
        return self

    def transform(self, scores: ArrayLike) -> Float64Array:
        """Standardised scores, of the shape given: () or (N,).

        Raises:
            NotFittedError: before ``fit``.
            ScoreError: if a score is not finite.
        """
        if not hasattr(self, "mean_"):
            raise NotFittedError("call fit(normal_training_scores) before transform.")
        array = np.asarray(scores, dtype=np.float64)
        return (checked_scores(np.atleast_1d(array)).reshape(array.shape) - self.mean_) / self.std_
