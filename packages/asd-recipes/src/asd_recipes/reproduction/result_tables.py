"""Tables 2, 3 and 4 in the paper's form, the paper's values beside ours, under both AUC conventions.

The paper scores its own systems within each domain. Its two baseline rows are the organisers' numbers, which follow the
official definition (see docs/reading_the_paper.md). The line above the tables names the data of the run.
"""

import csv
import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asd_eval import harmonic_mean
from asd_recipes.reproduction.paper_tables import LAST_COLUMN, MACHINES, TITLES, paper_values
from asd_recipes.reproduction.systems import CONVENTIONS, ConventionName, SystemResult
from asd_runtime.whole_file import write_json, write_text

if TYPE_CHECKING:
    from rich.console import Console

NOTES = (
    "within-domain: a domain's normal clips against the same domain's anomalies, as the paper's own rows.",
    "official: a domain's normal clips against both domains' anomalies, as the challenge and the paper's baselines.",
    "*: inlier models chosen by their results on these test clips, as in the paper; not a fair estimate. Their rows of "
    "Tables 2 to 4 are in the files.",
)


@dataclass(frozen=True)
class Line:
    """One line of a table: a system under one convention, or the paper's row."""

    table: int
    system: str
    origin: str  # "paper", "within-domain" or "official"
    uses_labels: bool
    values: dict[str, float | None]  # percent by column


def table_lines(results: Sequence[SystemResult], machines: Sequence[str]) -> list[Line]:
    """All lines of all three tables; the paper's row, if there is one, comes before ours.

    Args:
        results: systems, each with the machines for which it has scores.
        machines: the requested machines; without scores for all of them a mean is missing.
    """
    lines = []
    ordered = _in_paper_order(machines)
    for table in TITLES:
        for result in results:
            if result.row.paper_name is not None:
                paper = {
                    column: paper_values().get((table, result.row.paper_name, column))
                    for column in [*ordered, LAST_COLUMN[table]]
                }
                lines.append(Line(table, _name(result), "paper", result.row.uses_labels, paper))
            for convention in CONVENTIONS:
                ours = _ours(table, result, convention, ordered)
                lines.append(Line(table, _name(result), convention, result.row.uses_labels, ours))
    return lines


def _name(result: SystemResult) -> str:
    return result.row.name + (" *" if result.row.uses_labels else "")


def interval_lines(results: Sequence[SystemResult], machines: Sequence[str]) -> list[str]:
    """The official score of each system with its 95 % interval from resampling the test clips."""
    lines = ["Official score [%] with its 95 % interval (stratified bootstrap of the test clips):"]
    for result in results:
        if set(result.scores) != set(machines):
            lines.append(f"{_name(result)}: missing, as not every machine was scored")
            continue
        cells = [
            f"{convention} {100 * item.value:.2f} [{100 * item.low:.2f}, {100 * item.high:.2f}]"
            for convention, item in result.intervals.items()
        ]
        lines.append(f"{_name(result)}: {'; '.join(cells)}")
    return lines


def _in_paper_order(machines: Sequence[str]) -> list[str]:
    """The paper's machines in its order, then the others."""
    return [name for name in MACHINES if name in machines] + sorted(set(machines) - set(MACHINES))


def _ours(
    table: int, result: SystemResult, convention: ConventionName, machines: Sequence[str]
) -> dict[str, float | None]:
    """Percent by column; the mean is missing unless all machines have scores, as it would be another number."""
    metric = {2: "auc_source", 3: "auc_target", 4: "hmean"}[table]
    percent = {item.machine: 100 * getattr(item, metric) for item in result.metrics[convention]}
    values: dict[str, float | None] = {machine: percent.get(machine) for machine in machines}
    whole = set(percent) == set(machines)
    last = 100 * result.official_score(convention) if table == 4 else harmonic_mean(list(percent.values()))
    values[LAST_COLUMN[table]] = last if whole else None
    return values


@dataclass(frozen=True)
class ResultTables:
    """Everything that a run shows."""

    heading: str
    data: str  # "synthetic", or where the recordings are
    lines: list[Line]
    intervals: list[str]


def write_tables(folder: Path, tables: ResultTables, facts: dict[str, Any]) -> None:
    """Writes tables.txt, .md, .csv and .json."""
    write_text(folder / "tables.md", as_markdown(tables))
    write_text(folder / "tables.csv", as_csv(tables))
    content = [
        {"table": line.table, "system": line.system, "origin": line.origin, **line.values} for line in tables.lines
    ]
    write_json(
        folder / "tables.json",
        {
            **facts,
            "heading": tables.heading,
            "data": tables.data,
            "lines": content,
            "intervals": tables.intervals,
            "notes": NOTES,
        },
    )
    from rich.console import Console

    text = io.StringIO()
    print_tables(Console(file=text, width=120, color_system=None), tables, with_labels=True)
    write_text(folder / "tables.txt", text.getvalue())


def as_markdown(tables: ResultTables) -> str:
    """The three tables in Markdown: the rows that use no labels, then those that do."""
    parts = [tables.heading, ""]
    for uses_labels, (table, title) in itertools.product((False, True), TITLES.items()):
        rows = [line for line in tables.lines if line.table == table and line.uses_labels == uses_labels]
        if not rows:
            continue
        title += ", models chosen by test labels" if uses_labels else ""
        columns = list(rows[0].values) if rows else []
        parts += [f"**{title}**", "", f"| system | | {' | '.join(columns)} |", "|---|---|" + "---:|" * len(columns)]
        parts += [f"| {row.system} | {row.origin} | {' | '.join(map(_cell, row.values.values()))} |" for row in rows]
        parts.append("")
    parts += [tables.intervals[0], "", *(f"- {line}" for line in tables.intervals[1:]), ""]
    return "\n".join([*parts, *(f"- {note}" for note in NOTES), ""])


def as_csv(tables: ResultTables) -> str:
    """One row per value, like paper_tables.csv in the package."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["table", "system", "origin", "data", "machine", "value"])
    for line in tables.lines:
        data = "DCASE 2023 development set" if line.origin == "paper" else tables.data
        for column, value in line.values.items():
            writer.writerow([line.table, line.system, line.origin, data, column, "" if value is None else repr(value)])
    return text.getvalue()


def print_tables(console: "Console", tables: ResultTables, *, with_labels: bool = False) -> None:
    """Prints the three tables: the rows that use no labels, and if `with_labels`, also those that do."""
    from rich.table import Table

    console.print(tables.heading, highlight=False, markup=False)
    for uses_labels, (table, title) in itertools.product((False, True)[: 1 + with_labels], TITLES.items()):
        rows = [line for line in tables.lines if line.table == table and line.uses_labels == uses_labels]
        if not rows:
            continue
        title += ", models chosen by test labels" if uses_labels else ""
        grid = Table(title=title, title_justify="left")
        grid.add_column("system")
        grid.add_column("")
        for column in rows[0].values if rows else ():
            grid.add_column(column, justify="right")
        shown = ""
        for row in rows:
            label, shown = row.system if row.system != shown else "", row.system
            grid.add_row(label, row.origin, *map(_cell, row.values.values()), end_section=row.origin == "official",
                         style="dim" if row.origin == "paper" else None)  # fmt: skip
        console.print(grid)
    for note in (*tables.intervals, *NOTES):
        console.print(note, highlight=False, markup=False)


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
