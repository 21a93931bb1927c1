"""A grid of results as text, CSV, Markdown or LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from asd_eval.metrics.decisions import DECISION_METRICS

Cell = str | float | None
MISSING = "-"


@dataclass(frozen=True)
class ResultGrid:
    """A table of results: machine and section in the first two columns, then fractions; None is missing.

    Attributes:
        notes: lines that belong below the table.
    """

    header: list[str]
    rows: list[list[Cell]]
    notes: list[str]


def as_text(grid: ResultGrid) -> str:
    """Aligned tables in percent for a terminal, with notes below; decisions have a table of their own."""
    decided = [column for column, name in enumerate(grid.header) if name.startswith(DECISION_METRICS)]
    others = [column for column in range(len(grid.header)) if column not in decided]
    tables = [aligned_table(grid.header, grid.rows, others)]
    if decided:
        tables += ["", aligned_table(grid.header, grid.rows, [0, 1, *decided])]
    return "\n".join([*tables, *grid.notes])


def as_csv(grid: ResultGrid) -> str:
    """Fractions in full precision; a missing metric is an empty field."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(grid.header)
    writer.writerows([["" if cell is None else cell for cell in row] for row in grid.rows])
    return text.getvalue()


def as_markdown(grid: ResultGrid) -> str:
    """A table in percent, with the notes below."""
    lines = [_piped(grid.header), _piped(["---", "---", *["---:"] * (len(grid.header) - 2)])]
    lines += [_piped([_percent(cell) for cell in row]) for row in grid.rows]
    return "\n".join([*lines, "", *grid.notes]) + "\n"


def as_latex(grid: ResultGrid) -> str:
    """A tabular in percent, needing no package; the notes are comments."""
    lines = [f"% {_latex(note)}" for note in grid.notes]
    lines += [
        r"\begin{tabular}{ll" + "r" * (len(grid.header) - 2) + "}",
        r"\hline",
        _ampersands(grid.header),
        r"\hline",
    ]
    for row in grid.rows:
        if row[0] == "all":
            lines.append(r"\hline")
        lines.append(_ampersands([_percent(cell) for cell in row]))
    return "\n".join([*lines, r"\hline", r"\end{tabular}"]) + "\n"


def _percent(cell: Cell) -> str:
    if cell is None:
        return MISSING
    return cell if isinstance(cell, str) else f"{100 * cell:.2f}"


def aligned_table(
    header: Sequence[str], rows: Sequence[Sequence[Cell]], columns: Sequence[int], *, words: int = 2
) -> str:
    """Some columns of a table, in percent, for a terminal.

    In a header such as "AUC (source)" the bracket goes on a second line, which keeps columns narrow.

    Args:
        words: how many of the first columns hold words, which are aligned left.
    """
    names = [header[column].partition(" (") for column in columns]
    heads = [[name if bracket else "" for name, bracket, _ in names],
             [f"({inside}" if bracket else name for name, bracket, inside in names]]  # fmt: skip
    if not any(heads[0]):
        del heads[0]
    cells = [*heads, *([_percent(row[c]) for c in columns] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(columns))]
    lines = [_aligned(row, widths, words) for row in cells]
    lines.insert(len(heads), "-" * max(len(line) for line in lines))
    return "\n".join(lines)


def _aligned(row: Sequence[str], widths: Sequence[int], words: int) -> str:
    cells = [
        cell.ljust(width) if column < words else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _piped(row: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |"


_LATEX_ESCAPES = str.maketrans(
    {c: "\\" + c for c in "&%$#_{}"} | {"\\": r"\textbackslash{}", "~": r"\~{}", "^": r"\^{}"}
)


def _latex(text: str) -> str:
    return text.translate(_LATEX_ESCAPES)


def _ampersands(row: Sequence[str]) -> str:
    return " & ".join(_latex(cell) for cell in row) + r" \\"
