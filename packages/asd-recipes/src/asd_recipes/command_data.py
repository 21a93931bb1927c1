"""`asd data synth` and `asd data check`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from asd_recipes.command_options import Quiet, in_percent, names, resumable

if TYPE_CHECKING:
    from asd_recipes.data_check import DataReport

data_app = typer.Typer(no_args_is_help=True, help="Make and check data sets in the DCASE layout.")


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
    folder: Annotated[Path, typer.Argument(help="The folder that holds one folder for each machine type.")],
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the report here as well.")] = None,
    quiet: Quiet = False,
) -> None:
    """Say what a data set holds and what is wrong with it; exit status 1 when anything is.

    Example:

        asd data check dcase2023t2/dev_data/raw --json report.json
    """
    from asd_recipes.data_check import check_dataset
    from asd_recipes.dataset import scan_dataset
    from asd_recipes.progress import show_progress
    from asd_recipes.run_store import write_json

    with show_progress(quiet=quiet) as progress:
        total = len(scan_dataset(folder).clips)
        with progress.stage("open recordings", total) as advance:
            report = check_dataset(folder, advance=advance)
    _show(report)
    if json_file is not None:
        write_json(json_file, report.as_json())
    raise typer.Exit(1 if report.problems else 0)


def _show(report: "DataReport") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("machine", "split", "domain", "label", "attributes", "clips", "seconds", title=report.root)
    for line in report.counts:
        kind = [line.machine, line.split, line.domain, line.label, line.attributes]
        table.add_row(*kind, str(line.clips), f"{line.seconds:.0f}")
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    for problem in report.problems:
        typer.echo(f"{problem.kind}: {problem.file}: {problem.reason}")
    typer.echo(f"{sum(line.clips for line in report.counts)} clips, {len(report.problems)} findings")
