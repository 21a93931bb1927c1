"""Evaluate a submission directory, or compare two, in one call."""

from __future__ import annotations

from pathlib import Path

from asd_eval.evaluation.evaluation import Evaluation, evaluate
from asd_eval.inputs.score_table import ScoreTable
from asd_eval.intervals.bootstrap import Intervals, bootstrap
from asd_eval.intervals.comparison import Comparison, compare
from asd_eval.submissions.ground_truth import labelled_table, read_ground_truth
from asd_eval.submissions.reading import Submission, read_submission

_CONVENTION_OF_RULES = {"2020": "dcase2020", "2021": "dcase2021", "2022": "official"}


def read_scores(directory: Path | str, *, ground_truth: Path | str | None = None) -> ScoreTable:
    """The scores of a submission directory with labels and domains.

    Args:
        directory: holds anomaly_score_*.csv and, optionally, decision_result_*.csv, of any year or of the baseline.
        ground_truth: see ``read_ground_truth``; without it labels and domains come from the clips' names.

    Raises:
        SubmissionError: naming file and row.
    """
    return _labelled(read_submission(directory), ground_truth)


def evaluate_directory(
    directory: Path | str,
    *,
    ground_truth: Path | str | None = None,
    convention: str | int | None = None,
    skip_missing: bool = False,
) -> Evaluation:
    """Evaluate a submission directory.

    Args:
        directory, ground_truth: as for ``read_scores``.
        convention: name or year; if not given, the file names decide: 2020, 2021, or official (2022 to 2026).
        skip_missing: as for ``evaluate``.

    Raises:
        SubmissionError: naming file and row.
    """
    submission = read_submission(directory)
    table = _labelled(submission, ground_truth)
    return evaluate(table, convention=convention or _convention(submission), skip_missing=skip_missing)


def bootstrap_directory(
    directory: Path | str,
    *,
    ground_truth: Path | str | None = None,
    convention: str | int | None = None,
    resamples: int = 10_000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Intervals:
    """Intervals of a submission directory's metrics and official score; arguments as for ``bootstrap``.

    Raises:
        SubmissionError: naming file and row.
    """
    submission = read_submission(directory)
    return bootstrap(
        _labelled(submission, ground_truth),
        convention=convention or _convention(submission), resamples=resamples, confidence=confidence, seed=seed,
    )  # fmt: skip


def compare_directories(
    first: Path | str,
    second: Path | str,
    *,
    ground_truth: Path | str | None = None,
    convention: str | int | None = None,
    resamples: int = 10_000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """The difference of two submission directories (first minus second), its interval and p-value.

    Raises:
        SubmissionError: naming file and row.
        ClipMismatchError: if they do not score the same clips.
    """
    read = [read_submission(directory) for directory in (first, second)]
    tables = [_labelled(submission, ground_truth) for submission in read]
    return compare(
        tables[0], tables[1],
        convention=convention or _convention(read[0]), resamples=resamples, confidence=confidence, seed=seed,
    )  # fmt: skip


def _labelled(submission: Submission, ground_truth: Path | str | None) -> ScoreTable:
    return labelled_table(submission, None if ground_truth is None else read_ground_truth(ground_truth))


def _convention(submission: Submission) -> str:
    return _CONVENTION_OF_RULES[submission.sections[0].rules.rules]
