"""Scores, labels and domains as checked arrays: a caller's columns are checked here and nowhere else."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asd_eval.errors import DomainError, LabelError, LengthError, ScoreError

Float64Array = NDArray[np.float64]
Int64Array = NDArray[np.int64]
StrArray = NDArray[np.str_]

_LABEL_WORDS = {"normal": 0, "anomaly": 1, "0": 0, "1": 1}


def checked_scores(scores: ArrayLike, *, name: str = "scores") -> Float64Array:
    """Anomaly scores as (N,) float64.

    Raises:
        ScoreError: if there are no scores, or they are not finite numbers in one dimension.
    """
    try:
        array = np.asarray(scores, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ScoreError(f"{name} must be numbers; got {scores!r:.80}.") from error
    if array.ndim != 1:
        raise ScoreError(f"{name} must be (N,); got shape {array.shape}. Pass one score per clip.")
    if array.size == 0:
        raise ScoreError(f"{name} is empty; pass at least one clip.")
    wrong = np.flatnonzero(~np.isfinite(array))
    if wrong.size:
        raise ScoreError(
            f"{name}[{wrong[0]}] is {array[wrong[0]]}; scores must be finite ({wrong.size} of {array.size} are not). "
            "Find out why the system gave no number there before you evaluate it."
        )
    return array


def checked_labels(labels: ArrayLike, *, name: str = "labels") -> Int64Array:
    """Labels as (N,) int64, 0 normal and 1 anomaly; also takes booleans and the words "normal" and "anomaly".

    Raises:
        LabelError: for anything else.
    """
    array = np.asarray(labels)
    if array.ndim != 1:
        raise LabelError(f"{name} must be (N,); got shape {array.shape}.")
    if array.dtype.kind in "USO":
        return np.array([_label(value, index, name) for index, value in enumerate(array.tolist())], dtype=np.int64)
    if array.dtype.kind not in "biuf":
        raise LabelError(f"{name} must be 0 (normal) or 1 (anomaly); got dtype {array.dtype}.")
    wrong = np.flatnonzero((array != 0) & (array != 1))
    if wrong.size:
        raise LabelError(f"{name}[{wrong[0]}] is {array[wrong[0]]}; labels are 0 (normal) or 1 (anomaly).")
    return array.astype(np.int64)


def _label(value: Any, index: int, name: str) -> int:
    word = str(value).strip().lower()
    if word not in _LABEL_WORDS:
        raise LabelError(f"{name}[{index}] is {value!r}; labels are 0 or normal, 1 or anomaly.")
    return _LABEL_WORDS[word]


def checked_domains(domains: ArrayLike, *, name: str = "domains", required: bool = True) -> StrArray:
    """Domains as (N,) strings, "source" or "target"; without ``required`` also "", for data sets without domains.

    Raises:
        DomainError: for anything else.
    """
    array = np.asarray(domains)
    if array.ndim != 1:
        raise DomainError(f"{name} must be (N,); got shape {array.shape}.")
    words = array.astype(np.str_)
    known = (words == "source") | (words == "target") | ((words == "") & (not required))
    wrong = np.flatnonzero(~known)
    if wrong.size:
        raise DomainError(f'{name}[{wrong[0]}] is {array[wrong[0]]!r}; domains are "source" or "target".')
    return words


def same_length(**columns: NDArray[Any]) -> int:
    """The common length of named columns.

    Raises:
        LengthError: if they differ; the message names every column with its length.
    """
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise LengthError(
            "columns must be equally long; got " + ", ".join(f"{n} {k}" for n, k in lengths.items()) + "."
        )
    return next(iter(lengths.values()))
