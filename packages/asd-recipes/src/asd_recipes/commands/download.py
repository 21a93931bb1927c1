"""`asd data download` and `asd data verify`."""

from pathlib import Path
from typing import Annotated

import typer

from asd_recipes.commands.options import Quiet, names, resumable


def download(
    dataset: Annotated[str, typer.Argument(help="dcase2023, or dcase2020 to dcase2026.")],
    split: Annotated[str, typer.Option(help="dev, additional (training clips of the eval machines), eval.")] = "dev",
    machine: Annotated[str | None, typer.Option(help="Only these, as in bearing,fan.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to fill; <dataset>t2 by default.")] = None,
    mirror: Annotated[str, typer.Option(help="Server with Zenodo's record API.")] = "https://zenodo.org",
    keep_zip: Annotated[bool, typer.Option("--keep-zip", help="Keep the zip files in <out>/zips.")] = False,
    quiet: Quiet = False,
) -> None:
    """Download a DCASE Task 2 data set: checked, unpacked, with a manifest. Read the licence that it prints.

    After an interruption run the command again: it continues where it stopped. Zip files placed in <out> or <out>/zips
    are used without a network. Exit status 1 when a file could not be downloaded; the others are there.

    Examples:

        asd data download dcase2023

        asd data download dcase2023 --split eval --machine bandsaw,Vacuum
    """
    from asd_recipes.download import dataset_year, download_dataset
    from asd_recipes.progress import show_progress

    year = dataset_year(dataset)
    root = out or Path(f"{dataset}t2")
    with resumable(), show_progress(quiet=quiet) as progress:
        report = download_dataset(
            root,
            year=year,
            progress=progress,
            splits=names(split),
            machines=names(machine),
            mirror=mirror,
            keep_zip=keep_zip,
        )
    for failure in report.failures:
        typer.secho(f"{failure.name}: {failure.error}", fg="red", err=True)
    for folder in report.folders:
        typer.echo(f"{folder}: for --data, and `asd data check {folder}`")
    total = len(report.published) + len(report.present) + len(report.failures)
    there = f", {len(report.present)} were there" if report.present else ""
    typer.echo(f"{root}: {len(report.published)} of {total} zip files published{there}, {len(report.failures)} failed")
    raise typer.Exit(1 if report.failures else 0)


def verify(
    folder: Annotated[Path, typer.Argument(help="The folder that `asd data download` filled.")],
    quiet: Quiet = False,
) -> None:
    """Compare every file of a download with its manifest (length and sha256); exit status 1 when anything differs.

    Example:

        asd data verify dcase2023t2
    """
    from asd_recipes.download import listed_bytes, verify_dataset
    from asd_recipes.progress import show_progress

    with (
        show_progress(quiet=quiet) as progress,
        progress.stage(f"verify {folder}", listed_bytes(folder), in_bytes=True) as advance,
    ):
        verification = verify_dataset(folder, advance=advance)
    for problem in verification.problems:
        typer.echo(f"{problem.kind}: {problem.file}: {problem.reason}")
    size = f"{verification.files} files, {verification.bytes / 1e9:.2f} GB"
    typer.echo(f"{verification.dataset}: {size}, {len(verification.problems)} findings")
    if verification.problems:
        typer.echo("Remove what is named, and `asd data download` with the same --out brings back what it had fetched.")
    raise typer.Exit(1 if verification.problems else 0)
