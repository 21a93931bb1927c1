"""Read submission directories of any system and year."""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from asd_eval.errors import ClipMismatchError, FileNameError, MissingFileError, SubmissionError
from asd_eval.inputs.checked_columns import Float64Array, Int64Array
from asd_eval.submissions.csv_rows import read_csv_rows
from asd_eval.submissions.names import SubmissionName, parse_submission_name

_Files = dict[tuple[str, str, str], tuple[Path, SubmissionName]]
"""Path and rules by machine, section and domain."""


class RepairWarning(UserWarning):
    """A file breaks the rules, but only one meaning is possible: it was read so."""


@dataclass(frozen=True, eq=False)
class SectionScores:
    """A system's scores and decisions of one section (by the rules of 2021, of one domain of it).

    Attributes:
        path: of the scores; ``decision_path`` of the decisions, None if there are none.
        names: N clip names, in the order of the file.
        rows: N row numbers in the file of scores, from 1 as an editor counts.
        scores: (N,).
        decisions: (N,) 0 or 1, or None if there is no decision file.
        repairs: what was repaired in the files.
    """

    rules: SubmissionName
    path: Path
    decision_path: Path | None
    names: tuple[str, ...]
    rows: tuple[int, ...]
    scores: Float64Array
    decisions: Int64Array | None
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Submission:
    """All sections of a directory, sorted by machine, section and domain."""

    directory: Path
    sections: tuple[SectionScores, ...]
    problems: tuple[SubmissionError, ...] = field(default=())


def read_submission(directory: Path | str) -> Submission:
    """Read every score and decision file of a directory, whoever wrote it.

    Other files are ignored. Repairs (see ``csv_rows``) are reported in one ``RepairWarning``.

    Raises:
        SubmissionError: the first problem, naming file and row.
    """
    submission = read_with_problems(directory)
    if submission.problems:
        raise submission.problems[0]
    repaired = [f"{s.path.name}: {', '.join(s.repairs)}" for s in submission.sections if s.repairs]
    if repaired:
        more = f" and {len(repaired) - 1} more" if len(repaired) > 1 else ""
        warnings.warn(f"repaired while reading: {repaired[0]}{more}", RepairWarning, _callers_level())
    return submission


def _callers_level() -> int:
    """The ``stacklevel`` with which the calling function's warning names the line of our user's code."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("asd_eval."):
        level, frame = level + 1, frame.f_back
    return level


def read_with_problems(directory: Path | str) -> Submission:
    """What can be read from a directory; the rest is listed in its problems. Repairs give no warning.

    Raises:
        MissingFileError: if there is no such directory.
    """
    place = Path(directory)
    if not place.is_dir():
        raise MissingFileError("there is no such directory.", path=place)
    found, problems = _named_files(place)
    scores, decisions = found["anomaly_score"], found["decision_result"]
    for key in decisions.keys() - scores.keys():
        problems.append(MissingFileError("decisions without anomaly scores beside them.", path=decisions[key][0]))
    kinds = sorted({rules.rules for _, rules in scores.values()})
    if len(kinds) > 1:
        problems.append(FileNameError(f"file names by the rules of {' and of '.join(kinds)}.", path=place))
    if not scores and not problems:
        problems.append(MissingFileError("no anomaly_score_*.csv in it. Pass the folder that holds them.", path=place))
    sections = []
    for key in sorted(scores):
        try:
            sections.append(_read_section(*scores[key], decisions[key][0] if key in decisions else None))
        except SubmissionError as problem:
            problems.append(problem)
    return Submission(place, tuple(sections), tuple(problems))


def _named_files(place: Path) -> tuple[dict[str, _Files], list[SubmissionError]]:
    """Score and decision files by kind, and the problems with their names."""
    found: dict[str, _Files] = {"anomaly_score": {}, "decision_result": {}}
    problems: list[SubmissionError] = []
    for path in sorted(place.glob("*.csv")):
        rules = parse_submission_name(path.name)
        if rules is None or rules.kind == "ground_truth":
            if path.name.startswith(("anomaly_score", "decision_result")):
                message = "not a file name of any year; see asd_eval.submissions.names."
                problems.append(FileNameError(message, path=path))
            continue
        key = rules.machine, rules.section, rules.domain
        if key in found[rules.kind]:
            other = found[rules.kind][key][0].name
            problems.append(FileNameError(f"has the same machine, section and domain as {other}.", path=path))
            continue
        found[rules.kind][key] = path, rules
    return found, problems


def _read_section(path: Path, rules: SubmissionName, decision_path: Path | None) -> SectionScores:
    file = read_csv_rows(path)
    rows = file.by_name()
    scores = np.array([file.number(fields[0], row) for row, fields in rows.values()], dtype=np.float64)
    numbers = tuple(row for row, _ in rows.values())
    if decision_path is None:
        return SectionScores(rules, path, None, tuple(rows), numbers, scores, None, file.repairs)
    other = read_csv_rows(decision_path)
    decided = other.by_name()
    flags = {name: other.flag(fields[0], row, what="decision") for name, (row, fields) in decided.items()}
    for names, where, known in ((decided, decision_path, rows), (rows, path, decided)):
        for name, (row, _) in names.items():
            if name not in known:
                partner = path.name if where is decision_path else decision_path.name
                raise ClipMismatchError(f"{name} is not in {partner}.", path=where, row=row)
    repairs = tuple(dict.fromkeys(file.repairs + other.repairs))
    decisions = np.array([flags[name] for name in rows], dtype=np.int64)
    return SectionScores(rules, path, decision_path, tuple(rows), numbers, scores, decisions, repairs)
