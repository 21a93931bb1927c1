"""Statistics of spectrogram frames over time: one vector for a clip or a segment, for detectors that need no training.

Mean, standard deviation and mean absolute difference of neighbouring frames, each for every band. The mean says what a
machine sounds like, the other two how steady it is: knocks and modulation leave the mean alone.

Generalised weighted rank pooling (GWRP) can take the mean's place: frames are sorted by their level, band by band, and
weighted with r, r^2, r^3, ...: r = 1 is the mean, r = 0 the maximum (Kolesnikov and Lampert 2016, Eq. 4; for sounds of
machines Guan et al. 2023).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Statistic = Literal["mean", "std", "difference", "rank"]
STATISTICS: tuple[Statistic, ...] = ("mean", "std", "difference", "rank")


def spectral_statistics(
    log_mel: NDArray[Any],
    statistics: Sequence[Statistic] = ("mean", "std", "difference"),
    *,
    rank_decay: float = 0.99,
) -> NDArray[np.float64]:
    """Pool the frames of spectrograms.

    Args:
        log_mel: (..., M, F) float32 or float64, F at least 1.
        statistics: which, in the order of the result; M numbers each. `std` divides by F. `difference` is the mean
            absolute difference of neighbouring frames, 0 for a single frame. `rank` is GWRP.
        rank_decay: r of GWRP, 0 (the loudest frame) to 1 (the mean).

    Returns:
        (..., len(statistics) * M) float64. A spectrogram's numbers do not depend on the others in the array.

    Raises:
        TypeError: if log_mel is no array of floats.
        ValueError: if its shape is another, it holds NaN or infinity, statistics is empty, names one twice or an
            unknown one, or rank_decay is outside 0 to 1.
    """
    frames = _checked_frames(log_mel)
    if not statistics or len(set(statistics)) < len(statistics) or not set(statistics) <= set(STATISTICS):
        raise ValueError(f"statistics must be some of {', '.join(STATISTICS)}, each once; got {list(statistics)}.")
    if not 0 <= rank_decay <= 1:
        raise ValueError(f"rank_decay must be 0 (the maximum) to 1 (the mean); got {rank_decay}.")
    return np.concatenate([_pooled(frames, statistic, rank_decay) for statistic in statistics], axis=-1)


def _checked_frames(log_mel: NDArray[Any]) -> NDArray[Any]:
    frames = np.asarray(log_mel)
    if frames.dtype not in (np.float32, np.float64):
        raise TypeError(f"log_mel must be float32 or float64; got {frames.dtype}. Pass what `log_mel` returns.")
    if frames.ndim < 2 or 0 in frames.shape[-2:]:
        raise ValueError(f"log_mel must be (..., M, F) with at least one band and one frame; got shape {frames.shape}.")
    if not np.isfinite(frames).all():
        raise ValueError("log_mel must be finite; it holds NaN or infinity. Look at the recording that it is from.")
    return frames


def _pooled(frames: NDArray[Any], statistic: Statistic, rank_decay: float) -> NDArray[np.float64]:
    """(..., M) of one statistic; sums are float64, so that long recordings cost no digits."""
    pooled: NDArray[np.float64]
    if statistic == "mean":
        pooled = frames.mean(axis=-1, dtype=np.float64)
    elif statistic == "std":
        pooled = frames.std(axis=-1, dtype=np.float64)
    elif statistic == "difference":
        steps = np.abs(np.diff(frames, axis=-1))
        pooled = steps.sum(axis=-1, dtype=np.float64) / max(1, steps.shape[-1])
    else:
        weights = rank_decay ** np.arange(frames.shape[-1], dtype=np.float64)
        pooled = np.sort(frames, axis=-1)[..., ::-1].astype(np.float64) @ (weights / weights.sum())
    return pooled
