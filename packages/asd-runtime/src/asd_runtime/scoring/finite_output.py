"""Refuses a network's output, or a score, that is not finite."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_runtime.errors import UnscorableError


def check_finite(output: NDArray[Any]) -> None:
    """Does nothing if all numbers are finite.

    Raises:
        UnscorableError: one is infinite or NaN.
    """
    if not np.isfinite(output).all():
        raise UnscorableError(
            "the network's output is not finite. Leave the recording out if it alone gives this; if all do, the "
            "network is no good: train it again, with a lower learning rate."
        )


def check_scores(scores: NDArray[np.float64]) -> None:
    """Does nothing if all scores are finite.

    Raises:
        UnscorableError: one is infinite or NaN.
    """
    if not np.isfinite(scores).all():
        raise UnscorableError("a score is infinite or no number: the model is damaged or does not fit")
