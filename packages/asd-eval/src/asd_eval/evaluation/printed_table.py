"""The organisers' table for a terminal: the rows of their result file, in percent and aligned.

Sections of all machines come first, then means of each machine and of all, then the official score. Decisions have a
table of their own, so that lines stay within about 80 columns.
"""

from __future__ import annotations

from collections.abc import Sequence

from asd_eval.evaluation.evaluation import Evaluation
from asd_eval.evaluation.formats import Cell, aligned_table
from asd_eval.evaluation.official_table import OVERALL, OfficialBlock, Row, official_blocks
from asd_eval.intervals.interval import Interval
from asd_eval.metrics.decisions import DECISION_METRICS


def official_text(evaluation: Evaluation, interval: Interval | None = None) -> str:
    """Every row of ``official_rows``, the convention in words, and a reason for each missing metric.

    Args:
        interval: of the official score (``bootstrap(...).official_score``), printed beside it.
    """
    blocks = official_blocks(evaluation)
    header = ["machine", *map(str, blocks[0].header)]
    words = sum(name in ("machine", "section", "domain", "id") for name in header)
    rows = _cells([[_machine(block), *row] for block in blocks for row in block.sections], words)
    decided = [column for column, name in enumerate(header) if name.startswith(DECISION_METRICS)]
    parts = [aligned_table(header, rows, [c for c in range(len(header)) if c not in decided], words=words)]
    if decided:
        parts.append(aligned_table(header, rows, [*range(words), *decided], words=words))
    means = [
        ["" if number else _machine(block), str(label).removesuffix(f" {OVERALL}").removesuffix(" mean"), *values]
        for block in blocks
        for number, (label, *values) in enumerate(_mean_rows(block))
    ]
    quantities = [name for name in blocks[-1].means_header or blocks[-1].header[1:] if name not in ("", "domain")]
    header = ["machine", "mean", *map(str, quantities)]
    parts.append(aligned_table(header, _cells(means, 2), range(len(header))))
    parts.append(_score_line(evaluation, interval))
    return "\n".join(["\n\n".join(parts), *evaluation.notes])


def _score_line(evaluation: Evaluation, interval: Interval | None) -> str:
    score = evaluation.official_score
    if score is None:
        return "official score  missing"
    if interval is None:
        return f"official score  {100 * score:.2f} %"
    low, high = 100 * interval.low, 100 * interval.high
    confidence = f"{100 * interval.confidence:g} % interval"
    return f"official score  {100 * score:.2f} %, {confidence} [{low:.2f}, {high:.2f}] ({interval.method})"


def _machine(block: OfficialBlock) -> str:
    return "all" if block.machine is None else block.machine


def _mean_rows(block: OfficialBlock) -> list[Row]:
    """The rows of means, without the empty column that most years' scripts put after the label."""
    return [row if "id" in block.header else [row[0], *row[2:]] for row in block.means]


def _cells(rows: Sequence[Row], words: int) -> list[list[Cell]]:
    """An empty number becomes None, a missing metric; an empty word stays."""
    return [[None if cell == "" and place >= words else cell for place, cell in enumerate(row)] for row in rows]
