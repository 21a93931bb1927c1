"""A number with its interval, and the two ways in which this package reads one off a bootstrap distribution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .checked_columns import Float64Array
from .errors import EvaluationError


@dataclass(frozen=True)
class Interval:
    """A value, and where the true one lies with ``confidence``."""

    value: float
    low: float
    high: float
    confidence: float
    method: str

    def __str__(self) -> str:
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}] ({100 * self.confidence:g} %, {self.method})"


def checked_confidence(confidence: float) -> float:
    """``confidence`` itself, if it is in (0, 1)."""
    if not 0.0 < confidence < 1.0:
        raise EvaluationError(f"confidence must be in (0, 1); got {confidence}. Usual is 0.95.")
    return confidence


def percentile_interval(value: float, resampled: Float64Array, confidence: float) -> Interval:
    """The middle ``confidence`` share of the resampled values (R,)."""
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(resampled, [tail, 1.0 - tail])
    return Interval(value, float(low), float(high), confidence, "bootstrap")
