"""AUC and partial AUC from how many normal and anomalous clips share each score.

One evaluation, ten thousand bootstrap resamples and a permutation test all count clips at each distinct score and call
these functions. A tie is a shared position, so no tolerance has to be chosen. Counts are whole numbers: float64 holds
them and their products exactly up to 2**53.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asd_eval.inputs.checked_columns import Float64Array, Int64Array


def score_positions(scores: Float64Array) -> tuple[Int64Array, int]:
    """Position of each score among the distinct scores, highest first.

    Args:
        scores: (N,) finite.

    Returns:
        (N,) positions from 0 (the highest score), and the number of distinct scores U.
    """
    distinct, position = np.unique(scores, return_inverse=True)
    return (len(distinct) - 1 - position).astype(np.int64), len(distinct)


def auc_from_counts(normal: NDArray[np.float64], anomalous: NDArray[np.float64]) -> Float64Array:
    """Area under the ROC curve; ties count half (Mann-Whitney).

    Args:
        normal: (..., U) clips at each position, highest score first.
        anomalous: (..., U) likewise.

    Returns:
        (...,) areas; NaN where a class is empty.
    """
    detected = np.cumsum(anomalous, axis=-1)
    totals = np.sum(normal, axis=-1) * detected[..., -1]
    twice_wins = np.einsum("...u,...u->...", normal, 2.0 * detected - anomalous)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(twice_wins / (2.0 * totals), dtype=np.float64)


def partial_auc_from_counts(
    normal: NDArray[np.float64], anomalous: NDArray[np.float64], *, max_fpr: float
) -> Float64Array:
    """Area up to a false-positive rate, standardised after McClish: 0.5 is chance, 1 is perfect.

    The curve is interpolated linearly inside a tie and at ``max_fpr``, as scikit-learn does.

    Args:
        normal: (..., U) clips at each position, highest score first.
        anomalous: (..., U) likewise.
        max_fpr: p, in (0, 1].

    Returns:
        (...,) standardised partial areas; NaN where a class is empty.
    """
    false_alarms = np.cumsum(normal, axis=-1)
    normals = false_alarms[..., -1:]
    limit = max_fpr * normals
    # Positions that begin beyond the limit in every row add nothing; for a small p that is most of them.
    used = _used_positions(false_alarms, limit)
    normal, anomalous_used, false_alarms = normal[..., :used], anomalous[..., :used], false_alarms[..., :used]
    width = np.minimum(false_alarms, limit) - np.minimum(false_alarms - normal, limit)
    detected = np.cumsum(anomalous_used, axis=-1) - anomalous_used
    share = np.divide(width, normal, out=np.zeros_like(width), where=normal > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        area = np.einsum("...u,...u->...", width, detected + 0.5 * anomalous_used * share)
        area = area / (normals[..., 0] * np.sum(anomalous, axis=-1))
    lowest, highest = 0.5 * max_fpr**2, max_fpr
    return np.asarray(0.5 * (1.0 + (area - lowest) / (highest - lowest)), dtype=np.float64)


def _used_positions(false_alarms: Float64Array, limit: Float64Array) -> int:
    positions = false_alarms.shape[-1]
    still_below = np.flatnonzero((false_alarms < limit).reshape(-1, positions).any(axis=0))
    return min(int(still_below[-1]) + 2, positions) if still_below.size else 1
