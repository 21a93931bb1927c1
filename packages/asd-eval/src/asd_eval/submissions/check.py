"""Check a submission directory against the rules of a year: every problem at once, nothing repaired."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from asd_eval.errors import ClipMismatchError, FileNameError, MissingFileError, SubmissionError
from asd_eval.submissions.names import Kind, submission_name
from asd_eval.submissions.reading import SectionScores, Submission, read_with_problems


def check_submission(
    directory: Path | str, *, year: int, clips: dict[tuple[str, str], Iterable[str]] | None = None
) -> tuple[SubmissionError, ...]:
    """Every problem of a directory by the rules of a year; empty if it can be submitted.

    A file that ``read_submission`` would repair is a problem here: the organisers' script repairs nothing.

    Args:
        year: 2020 to 2026.
        clips: the names that each (machine, section) should have, if known.
    """
    submission = read_with_problems(directory)
    problems = list(submission.problems)
    for scores in submission.sections:
        problems += _name_problems("anomaly_score", scores.path, scores, year)
        if scores.decision_path is None:
            if year > 2020:
                problems.append(MissingFileError("there is no decision file for it.", path=scores.path))
        elif year == 2020:
            problems.append(FileNameError("the rules of 2020 have no decision files.", path=scores.decision_path))
        else:
            problems += _name_problems("decision_result", scores.decision_path, scores, year)
        problems += [SubmissionError(f"needs repair: {repair}.", path=scores.path) for repair in scores.repairs]
    problems += _clip_problems(submission, clips or {})
    return tuple(problems)


def _name_problems(kind: Kind, path: Path, scores: SectionScores, year: int) -> list[SubmissionError]:
    rules = scores.rules
    right = submission_name(kind, rules.machine, rules.section, year=year, domain=rules.domain or "source")
    return [] if path.name == right else [FileNameError(f"the rules of {year} call this file {right}.", path=path)]


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
