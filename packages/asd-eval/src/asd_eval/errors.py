"""What can be wrong with scores, labels and files, one class each.

Every class is a ``ValueError``, so one ``except ValueError`` catches them all. Errors about files carry ``path`` and
``row`` (counted from 1, as an editor shows it; None where no single row is at fault).
"""

from __future__ import annotations

from pathlib import Path


class EvaluationError(ValueError):
    """Anything that asd-eval refuses."""


class ScoreError(EvaluationError):
    """Scores that are empty, not numbers, NaN or infinite."""


class LabelError(EvaluationError):
    """Labels other than 0 and 1 (or "normal" and "anomaly")."""


class DomainError(EvaluationError):
    """Domains other than "source" and "target"."""


class LengthError(EvaluationError):
    """Columns that should be equally long and are not."""


class UndefinedMetricError(EvaluationError):
    """A metric that these clips do not define, for example an AUC without anomalous clips."""


class ConventionError(EvaluationError):
    """A convention, year, metric or machine that does not exist."""


class LeakageError(EvaluationError):
    """Test clips, or anomalous ones, where only normal training clips may be."""


class NotFittedError(EvaluationError):
    """``transform`` was called before ``fit``."""


class InsufficientDataError(EvaluationError):
    """Too few clips for the question, or for the confidence asked for."""


class SubmissionError(EvaluationError):
    """A submission or ground-truth file that breaks the rules.

    Attributes:
        path: the file or directory at fault.
        row: its row, counted from 1; None where the file as a whole is at fault.
    """

    def __init__(self, message: str, *, path: Path | str, row: int | None = None) -> None:
        self.path = Path(path)
        self.row = row
        where = f"{self.path}" if row is None else f"{self.path}, row {row}"
        super().__init__(f"{where}: {message}")


class MissingFileError(SubmissionError):
    """A file or directory that is missing."""


class FileNameError(SubmissionError):
    """A file name outside the rules of the submission files."""


class EncodingError(SubmissionError):
    """Bytes that are not text, or not in an encoding that can be repaired."""


class RowError(SubmissionError):
    """A row with the wrong number of fields, or a value outside its range."""


class DuplicateNameError(SubmissionError):
    """One clip twice in a file."""


class ClipMismatchError(SubmissionError):
    """Clips that one file has and its counterpart lacks."""
