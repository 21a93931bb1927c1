"""Submission directories: write them, read any system's back, check them against the rules."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import ArrayLike

from .checked_columns import Float64Array, Int64Array, checked_labels, checked_scores, same_length
from .csv_rows import read_csv_rows
from .errors import (
    ClipMismatchError,
    DuplicateNameError,
    FileNameError,
    MissingFileError,
    RowError,
    SubmissionError,
)
from .result_formats import written
from .submission_names import SubmissionName, parse_submission_name, submission_name


class RepairWarning(UserWarning):
    """A file was not what the rules want, and was read as it was surely meant."""


@dataclass(frozen=True, eq=False)
class SectionScores:
    """What a system says about the test clips of one section (of one domain, by the rules of 2021).

    Attributes:
        names: N clip names, in the order of the file.
        scores: (N,).
        decisions: (N,) 0 or 1, or None if there is no decision file.
        repairs: what had to be repaired in the files.
    """

    rules: SubmissionName
    path: Path
    names: tuple[str, ...]
    scores: Float64Array
    decisions: Int64Array | None
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Submission:
    """All sections of a directory, sorted by machine, section and domain."""

    directory: Path
    sections: tuple[SectionScores, ...]
    problems: tuple[SubmissionError, ...] = field(default=())


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
        directory: where; made if need be.
        names: (N,) file names of the clips, without directories.
        scores: (N,) finite anomaly scores, written in full precision.
        decisions: (N,) 0 or 1; the rules of 2021 and later want them, those of 2020 do not.
        domain: "source" or "target", by the rules of 2021 alone.

    Returns:
        The paths: anomaly scores, then decisions.

    Raises:
        EvaluationError: if a name, score or decision is not what it should be; nothing is written then.
    """
    place = Path(directory)
    score_path = place / submission_name("anomaly_score", machine, section, year=year, domain=domain)
    values = checked_scores(scores)
    _check_names(names, score_path)
    columns: list[tuple[Path, list[str]]] = [(score_path, [repr(value) for value in values.tolist()])]
    if year == 2020:
        if decisions is not None:
            raise SubmissionError("the rules of 2020 know no decisions; pass decisions=None.", path=place)
    elif decisions is None:
        raise SubmissionError("the rules want decisions (0 or 1) for every clip; see gamma_threshold.", path=place)
    else:
        flags = checked_labels(decisions, name="decisions")
        same_length(scores=values, decisions=flags)
        path = place / submission_name("decision_result", machine, section, year=year, domain=domain)
        columns.append((path, [str(flag) for flag in flags.tolist()]))
    same_length(names=np.asarray(names), scores=values)
    place.mkdir(parents=True, exist_ok=True)
    for path, column in columns:
        written("".join(f"{name},{value}\n" for name, value in zip(names, column, strict=True)), path)
    return tuple(path for path, _ in columns)


def read_submission(directory: Path | str) -> Submission:
    """Read every score and decision file of a directory, whoever wrote it.

    Files that are neither are left alone. Repairs (see ``csv_rows``) are warned of in one ``RepairWarning``.

    Raises:
        SubmissionError: the first problem, naming file and row.
    """
    submission = _read(directory)
    if submission.problems:
        raise submission.problems[0]
    repaired = [f"{s.path.name}: {', '.join(s.repairs)}" for s in submission.sections if s.repairs]
    if repaired:
        more = f" and {len(repaired) - 1} more" if len(repaired) > 1 else ""
        warnings.warn(f"repaired while reading: {repaired[0]}{more}", RepairWarning, stacklevel=2)
    return submission


def check_submission(
    directory: Path | str, *, year: int, clips: dict[tuple[str, str], Iterable[str]] | None = None
) -> tuple[SubmissionError, ...]:
    """Every problem of a directory by the rules of a year; none if it can be submitted.

    A file that ``read_submission`` would repair is a problem here: the organisers' script repairs nothing.

    Args:
        year: 2020 to 2026.
        clips: the names that each (machine, section) should have, if known.
    """
    submission = _read(directory)
    problems = list(submission.problems)
    for scores in submission.sections:
        right = submission_name(
            "anomaly_score",
            scores.rules.machine,
            scores.rules.section,
            year=year,
            domain=scores.rules.domain or "source",
        )
        if scores.path.name != right:
            problems.append(FileNameError(f"the rules of {year} call this file {right}.", path=scores.path))
        if scores.decisions is None and year > 2020:
            problems.append(MissingFileError("it has no decision file beside it.", path=scores.path))
        problems += [SubmissionError(f"needs repair: {repair}.", path=scores.path) for repair in scores.repairs]
    problems += _clip_problems(submission, clips or {})
    return tuple(problems)


def _clip_problems(submission: Submission, clips: dict[tuple[str, str], Iterable[str]]) -> list[SubmissionError]:
    problems: list[SubmissionError] = []
    for (machine, section), expected in clips.items():
        files = [s for s in submission.sections if (s.rules.machine, s.rules.section) == (machine, section)]
        if not files:
            message = f"no anomaly scores of {machine} section {section}."
            problems.append(MissingFileError(message, path=submission.directory))
            continue
        found, wanted = {name for s in files for name in s.names}, set(expected)
        for names, word in ((wanted - found, "lacks"), (found - wanted, "has unknown")):
            if names:
                message = f"{word} {len(names)} clips, such as {min(names)}."
                problems.append(ClipMismatchError(message, path=files[0].path))
    return problems


def _read(directory: Path | str) -> Submission:
    place = Path(directory)
    if not place.is_dir():
        raise MissingFileError("there is no such directory.", path=place)
    problems: list[SubmissionError] = []
    found: dict[str, dict[tuple[str, str, str], tuple[Path, SubmissionName]]] = {
        "anomaly_score": {}, "decision_result": {},
    }  # fmt: skip
    for path in sorted(place.glob("*.csv")):
        rules = parse_submission_name(path.name)
        if rules is None or rules.kind == "ground_truth":
            if path.name.startswith(("anomaly_score", "decision_result")):
                problems.append(FileNameError("no file name of any year; see submission_names.", path=path))
            continue
        key = rules.machine, rules.section, rules.domain
        if key in found[rules.kind]:
            other = found[rules.kind][key][0].name
            problems.append(FileNameError(f"the same machine, section and domain as {other}.", path=path))
            continue
        found[rules.kind][key] = path, rules
    scores, decisions = found["anomaly_score"], found["decision_result"]
    for key in decisions.keys() - scores.keys():
        problems.append(MissingFileError("decisions without anomaly scores beside them.", path=decisions[key][0]))
    kinds = sorted({rules.rules for _, rules in scores.values()})
    if len(kinds) > 1:
        problems.append(FileNameError(f"file names by the rules of {' and of '.join(kinds)}.", path=place))
    if not scores and not problems:
        problems.append(MissingFileError("no anomaly_score_*.csv in it.", path=place))
    sections = []
    for key in sorted(scores):
        try:
            sections.append(_read_section(*scores[key], decisions[key][0] if key in decisions else None))
        except SubmissionError as problem:
            problems.append(problem)
    return Submission(place, tuple(sections), tuple(problems))


def _read_section(path: Path, rules: SubmissionName, decision_path: Path | None) -> SectionScores:
    file = read_csv_rows(path)
    rows = file.by_name()
    scores = np.array([file.number(fields[0], row) for row, fields in rows.values()], dtype=np.float64)
    if decision_path is None:
        return SectionScores(rules, path, tuple(rows), scores, None, file.repairs)
    other = read_csv_rows(decision_path)
    decided = other.by_name()
    flags = {name: other.flag(fields[0], row, what="decision") for name, (row, fields) in decided.items()}
    for names, where, known in ((decided, decision_path, rows), (rows, path, decided)):
        for name, (row, _) in names.items():
            if name not in known:
                partner = path.name if where is decision_path else decision_path.name
                raise ClipMismatchError(f"{name} is not in {partner}.", path=where, row=row)
    repairs = tuple(dict.fromkeys(file.repairs + other.repairs))
    return SectionScores(
        rules, path, tuple(rows), scores, np.array([flags[name] for name in rows], dtype=np.int64), repairs
    )


def _check_names(names: Sequence[str], path: Path) -> None:
    seen: dict[str, int] = {}
    for row, name in enumerate(names, start=1):
        if not name or name != PurePath(name).name or any(letter in name for letter in ',;"\t\r\n'):
            raise RowError(f"clip name {name!r:.60}; must be a file name without commas or quotes.", path=path, row=row)
        if name in seen:
            raise DuplicateNameError(f"{name} is there twice, first in row {seen[name]}.", path=path, row=row)
        seen[name] = row
