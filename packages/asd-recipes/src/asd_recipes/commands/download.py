"""`asd data download` and `asd data verify`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from asd_recipes.commands.options import names, resumable
from asd_runtime.commands.options import Quiet
from asd_runtime.counted import counted


def download(
    dataset: Annotated[str, typer.Argument(help="dcase2023, or dcase2020 to dcase2026.")],
    split: Annotated[str, typer.Option(help="dev, additional (training clips of the eval machines), eval.")] = "dev",
    machine: Annotated[str | None, typer.Option(help="Only these machines, such as bearing,fan.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to fill; <dataset>t2 by default.")] = None,
    mirror: Annotated[str, typer.Option(help="Server with Zenodo's record API.")] = "https://zenodo.org",
    keep_zip: Annotated[bool, typer.Option("--keep-zip", help="Keep the zip files in <out>/zips.")] = False,
    quiet: Quiet = False,
) -> None:
    """Download a DCASE Task 2 data set: checked, unpacked, with a manifest. Read the licence that it prints.

    After an interruption, run the command again: it continues where it
    stopped. Zip files placed in <out> or <out>/zips are used without a
    network. The exit status is 1 if a file could not be downloaded; the others
    are kept.

    Examples:

        asd data download dcase2023 --split dev,additional

        asd data download dcase2023 --split eval --machine bandsaw,Vacuum
    """
    from asd_recipes.download import dataset_year, download_dataset
    from asd_runtime.progress import show_progress

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
    if report.folders:
        checks = " and ".join(f"asd data check {folder}" for folder in report.folders)
        typer.echo(f"To check it: {checks}. To train on it: {_training(root, report.folders)}.")
    total = len(report.published) + len(report.present) + len(report.failures)
    present = f", {len(report.present)} already there" if report.present else ""
    typer.echo(
        f"{root}: {len(report.published)} of {counted(total, 'zip file')} unpacked{present}, "
        f"{len(report.failures)} failed"
    )
    raise typer.Exit(1 if report.failures else 0)


def _training(root: Path, folders: Sequence[Path]) -> str:
    """The command that trains on what is there: the development set, and beside it the additional training set."""
    from asd_recipes.download.places import Places

    data, additional = Places(root).raw("dev"), Places(root).raw("additional")
    if not data.is_dir():
        return f"asd reproduce --data {folders[0]}"
    others = f" --others {additional}" if any(additional.glob("*/train")) else ""
    return f"asd reproduce --data {data}{others}"


def verify(
    folder: Annotated[Path, typer.Argument(help="The folder that `asd data download` filled.")],
    quiet: Quiet = False,
) -> None:
    """Compare every file of a download with its manifest (length and SHA-256). The exit status is 1 if any differs.

    Example:

        asd data verify dcase2023t2
    """
    from asd_recipes.download import listed_bytes, verify_dataset
    from asd_runtime.progress import show_progress

    with (
        show_progress(quiet=quiet) as progress,
        progress.stage(f"verify {folder}", listed_bytes(folder), in_bytes=True) as advance,
    ):
        verification = verify_dataset(folder, advance=advance)
    for problem in verification.problems:
        typer.echo(f"{problem.kind}: {problem.file}: {problem.reason}")
    size = f"{counted(verification.files, 'file')}, {verification.bytes / 1e9:.2f} GB"
    typer.echo(f"{verification.dataset}: {size}, {counted(len(verification.problems), 'finding')}")
    if verification.problems:
        typer.echo(
            "Remove the files named above and run `asd data download` with the same --out: it fetches them again."
        )
    raise typer.Exit(1 if verification.problems else 0)
