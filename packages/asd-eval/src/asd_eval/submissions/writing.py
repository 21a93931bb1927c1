"""Write a system's scores and decisions as submission files, by the rules of a year."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import ArrayLike

from asd_eval.errors import DuplicateNameError, RowError, SubmissionError
from asd_eval.inputs.checked_columns import checked_labels, checked_scores, same_length
from asd_eval.submissions.names import submission_name
from asd_eval.whole_file import write_text


def write_submission(
    directory: Path | str,
    names: Sequence[str],
    scores: ArrayLike,
    *,
    machine: str,
    section: str = "00",
    decisions: ArrayLike | None = None,
    year: int = 2023,
    domain: str = "",
) -> tuple[Path, ...]:
    """Write the files of one section by the rules of a year.

    Args:
        directory: where to write; created if missing.
        names: (N,) file names of the clips, without directories.
        scores: (N,) finite anomaly scores, written in full precision.
        decisions: (N,) 0 or 1; required from 2021 on, not allowed in 2020.
        domain: "source" or "target", only by the rules of 2021.

    Returns:
        The paths: anomaly scores, then decisions.

    Raises:
        EvaluationError: if a name, score or decision is invalid; nothing is written then.
    """
    place = Path(directory)
    score_path = place / submission_name("anomaly_score", machine, section, year=year, domain=domain)
    values = checked_scores(scores)
    _check_names(names, score_path)
    columns: list[tuple[Path, list[str]]] = [(score_path, [repr(value) for value in values.tolist()])]
    if year == 2020:
        if decisions is not None:
            raise SubmissionError("the rules of 2020 have no decisions; pass decisions=None.", path=place)
    elif decisions is None:
        raise SubmissionError("the rules require a decision (0 or 1) for every clip; see gamma_threshold.", path=place)
    else:
        flags = checked_labels(decisions, name="decisions")
        same_length(scores=values, decisions=flags)
        path = place / submission_name("decision_result", machine, section, year=year, domain=domain)
        columns.append((path, [str(flag) for flag in flags.tolist()]))
    same_length(names=np.asarray(names), scores=values)
    place.mkdir(parents=True, exist_ok=True)
    for path, column in columns:
        write_text(path, "".join(f"{name},{value}\n" for name, value in zip(names, column, strict=True)))
    return tuple(path for path, _ in columns)


def _check_names(names: Sequence[str], path: Path) -> None:
    seen: dict[str, int] = {}
    for row, name in enumerate(names, start=1):
        if not name or name != PurePath(name).name or any(letter in name for letter in ',;"\t\r\n'):
            raise RowError(f"clip name {name!r:.60} must be a file name without commas or quotes.", path=path, row=row)
        if name in seen:
            raise DuplicateNameError(f"{name} appears twice, first in row {seen[name]}.", path=path, row=row)
        seen[name] = row
