"""False alarms per day: the number that an operator of a machine asks for, and how sure it is.

A stream of clips of ``clip_s`` seconds holds 86,400 / clip_s clips a day; each normal one above the threshold is a
false alarm. Of N normal clips, the chance that a new one exceeds the r-th largest follows a beta
distribution, whatever the distribution of the scores (Wilks 1941), so a rate can be promised with a stated confidence.
The clips must represent the days to come: clips cut from one recording say less than their number suggests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from asd_eval.errors import EvaluationError, InsufficientDataError
from asd_eval.inputs.checked_columns import checked_scores
from asd_eval.inputs.training_scores import checked_training_scores
from asd_eval.intervals.interval import checked_confidence

DAY_S = 86_400.0


@dataclass(frozen=True)
class FalseAlarmRate:
    """How many false alarms a threshold gives.

    Attributes:
        threshold: a clip above it is an alarm.
        expected_per_day: estimate, (r + 1) / (N + 1) of the clips for r of N above the threshold.
        at_most_per_day: upper bound, with ``confidence``.
        clips: N, the number of normal clips behind these numbers.
    """

    threshold: float
    expected_per_day: float
    at_most_per_day: float
    confidence: float
    clips: int


def false_alarm_threshold(
    normal_training_scores: ArrayLike,
    *,
    per_day: float,
    clip_s: float,
    confidence: float = 0.95,
    names: Sequence[str] | None = None,
) -> FalseAlarmRate:
    """The lowest threshold that gives at most ``per_day`` false alarms, with ``confidence``.

    Args:
        normal_training_scores: (N,).
        per_day: acceptable false alarms per day.
        clip_s: seconds from one clip to the next.
        confidence: in (0, 1).
        names: (N,) clip names; with them, test clips and anomalous ones are refused.

    Raises:
        InsufficientDataError: if N clips are too few for the promise; the message says how many it takes.
        ScoreError, LeakageError: if scores are not finite, or a name marks a test clip or an anomalous one.
        LengthError: if there are more or fewer names than scores.
    """
    from scipy.special import betainc

    checked_confidence(confidence)
    _refuse_non_positive(per_day=per_day, clip_s=clip_s)
    scores = np.sort(checked_training_scores(normal_training_scores, names))[::-1]
    clips = len(scores)
    share = min(per_day * clip_s / DAY_S, 1.0)
    rank = np.arange(1, clips + 1)
    # P(exceedance of the r-th largest <= share); it falls with r, so the last that is enough gives the lowest threshold
    enough = np.flatnonzero(betainc(rank, clips + 1 - rank, share) >= confidence)
    if enough.size == 0:
        needed = int(np.ceil(np.log1p(-confidence) / np.log1p(-share)))
        raise InsufficientDataError(
            f"{per_day:g} false alarms a day at {100 * confidence:g} % confidence need {needed} normal clips of "
            f"{clip_s:g} s; got {clips}. Allow more alarms, ask for less confidence, or record more."
        )
    return false_alarm_rate(scores, float(scores[enough[-1]]), clip_s=clip_s, confidence=confidence)


def false_alarm_rate(
    normal_scores: ArrayLike, threshold: float, *, clip_s: float, confidence: float = 0.95
) -> FalseAlarmRate:
    """False alarms per day of any threshold, from normal clips that it was not fitted on.

    Args:
        normal_scores: (N,).
        threshold: a clip above it is an alarm.
        clip_s: seconds from one clip to the next.
        confidence: of ``at_most_per_day`` (Clopper and Pearson's bound).

    Raises:
        EvaluationError: if an argument is invalid.
    """
    from scipy.special import betaincinv

    checked_confidence(confidence)
    _refuse_non_positive(clip_s=clip_s)
    scores = checked_scores(normal_scores, name="normal_scores")
    clips, above = len(scores), int(np.sum(scores > threshold))
    at_most = float(betaincinv(above + 1, clips - above, confidence)) if above < clips else 1.0
    per_day = DAY_S / clip_s
    return FalseAlarmRate(threshold, (above + 1) / (clips + 1) * per_day, at_most * per_day, confidence, clips)


def _refuse_non_positive(**values: float) -> None:
    for name, value in values.items():
        if not (np.isfinite(value) and value > 0):
            raise EvaluationError(f"{name} must be a positive number; got {value}.")
