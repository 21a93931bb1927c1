"""`asd data synth` and `asd data check`; `asd data download` and `verify` are in command_download."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from asd_recipes.commands.download import download, verify
from asd_recipes.commands.options import Quiet, in_percent, names, resumable

if TYPE_CHECKING:
    from asd_recipes.dataset.data_report import DataReport
    from asd_recipes.dataset.recording_findings import Expected

data_app = typer.Typer(no_args_is_help=True, help="Get, make and check data sets in the DCASE layout.")
data_app.command()(download)
data_app.command()(verify)


@data_app.command()
def synth(
    folder: Annotated[Path, typer.Argument(help="Where to write; must not exist, or be an earlier one of the same.")],
    size: Annotated[
        Literal["tiny", "quick", "full"],
        typer.Option(help="full is 990 + 10 training and 4 x 50 test clips a machine."),
    ] = "quick",
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 0,
    machines: Annotated[str | None, typer.Option(help="Only these, as in bearing,fan.")] = None,
    jobs: Annotated[int, typer.Option(help="Processes.")] = 2,
    quiet: Quiet = False,
) -> None:
    """Write a synthetic data set in the layout of the DCASE 2023 development set.

    Example:

        asd data synth my-data --size quick --seed 3
    """
    from asd_recipes.progress import show_progress
    from asd_recipes.synth import DatasetSize, write_dataset

    chosen = DatasetSize.named(size)
    with resumable(), show_progress(quiet=quiet) as progress, progress.stage(f"write {folder}", 100) as advance:
        summary = write_dataset(
            folder, size=chosen, seed=seed, machines=names(machines) or None, jobs=jobs, progress=in_percent(advance)
        )
    typer.echo(f"{folder}: {summary.clips} synthetic clips, {summary.audio_s / 3600:.1f} h")


@data_app.command()
def check(
    folder: Annotated[
        Path,
        typer.Argument(
            help="Folder with one folder for each machine type, or with metadata.csv, or of recordings; or a CSV file."
        ),
    ],
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the report here as well; - for standard output alone.")
    ] = None,
    ground_truth: Annotated[
        Path | None, typer.Option(help="Labels of anonymous clips: an evaluator's folder, eval_data_list*.csv, ...")
    ] = None,
    rate: Annotated[str, typer.Option(help="Sample rate that recordings should have, or any.")] = "16000",
    channel: Annotated[
        str, typer.Option(help="As audio.channel of a recipe: only, mean, or a number from 0.")
    ] = "only",
    min_seconds: Annotated[float, typer.Option(help="A shorter recording is too short.")] = 1.0,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail the check as well.")] = False,
    quiet: Quiet = False,
) -> None:
    """Say what a data set holds and what is wrong with it; exit status 1 when there are errors.

    Example:

        asd data check dcase2023t2/dev_data/raw --json report.json
    """
    from asd_recipes.dataset.data_check import check_dataset
    from asd_recipes.dataset.ground_truth_join import join_ground_truth
    from asd_recipes.dataset.plain_folder import scan_any
    from asd_recipes.progress import show_progress
    from asd_recipes.whole_file import write_json

    expected = _expected(rate, channel, min_seconds)
    dataset = scan_any(folder)
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
        _show(report)
        if json_file is not None:
            write_json(json_file, report.as_json())
    raise typer.Exit(1 if report.errors or (strict and report.warnings) else 0)


def _expected(rate: str, channel: str, min_seconds: float) -> "Expected":
    from asd_recipes.dataset.recording_findings import Expected

    if rate != "any" and not (rate.isdecimal() and int(rate) > 0):
        raise typer.BadParameter(f"{rate!r} is no rate in hertz, such as 16000, nor any.", param_hint="--rate")
    if channel not in ("only", "mean") and not channel.isdecimal():
        raise typer.BadParameter(f"{channel!r} is none of only, mean, or a number from 0.", param_hint="--channel")
    return Expected(
        sample_rate_hz=None if rate == "any" else int(rate),
        channel=channel if channel in ("only", "mean") else int(channel),  # type: ignore[arg-type]  # checked above
        shortest_s=min_seconds,
    )


def _show(report: "DataReport") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    headings = ("machine", "section", "split", "domain", "label", "clips", "seconds", "dB", "attributes")
    table = Table(*headings, title=Text(report.root))
    for line in report.totals:
        level = "-" if line.level_db is None else f"{line.level_db:.1f}"
        cells = [line.machine, line.section, line.split, line.domain, line.label, str(line.clips)]
        # As text: a name in brackets would be taken for a style.
        table.add_row(*map(Text, [*cells, f"{line.seconds:.0f}", level, line.attributes]))
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    colours = {"error": "red", "warning": "yellow"}
    for problem, text in report.lines():
        typer.secho(text, fg=colours[problem.severity] if problem else None)
