"""Refuses vectors so large that the models' arithmetic overflows: infinite or NaN scores cannot be ranked."""

import numpy as np
from numpy.typing import NDArray

_WAY_OUT = "Find out what made them so large (a network that diverged?), or scale the embeddings down."


def refuse_overflowing_fit(variance: float) -> None:
    """Raise ValueError if the training vectors' mean variance is beyond float64.

    Args:
        variance: of all features together; inf or NaN if a square or a sum overflowed.
    """
    if not np.isfinite(variance):
        raise ValueError(f"X holds numbers whose squares overflow float64: it has no finite variance. {_WAY_OUT}")


def refuse_overflowing_scores(scores: NDArray[np.float64], vectors: NDArray[np.float64]) -> None:
    """Raise ValueError if a score is not finite, naming the row that overflowed.

    Args:
        scores: (N,) of these vectors.
        vectors: (N, D) finite, as passed by the caller.
    """
    finite = np.isfinite(scores)
    if not finite.all():
        row = int(np.argmin(finite))
        raise ValueError(
            f"X[{row}] lies so far from the training vectors that float32 overflows; its largest number is "
            f"{np.abs(vectors[row]).max():.3g} ({len(scores) - int(finite.sum())} of {len(scores)} rows do). {_WAY_OUT}"
        )
