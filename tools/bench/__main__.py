"""`nox -s bench`: one table, each step beside the tool that a user would otherwise take, and the machine it ran on."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import clip_scoring_rows
import eval_rows
import features_rows
import inlier_rows
import measure
import native_rows
import process_rows
import scoring_rows
import stream_rows
import torch
import training_rows
import typer
from machine_limits import measure_limits
from measure import Row
from table import header, line

HEADING = "## Measured"


def _rows(cores: int) -> Iterator[Row]:
    for threads in sorted({1, cores}):
        torch.set_num_threads(threads)
        yield from native_rows.rows(threads)
        yield from features_rows.rows(threads)
        yield from scoring_rows.rows(threads)
    yield features_rows.one_thread_beside(cores)
    yield from stream_rows.rows(cores)
    yield from training_rows.rows(cores)
    yield from clip_scoring_rows.rows(cores)
    yield from inlier_rows.rows(cores)
    yield from eval_rows.rows()
    yield from process_rows.rows()


def main(
    quick: Annotated[bool, typer.Option(help="One run each, of less data: only tests that all rows run.")] = False,
    markdown: Annotated[
        Path | None, typer.Option(help=f"Also write the table to this file, after the line '{HEADING}'.")
    ] = None,
) -> None:
    """Prints the table, each row as it is measured."""
    measure.quick = quick
    before = _before_the_table(markdown) if markdown is not None else ""
    cores = os.cpu_count() or 1
    limits = measure_limits(sorted({1, cores}))
    lines = [header(limits)]
    print(lines[0])
    for row in _rows(cores):
        lines.append(line(row, limits))
        print(lines[-1], flush=True)
    if markdown is not None:
        markdown.write_text(before + "\n" + "\n".join(lines) + "\n", encoding="utf-8")


def _before_the_table(markdown: Path) -> str:
    """The page up to the line that the table follows: read before the minutes of measuring."""
    page = markdown.read_text(encoding="utf-8") if markdown.is_file() else f"# Benchmarks\n\n{HEADING}\n"
    before, heading, _ = page.partition(f"\n{HEADING}\n")
    if not heading:
        raise typer.BadParameter(f"{markdown} has no line '{HEADING}': add it where the table should begin.")
    return before + heading


typer.run(main)
