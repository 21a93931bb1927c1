"""A system's scores of many clips, with label, domain, machine and section of each clip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from asd_eval.errors import DomainError, EvaluationError, LabelError
from asd_eval.inputs.checked_columns import (
    Float64Array,
    Int64Array,
    StrArray,
    checked_domains,
    checked_labels,
    checked_scores,
    same_length,
)

_MISSING_WORDS = ("nan", "none", "<na>", "nat")  # how NaN, None, pandas.NA and NaT read as text
_COLUMNS = ("label", "score", "domain", "machine", "section", "decision", "name")


@dataclass(frozen=True, eq=False)
class ScoreTable:
    """One row per clip; make it with ``from_columns`` or ``from_table``, which check it.

    Attributes:
        labels: (N,) 0 normal, 1 anomaly.
        scores: (N,) finite anomaly scores.
        domains: (N,) "source", "target", or "" for a data set without domains.
        machines, sections: (N,) words; "" where a data set has only one.
        decisions: (N,) 0 or 1, or None.
        names: (N,) clip names, or None.
    """

    labels: Int64Array
    scores: Float64Array
    domains: StrArray
    machines: StrArray
    sections: StrArray
    decisions: Int64Array | None = None
    names: StrArray | None = None

    @classmethod
    def from_columns(
        cls,
        labels: ArrayLike,
        scores: ArrayLike,
        domains: ArrayLike | None = None,
        machines: ArrayLike | None = None,
        sections: ArrayLike | None = None,
        *,
        decisions: ArrayLike | None = None,
        names: ArrayLike | None = None,
    ) -> ScoreTable:
        """A table from parallel columns; ``machines`` and ``sections`` may be one word for all clips.

        Raises:
            EvaluationError: naming the column and the row at fault.
        """
        score = checked_scores(scores)
        clips = len(score)
        table = cls(
            labels=checked_labels(labels),
            scores=score,
            domains=checked_domains(_words(domains, clips, "domains"), required=False),
            machines=_words(machines, clips, "machines"),
            sections=_words(sections, clips, "sections"),
            decisions=None if decisions is None else checked_labels(decisions, name="decisions"),
            names=None if names is None else _words(names, clips, "names"),
        )
        same_length(**{name: column for name, column in vars(table).items() if column is not None})
        return table

    @classmethod
    def from_table(cls, table: ScoreTable | Mapping[str, Any] | Any) -> ScoreTable:
        """A table from a mapping of columns, or a data frame, with the columns "label" and "score".

        The columns "domain", "machine", "section", "decision" and "name" are optional. Names may be in the singular or
        the plural. Other columns are ignored.

        Raises:
            EvaluationError: if a column is missing or wrong.
        """
        if isinstance(table, ScoreTable):
            return table
        columns = {name: table[word] for name in _COLUMNS for word in (f"{name}s", name) if word in table}
        if not {"label", "score"} <= set(columns):
            raise EvaluationError(f'a table needs the columns "label" and "score"; got {list(table)}.')
        optional = {f"{name}s": columns[name] for name in _COLUMNS[2:] if name in columns}
        return cls.from_columns(columns["label"], columns["score"], **optional)

    def by_section(self) -> Iterator[tuple[str, str, Int64Array]]:
        """Machine, section and row numbers of each section, in order of first appearance."""
        keys = list(zip(self.machines.tolist(), self.sections.tolist(), strict=True))
        numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        section = np.array([numbers[key] for key in keys])
        for (machine, name), number in numbers.items():
            yield machine, name, np.flatnonzero(section == number)

    @classmethod
    def concatenate(cls, tables: Sequence[ScoreTable]) -> ScoreTable:
        """All rows of several tables; decisions and names are kept where all tables have them."""
        columns: dict[str, Any] = {}
        for name in ("labels", "scores", "domains", "machines", "sections", "decisions", "names"):
            parts = [getattr(table, name) for table in tables]
            columns[name] = None if any(part is None for part in parts) else np.concatenate(parts)
        return cls(**columns)


def table_or_columns(
    labels: ArrayLike | ScoreTable | Mapping[str, Any],
    scores: ArrayLike | None,
    domains: ArrayLike | None,
    machines: ArrayLike | None,
    sections: ArrayLike | None,
    decisions: ArrayLike | None = None,
) -> ScoreTable:
    """The table of a call that takes one table, or columns.

    Raises:
        EvaluationError: if it got both, or a column is invalid.
    """
    if scores is None:
        if any(column is not None for column in (domains, machines, sections, decisions)):
            raise EvaluationError("the first argument is a table: pass the other columns in the table.")
        return ScoreTable.from_table(labels)
    if isinstance(labels, ScoreTable | Mapping):
        raise EvaluationError("pass either one table or columns of labels and scores, not both.")
    return ScoreTable.from_columns(labels, scores, domains, machines, sections, decisions=decisions)


def _words(column: ArrayLike | None, clips: int, name: str) -> StrArray:
    if column is None:
        return np.full(clips, "", dtype=np.str_)
    # As objects first: NumPy would turn a NaN among words into the word "nan", and so into a machine of that name.
    found = column if isinstance(column, np.ndarray) else np.asarray(column, dtype=object)
    if found.ndim > 1:
        raise LabelError(f"{name} must be (N,) words; got shape {found.shape}.")
    if found.dtype.kind not in "USiub":
        for row, value in enumerate(found.ravel().tolist()):
            if not isinstance(value, str) and str(value).lower() in _MISSING_WORDS:
                error = DomainError if name == "domains" else LabelError
                raise error(f"{name}[{row}] is {value}; every clip needs a word here. Fill the gap, or drop the row.")
    words = found.astype(np.str_)
    if words.ndim == 0:
        return np.full(clips, words.item(), dtype=f"<U{max(len(words.item()), 1)}")
    return words
