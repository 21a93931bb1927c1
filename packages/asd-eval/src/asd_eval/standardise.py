"""Standardise a system's scores with what it said about normal training clips.

Systems score on scales of their own; before a mean over them means anything, each needs a common scale. All of
these are fitted on the scores of normal TRAINING clips, so one clip can be scored by itself. For the statistics of
a test set see ``transductive_standardise``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from .checked_columns import Float64Array, checked_scores
from .errors import InsufficientDataError, NotFittedError, ScoreError
from .leakage import refuse_test_data


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
            names: (N,) clip names, to have the leakage check look at them.

        Raises:
            ScoreError: if the scores are not finite, or all equal.
            LeakageError: if a name is marked test or anomalous.
            LengthError: if there are more or fewer names than scores.
        """
        scores = _training_scores(normal_training_scores, names)
        self.mean_, self.std_ = float(scores.mean()), float(scores.std())
        return self

    def transform(self, scores: ArrayLike) -> Float64Array:
        """Standardised scores, of the shape given: () or (N,)."""
        return (_scores_of(self, scores, "mean_") - self.mean_) / self.std_


class RobustStandardiser:
    """(score - median) / (1.4826 * median absolute deviation): a few odd training clips change nothing.

    Attributes:
        median_, scale_: after ``fit``; the scale equals the standard deviation for normally distributed scores.
    """

    median_: float
    scale_: float

    def fit(self, normal_training_scores: ArrayLike, *, names: Sequence[str] | None = None) -> Self:
        """Learn median and scale; arguments and errors as ``ZScoreStandardiser.fit``."""
        scores = _training_scores(normal_training_scores, names)
        self.median_ = float(np.median(scores))
        # 1.4826 = 1 / (normal quantile of 0.75)
        self.scale_ = 1.4826022185056018 * float(np.median(np.abs(scores - self.median_)))
        if self.scale_ == 0.0:
            raise ScoreError("more than half of the training scores are equal; use ZScoreStandardiser instead.")
        return self

    def transform(self, scores: ArrayLike) -> Float64Array:
        """Standardised scores, of the shape given: () or (N,)."""
        return (_scores_of(self, scores, "median_") - self.median_) / self.scale_


class EmpiricalQuantileStandardiser:
    """-log(1 - q) with q the score's quantile among the training scores: how surprising a normal clip would be.

    A training distribution of any shape becomes the standard exponential one; a mean over systems is then Fisher's
    way of pooling p-values. Between training scores q is interpolated; beyond the largest the upper tail goes on
    exponentially with the mean excess of the top tenth, so that no two anomalous clips become equal.

    Attributes:
        levels_, surprise_: (U,) distinct training scores and their values, after ``fit``.
        tail_: excess that adds 1 beyond the largest training score.
    """

    levels_: Float64Array
    surprise_: Float64Array
    tail_: float

    def fit(self, normal_training_scores: ArrayLike, *, names: Sequence[str] | None = None) -> Self:
        """Learn the quantiles; arguments and errors as ``ZScoreStandardiser.fit``."""
        scores = np.sort(_training_scores(normal_training_scores, names))
        self.levels_, counts = np.unique(scores, return_counts=True)
        # midrank / (n + 1): never 0 or 1, and a tie sits in its middle
        quantiles = (np.cumsum(counts) - 0.5 * (counts - 1)) / (len(scores) + 1)
        self.surprise_ = -np.log1p(-quantiles)
        start = len(scores) - max(len(scores) // 10, 1)
        excess = scores[start:] - scores[max(start - 1, 0)]
        self.tail_ = float(excess.mean()) or float(scores.std())
        return self

    def transform(self, scores: ArrayLike) -> Float64Array:
        """Standardised scores, of the shape given: () or (N,); each is at least 0 for a score above the median."""
        values = _scores_of(self, scores, "tail_")
        inside = np.interp(values, self.levels_, self.surprise_)
        above = np.maximum(values - self.levels_[-1], 0.0) / self.tail_
        # Below the smallest the value goes on falling at the same pace: order is kept there as well.
        below = np.minimum(values - self.levels_[0], 0.0) / self.tail_
        return np.asarray(inside + above + below, dtype=np.float64)


class LocalDensityStandardiser:
    """Distances to normal training clips, each divided by how far apart that clip's own neighbours are.

    In a sparse region, often the few clips of the target domain, all distances are large; dividing by the local
    distance makes the domains comparable (Wilkinghoff 2025, local density-based score normalisation).

    Args:
        neighbours: K, over how many neighbours the local distance is averaged.

    Attributes:
        local_distance_: (N,) after ``fit``.
    """

    local_distance_: Float64Array

    def __init__(self, neighbours: int = 1) -> None:
        if neighbours < 1:
            raise ScoreError(f"neighbours must be at least 1; got {neighbours}.")
        self.neighbours = neighbours

    def fit(self, distances: ArrayLike, *, names: Sequence[str] | None = None) -> Self:
        """Learn the local distance of each training clip.

        Args:
            distances: (N, N) between the normal training clips; the diagonal is not read.
            names: (N,) clip names, to have the leakage check look at them.

        Raises:
            ScoreError: if distances are not square, finite and non-negative, or a clip's neighbours coincide with it.
            InsufficientDataError: if there are no K neighbours.
        """
        matrix = _distances(distances)
        clips = len(matrix)
        refuse_test_data(names=names, clips=clips)
        if matrix.shape != (clips, clips):
            raise ScoreError(f"distances must be (N, N) between training clips; got {matrix.shape}.")
        if clips <= self.neighbours:
            raise InsufficientDataError(
                f"{clips} training clips have no {self.neighbours} neighbours; lower neighbours."
            )
        others = matrix.copy()
        np.fill_diagonal(others, np.inf)
        nearest = np.partition(others, self.neighbours - 1, axis=1)[:, : self.neighbours]
        local = nearest.mean(axis=1)
        if not np.all(local > 0):
            raise ScoreError(f"training clip {int(np.argmin(local))} coincides with its neighbours; raise neighbours.")
        self.local_distance_ = local
        return self

    def transform(self, distances: ArrayLike) -> Float64Array:
        """Scores (Q,) of clips from their distances (Q, N) to the training clips, or () from (N,)."""
        if not hasattr(self, "local_distance_"):
            raise NotFittedError("call fit(distances) before transform.")
        matrix = np.asarray(distances, dtype=np.float64)
        rows = _distances(np.atleast_2d(matrix))
        if rows.shape[1] != len(self.local_distance_):
            raise ScoreError(f"distances must be (Q, {len(self.local_distance_)}); got {rows.shape}.")
        scores = (rows / self.local_distance_).min(axis=1)
        return np.asarray(scores.reshape(matrix.shape[:-1]), dtype=np.float64)


def _training_scores(scores: ArrayLike, names: Sequence[str] | None) -> Float64Array:
    values = checked_scores(scores, name="normal_training_scores")
    refuse_test_data(names=names, clips=len(values))
    if np.ptp(values) == 0.0:
        raise ScoreError(f"all {len(values)} training scores are {values[0]}: they define no scale.")
    return values


def _scores_of(standardiser: object, scores: ArrayLike, attribute: str) -> Float64Array:
    if not hasattr(standardiser, attribute):
        raise NotFittedError("call fit(normal_training_scores) before transform.")
    array = np.asarray(scores, dtype=np.float64)
    return checked_scores(np.atleast_1d(array)).reshape(array.shape)


def _distances(distances: ArrayLike) -> Float64Array:
    matrix = np.asarray(distances, dtype=np.float64)
    if matrix.ndim != 2 or matrix.size == 0 or not np.all(np.isfinite(matrix)) or np.any(matrix < 0):
        raise ScoreError(f"distances must be a matrix of finite numbers >= 0; got shape {matrix.shape}.")
    return matrix
