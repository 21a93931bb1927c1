"""`asd data synth` and `asd data check`; `asd data download` and `verify` are in `commands.download`."""

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from asd_recipes.commands.download import download, verify
from asd_recipes.commands.options import in_percent, names, resumable
from asd_runtime.commands.options import Quiet
from asd_runtime.counted import counted

if TYPE_CHECKING:
    from asd_recipes.dataset.data_report import CountLine, DataReport
    from asd_runtime.sound.recording_findings import Expected

data_app = typer.Typer(no_args_is_help=True, help="Get, make and check data sets in the DCASE layout.")
data_app.command()(download)
data_app.command()(verify)


@data_app.command()
def synth(
    folder: Annotated[Path, typer.Argument(help="Where to write: a new folder, or one begun with the same options.")],
    size: Annotated[
        Literal["tiny", "quick", "full"],
        typer.Option(help="full is 990 + 10 training and 4 x 50 test clips per machine."),
    ] = "quick",
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 0,
    machines: Annotated[str | None, typer.Option(help="Only these machines, such as bearing,fan.")] = None,
    jobs: Annotated[int, typer.Option(help="Processes.")] = 2,
    quiet: Quiet = False,
) -> None:
    """Write a synthetic data set in the layout of the DCASE 2023 development set.

    Example:

        asd data synth my-data --size quick --seed 3
    """
    from asd_recipes.synth import DatasetSize, write_dataset
    from asd_runtime.progress import show_progress

    chosen = DatasetSize.named(size)
    with resumable(), show_progress(quiet=quiet) as progress, progress.stage(f"write {folder}", 100) as advance:
        summary = write_dataset(
            folder, size=chosen, seed=seed, machines=names(machines) or None, jobs=jobs, progress=in_percent(advance)
        )
    typer.echo(f"{folder}: {counted(summary.clips, 'synthetic clip')}, {summary.audio_s / 3600:.1f} h")


@data_app.command()
def check(
    folder: Annotated[
        Path,
        typer.Argument(
            help="A DCASE data set (one folder per machine), a folder with a metadata.csv, a CSV file of clips, or "
            "any folder of recordings."
        ),
    ],
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the report to this file as well; - prints it as JSON instead.")
    ] = None,
    ground_truth: Annotated[
        Path | None, typer.Option(help="Labels of anonymous clips: an evaluator's folder, eval_data_list*.csv, ...")
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option(help="Expected sample rate in hertz, or any. Default: 16000 for a data set, any for a folder."),
    ] = None,
    channel: Annotated[
        str | None,
        typer.Option(
            help="Expected channels: only (exactly one), mean (any number, averaged), or the number of one channel, "
            "from 0. Default: only for a data set, mean for a folder."
        ),
    ] = None,
    min_seconds: Annotated[float, typer.Option(help="Shorter recordings are an error.")] = 1.0,
    strict: Annotated[bool, typer.Option("--strict", help="Exit status 1 for warnings as well.")] = False,
    quiet: Quiet = False,
) -> None:
    """Check recordings before a long training: count them, and list what is wrong with them.

    A data set is checked for what `asd reproduce` needs, a plain folder for
    what `asd fit` accepts. The exit status is 1 if there are errors.

    Examples:

        asd data check dcase2023t2/dev_data/raw --json report.json

        asd data check recordings/pump7
    """
    from asd_recipes.dataset.data_check import check_dataset
    from asd_recipes.dataset.ground_truth_join import join_ground_truth
    from asd_recipes.dataset.plain_folder import scan_any
    from asd_runtime.commands.output_places import check_outputs
    from asd_runtime.progress import show_progress
    from asd_runtime.whole_file import write_json

    asked = _expected(rate or "16000", channel or "only", min_seconds)
    dataset = scan_any(folder)
    if (report_file := None if json_file == Path("-") else json_file) is not None:
        read = [*(clip.path for clip in dataset.clips), *dataset.tables, *([ground_truth] if ground_truth else [])]
        check_outputs([("--json", report_file)], inputs=read)
    takes_all = _expected(rate or "any", channel or "mean", min_seconds)  # as `asd fit` does
    expected = takes_all if dataset.plain else asked
    if ground_truth is not None:
        dataset = join_ground_truth(dataset, ground_truth)
    with (
        show_progress(quiet=quiet) as progress,
        progress.stage("read recordings", len(dataset.clips)) as advance,
    ):
        report = check_dataset(dataset, expected, advance=advance)
    if json_file == Path("-"):
        typer.echo(json.dumps(report.as_json(), indent=2, sort_keys=True))
    else:
        _show(report, expected)
        if report_file is not None:
            write_json(report_file, report.as_json())
    raise typer.Exit(1 if report.errors or (strict and report.warnings) else 0)


def _expected(rate: str, channel: str, min_seconds: float) -> "Expected":
    from asd_runtime.sound.recording_findings import Expected

    if not 0 <= min_seconds < math.inf:
        raise typer.BadParameter(f"{min_seconds} is not a number of seconds, 0 or more.", param_hint="--min-seconds")
    if rate != "any" and not (rate.isdecimal() and int(rate) > 0):
        raise typer.BadParameter(f"{rate!r} is neither a rate in hertz, such as 16000, nor any.", param_hint="--rate")
    if channel not in ("only", "mean") and not channel.isdecimal():
        raise typer.BadParameter(f"{channel!r} is neither only nor mean nor a number from 0.", param_hint="--channel")
    return Expected(
        sample_rate_hz=None if rate == "any" else int(rate),
        channel=channel if channel in ("only", "mean") else int(channel),  # type: ignore[arg-type]  # checked above
        shortest_s=min_seconds,
    )


_COLUMNS = ("machine", "section", "split", "domain", "label", "clips", "seconds", "dB", "attributes")
_OF_A_FOLDER = {"machine": "folder", "clips": "recordings", "seconds": "seconds", "dB": "dB"}
"""The columns of the table for a plain folder, and their titles there."""


def _show(report: "DataReport", expected: "Expected") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    columns = _OF_A_FOLDER if report.plain else {column: column for column in _COLUMNS}
    table = Table(*columns.values(), title=Text(report.root))
    for line in report.totals:
        cells = _cells(line)
        # As Text: rich would take a name in brackets for a style.
        table.add_row(*(Text(cells[column]) for column in columns))
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    if report.plain:
        typer.echo(f"A folder without a layout, checked for `asd fit`: {_in_words(expected)}.")
        typer.echo("`asd score` also needs one whole segment of its model, as `asd info` gives it.")
    colours = {"error": "red", "warning": "yellow"}
    for problem, text in report.lines():
        typer.secho(text, fg=colours[problem.severity] if problem else None)


def _cells(line: "CountLine") -> dict[str, str]:
    level = "-" if line.level_db is None else f"{line.level_db:.1f}"
    cells = [line.machine, line.section, line.split, line.domain, line.label, str(line.clips)]
    return dict(zip(_COLUMNS, [*cells, f"{line.seconds:.0f}", level, line.attributes], strict=True))


def _in_words(expected: "Expected") -> str:
    rate = "any sample rate" if expected.sample_rate_hz is None else f"{expected.sample_rate_hz} Hz"
    channels = {"only": "one channel", "mean": "channels averaged"}
    channel = channels.get(str(expected.channel), f"channel {expected.channel}")
    return f"{rate}, {channel}, {expected.shortest_s:g} s or longer"
