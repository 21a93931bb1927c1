"""Scores of normal training clips, checked before anything is fitted on them.

Standardisers and thresholds are parts of the system. Fitted on test clips they would know what they are to find out,
and the system could not score one clip alone. Everything that is fitted checks its scores here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PureWindowsPath

import numpy as np
from numpy.typing import ArrayLike

from asd_eval.errors import LeakageError, LengthError, ScoreError
from asd_eval.inputs.checked_columns import Float64Array, checked_scores

_TEST_WORD = re.compile(r"(^|[_\W])test([_\W]|$)", re.IGNORECASE)
_EVALUATION_CLIP = re.compile(r"^section_\d+_\d+(\.\w+)?$")
_ANOMALY_WORD = re.compile(r"(^|_)anomaly(_|$)", re.IGNORECASE)


def checked_training_scores(scores: ArrayLike, names: Sequence[str] | None) -> Float64Array:
    """Scores of normal training clips as (N,) float64.

    Args:
        scores: (N,).
        names: (N,) clip names, paths or splits ("train", "test"); None checks no names. These mark a test clip: the
            word "test" in its file name; "test" as the last of the folders called "train" or "test" above it; the
            challenge's name of an evaluation clip (section_00_0001.wav). A file name with the word "anomaly" is
            refused too.

    Raises:
        ScoreError: if the scores are not finite, or there are none.
        LeakageError: if a name marks a test clip or an anomalous one; says the first and how many.
        LengthError: if there are more or fewer names than scores.
    """
    values = checked_scores(scores, name="normal_training_scores")
    if names is not None:
        if len(names) != len(values):
            raise LengthError(f"names must be one per training clip; got {len(names)} names for {len(values)} clips.")
        wrong = [name for name in map(str, names) if _is_test(name) or _ANOMALY_WORD.search(_path(name).stem)]
        if wrong:
            raise LeakageError(
                f"{wrong[0]!r} is marked as a test clip or an anomalous one ({len(wrong)} of {len(names)} are). "
                "Fit on normal training clips only."
            )
    return values


def varied_training_scores(scores: ArrayLike, names: Sequence[str] | None) -> Float64Array:
    """The same, for what needs a spread of scores.

    Raises:
        ScoreError: also if all scores are equal.
    """
    values = checked_training_scores(scores, names)
    if np.ptp(values) == 0.0:
        raise ScoreError(f"all {len(values)} training scores are {values[0]}: they give no scale and no threshold.")
    return values


def _is_test(name: str) -> bool:
    path = _path(name)
    splits = [part.lower() for part in path.parts[:-1] if part.lower() in ("train", "test")]
    return splits[-1:] == ["test"] or bool(_TEST_WORD.search(path.name)) or bool(_EVALUATION_CLIP.match(path.name))


def _path(name: str) -> PureWindowsPath:
    # A Windows path splits at both kinds of slashes: the list of names may come from another system.
    return PureWindowsPath(name)
