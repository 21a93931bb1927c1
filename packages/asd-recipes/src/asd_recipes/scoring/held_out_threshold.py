"""The threshold of a model, from the scores of the held-out pieces."""

import numpy as np
from numpy.typing import NDArray

from asd_eval import quantile_threshold
from asd_eval.errors import InsufficientDataError
from asd_runtime.model.manifest import Threshold


def threshold_of(held_out: NDArray[np.float64], false_alarms: float, *, stretch_s: float) -> Threshold:
    """The quantile of held-out scores (N,) for the false-alarm rate, or their maximum if N is too small for it."""
    try:
        value, rule = quantile_threshold(held_out, quantile=1 - false_alarms), "quantile"
    except InsufficientDataError:
        value, rule = float(held_out.max()), "largest"
    return Threshold(
        value=value,
        stretch_s=stretch_s,
        rule=rule,  # type: ignore[arg-type]  # one of the two
        false_alarms=false_alarms,
        smallest=float(held_out.min()),
        median=float(np.median(held_out)),
        largest=float(held_out.max()),
    )
