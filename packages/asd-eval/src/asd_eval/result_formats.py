"""An evaluation as text, CSV, JSON, Markdown or LaTeX: one grid of cells, four ways to write it."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .decisions import DECISION_METRICS

if TYPE_CHECKING:
    from .evaluation import Evaluation

Cell = str | float | None
MISSING = "-"


def grid(evaluation: Evaluation) -> tuple[list[str], list[list[Cell]]]:
    """Header and rows: each section, each machine with several sections, and all machines.

    The last column is the convention's mean over the ranked metrics of the row; in the last row it is the official
    score.
    """
    metrics = list(evaluation.metrics)
    kind = evaluation.convention.mean
    header = ["machine", "section", *metrics, f"{kind} mean"]
    ranked = [metric.name for metric in evaluation.convention.ranked]
    rows: list[list[Cell]] = []
    for machine in evaluation.machines:
        sections = [s for s in evaluation.sections if s.machine == machine]
        for section in sections:
            alone = replace(evaluation, sections=(section,))
            rows.append([machine, section.section, *(section.value(m) for m in metrics), alone.mean(ranked)])
        if len(sections) > 1:
            means = [evaluation.mean([metric], machine=machine) for metric in metrics]
            rows.append([machine, "mean", *means, evaluation.machine_score(machine)])
    means = [evaluation.mean([metric]) for metric in metrics]
    rows.append(["all", "mean", *means, evaluation.official_score])
    return header, rows


def notes(evaluation: Evaluation) -> list[str]:
    """The convention in words, and each missing metric with its reason."""
    lines = [f"convention {evaluation.convention.name}: {evaluation.convention.says}"]
    for value in evaluation.missing:
        where = " ".join(word for word in (value.machine, value.section) if word)
        lines.append(f"missing: {where} {value.metric}: {value.reason}".replace("  ", " "))
    if evaluation.missing:
        lines.append(
            "means leave out what is missing" if evaluation.skip_missing else "a mean over a missing metric is missing"
        )
    return lines


def as_text(evaluation: Evaluation) -> str:
    """Aligned tables in percent for a terminal, with notes below; decisions have a table of their own."""
    header, rows = grid(evaluation)
    decided = [column for column, name in enumerate(header) if name.startswith(DECISION_METRICS)]
    others = [column for column in range(len(header)) if column not in decided]
    tables = [aligned_table(header, rows, others)]
    if decided:
        tables += ["", aligned_table(header, rows, [0, 1, *decided])]
    return "\n".join([*tables, *notes(evaluation)])


def as_csv(evaluation: Evaluation) -> str:
    """Fractions in full precision; a missing metric is an empty field."""
    header, rows = grid(evaluation)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
    return text.getvalue()


def as_json(evaluation: Evaluation) -> str:
    """Fractions in full precision; a missing metric is null, with its reason under "missing"."""
    header, rows = grid(evaluation)
    record = {
        "convention": evaluation.convention.name,
        "says": evaluation.convention.says,
        "official_score": evaluation.official_score,
        "rows": [dict(zip(header, row, strict=True)) for row in rows],
        "missing": [
            {"machine": v.machine, "section": v.section, "metric": v.metric, "reason": v.reason}
            for v in evaluation.missing
        ],
    }
    return json.dumps(record, indent=2, allow_nan=False) + "\n"


def as_markdown(evaluation: Evaluation) -> str:
    """A table in percent, with the notes below."""
    header, rows = grid(evaluation)
    lines = [_piped(header), _piped(["---", "---", *["---:"] * (len(header) - 2)])]
    lines += [_piped([_percent(cell) for cell in row]) for row in rows]
    return "\n".join([*lines, "", *notes(evaluation)]) + "\n"


def as_latex(evaluation: Evaluation) -> str:
    """A tabular in percent, needing no package; the notes are comments."""
    header, rows = grid(evaluation)
    lines = [f"% {_latex(note)}" for note in notes(evaluation)]
    lines += [r"\begin{tabular}{ll" + "r" * (len(header) - 2) + "}", r"\hline", _ampersands(header), r"\hline"]
    for row in rows:
        if row[0] == "all":
            lines.append(r"\hline")
        lines.append(_ampersands([_percent(cell) for cell in row]))
    return "\n".join([*lines, r"\hline", r"\end{tabular}"]) + "\n"


def written(text: str, path: Path | str | None) -> str:
    """The text itself, after writing it beside ``path`` and renaming: a reader never sees half a file."""
    if path is not None:
        target = Path(path)
        beside = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            beside.write_text(text, encoding="utf-8", newline="")
            beside.replace(target)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    return text


def _percent(cell: Cell) -> str:
    if cell is None:
        return MISSING
    return cell if isinstance(cell, str) else f"{100 * cell:.2f}"


def aligned_table(
    header: Sequence[str], rows: Sequence[Sequence[Cell]], columns: Sequence[int], *, words: int = 2
) -> str:
    """Some columns of a table, in percent, for a terminal.

    The bracket of a name, "AUC (source)", stands in a line of its own below it, which keeps columns narrow.

    Args:
        words: how many of the columns, the first ones, are words and are flush left.
    """
    names = [header[column].partition(" (") for column in columns]
    heads = [[name if bracket else "" for name, bracket, _ in names],
             [f"({of}" if bracket else name for name, bracket, of in names]]  # fmt: skip
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
