"""The command `asd`. Heavy libraries load inside the commands, so that `asd --help` answers at once."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer

app = typer.Typer(
    name="asd",
    help="Anomalous sound detection: reproduce the paper, check data, score recordings, evaluate systems.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(no_args_is_help=True, help="Make and check data sets in the DCASE layout.")
app.add_typer(data_app, name="data")

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu or cuda.")]


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


@contextmanager
def _resumable() -> Iterator[None]:
    """Says after Ctrl-C that nothing is lost."""
    try:
        yield
    except KeyboardInterrupt:
        typer.secho("interrupted; the same command goes on where it was", err=True)
        raise typer.Exit(130) from None


def _fail(message: str) -> NoReturn:
    typer.secho(f"asd: {message}", fg="red", err=True)
    raise typer.Exit(2)


@app.command()
def reproduce(
    data: Annotated[Path | None, typer.Option(help="Data set in the DCASE layout; without it one is made.")] = None,
    profile: Annotated[str, typer.Option(help="quick, paper, smoke, or a TOML file.")] = "quick",
    out: Annotated[Path, typer.Option(help="Folder for runs and for the data that are made.")] = Path("runs"),
    machines: Annotated[str | None, typer.Option(help="Only these, as in bearing,fan.")] = None,
    systems: Annotated[str, typer.Option(help="autoencoder, oe, or both.")] = "autoencoder,oe",
    seed: Annotated[int, typer.Option(help="Decides every random number.")] = 0,
    device: DeviceOption = "auto",
    resume: Annotated[bool, typer.Option(help="Go on with an interrupted run, or start over.")] = True,
    settings: Annotated[list[str] | None, typer.Option("--set", help="Change a setting: training.epochs=5.")] = None,
    quiet: Quiet = False,
) -> None:
    """Train, score, evaluate, and print the paper's Tables 2 to 4 beside the paper's numbers.

    Without --data the command makes a synthetic data set first and says so wherever its numbers appear. An interrupted
    run goes on when the same command is given again.

    Examples:

        asd reproduce

        asd reproduce --data dcase2023t2/dev_data/raw --profile paper --device cuda

        asd reproduce --machines fan,valve --seed 1 --set training.epochs=5
    """
    import dataclasses
    import shutil

    from asd_recipes.progress import show_progress
    from asd_recipes.recipe import load_recipe
    from asd_recipes.reproduce import SYSTEMS, Reproduction
    from asd_recipes.result_tables import print_tables
    from asd_recipes.run_store import RunStore

    chosen = _names(systems)
    if not chosen or set(chosen) - set(SYSTEMS):
        _fail(f"--systems takes {' and '.join(SYSTEMS)}; got {systems!r}.")
    recipe = dataclasses.replace(load_recipe(profile, settings=settings or []), seed=seed)
    with _resumable(), show_progress(quiet=quiet) as progress:
        source = data if data is not None else _synthetic(out, recipe.synthetic.size, seed, recipe.threads, progress)
        store = RunStore(out / _run_name(Path(profile).stem, recipe.digest(), seed, data))
        with store.locked():
            if not resume:
                for entry in store.root.iterdir():
                    if entry.name != ".lock":
                        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
            run = Reproduction(recipe, source, store, device=device, machines=_names(machines), systems=chosen)
            result = run.run(progress)
    from rich.console import Console

    print_tables(Console(width=None if sys.stdout.isatty() else 120), result.tables)
    typer.echo(f"\nEverything lies in {result.folder}: tables.txt, .md, .csv, .json, metrics/, and a folder a machine.")
    if result.problems:
        typer.secho(f"{len(result.problems)} files or trainings were left out:", fg="red", err=True)
        for problem in result.problems:
            typer.echo(f"  {problem.file}: {problem.kind}: {problem.reason}", err=True)
        raise typer.Exit(1)


def _run_name(profile: str, digest: str, seed: int, data: Path | None) -> str:
    import hashlib

    where = "synthetic" if data is None else hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:6]
    return f"{profile}-seed{seed}-{where}-{digest[:8]}"


def _synthetic(out: Path, size: str, seed: int, jobs: int, progress: "object") -> Path:
    """The embedded data set of a size and seed, made once."""
    from asd_recipes.synth import DatasetSize, write_dataset

    folder = out / "data" / f"synthetic-{size}-seed{seed}"
    if not (folder / "synth.json").is_file():
        with progress.stage(f"make synthetic data ({size})", 1) as advance:  # type: ignore[attr-defined]
            write_dataset(folder, size=DatasetSize.named(size), seed=seed, jobs=jobs)
            advance(1)
    return folder


@data_app.command()
def synth(
    folder: Annotated[Path, typer.Argument(help="Where to write; must not exist, or be an earlier one of the same.")],
    size: Annotated[str, typer.Option(help="tiny, quick or full (990 + 10 training and 4 x 50 test clips).")] = "quick",
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

    with show_progress(quiet=quiet) as progress:
        write_dataset(folder, size=DatasetSize.named(size), seed=seed, machines=_names(machines) or None, jobs=jobs)
        progress.say(f"synthetic data: {folder}")


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
    from rich.console import Console
    from rich.table import Table

    from asd_recipes.data_check import check_dataset
    from asd_recipes.dataset import scan_dataset
    from asd_recipes.progress import show_progress
    from asd_recipes.run_store import write_json

    with show_progress(quiet=quiet) as progress:
        total = len(scan_dataset(folder).clips)
        with progress.stage("open recordings", total) as advance:
            report = check_dataset(folder, advance=advance)
    console = Console(width=None if sys.stdout.isatty() else 120)
    table = Table("machine", "split", "domain", "label", "attributes", "clips", "seconds", title=str(folder))
    for line in report.counts:
        cells = [
            line.machine,
            line.split,
            line.domain,
            line.label,
            line.attributes,
            str(line.clips),
            f"{line.seconds:.0f}",
        ]
        table.add_row(*cells)
    console.print(table)
    for problem in report.problems:
        console.print(
            f"{problem.kind}: {problem.file}: {problem.reason}", markup=False, highlight=False, soft_wrap=True
        )
    if json_file is not None:
        write_json(json_file, report.as_json())
    typer.echo(f"{sum(line.clips for line in report.counts)} clips, {len(report.problems)} findings")
    raise typer.Exit(1 if report.problems else 0)


@app.command()
def score(
    model: Annotated[Path, typer.Argument(help="<run>/<machine> of a finished run.")],
    files: Annotated[list[Path], typer.Argument(help="Recordings, wav or flac.")],
    out: Annotated[Path | None, typer.Option(help="Write file,score lines here as CSV.")] = None,
    device: DeviceOption = "auto",
) -> None:
    """Score recordings with the OE system of a run; higher is more anomalous, 0 is the average normal training clip.

    Goes on past a file that cannot be read, tells of it, and exits with status 1.

    Example:

        asd score runs/quick-seed0-synthetic-1a2b3c4d/fan recording.wav --out scores.csv
    """
    from asd_features import AudioError
    from asd_recipes.clip_scorer import load_scorer
    from asd_recipes.run_store import write_text

    scorer = load_scorer(model, device=device)
    lines, failures = [], 0
    for path in files:
        try:
            value = scorer.score_file(path)
        except (AudioError, OSError) as error:
            typer.secho(f"{path}: {error}", fg="red", err=True)
            failures += 1
            continue
        typer.echo(f"{value:+.4f}  {path}")
        lines.append(f"{json.dumps(str(path)) if ',' in str(path) else path},{value!r}\n")
    if out is not None:
        write_text(out, "file,score\n" + "".join(lines))
    raise typer.Exit(1 if failures else 0)


@app.command()
def evaluate(
    folder: Annotated[Path, typer.Argument(help="Holds anomaly_score_*.csv; decision_result_*.csv too.")],
    ground_truth: Annotated[Path | None, typer.Option(help="Labels, where the clips' names do not say them.")] = None,
    convention: Annotated[str | None, typer.Option(help="official, within-domain, or a year.")] = None,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="Write the official result file here.")] = None,
) -> None:
    """Print the official table of a folder of submission files, of any system.

    Example:

        asd evaluate runs/quick-seed0-synthetic-1a2b3c4d/submissions/oe
    """
    from asd_eval import evaluate_directory, official_csv
    from asd_recipes.run_store import write_text

    evaluation = evaluate_directory(folder, ground_truth=ground_truth, convention=convention)
    typer.echo(str(evaluation))
    if csv_file is not None:
        write_text(csv_file, official_csv(evaluation))


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(help="Folder of submission files.")],
    second: Annotated[Path, typer.Argument(help="Another, of the same clips.")],
    ground_truth: Annotated[Path | None, typer.Option(help="Labels, where the clips' names do not say them.")] = None,
    convention: Annotated[str | None, typer.Option(help="official, within-domain, or a year.")] = None,
    resamples: Annotated[int, typer.Option(help="Resamples of the bootstrap.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Of the resamples.")] = 0,
) -> None:
    """Print how much better the first system is than the second, with interval and p-value.

    Example:

        asd compare runs/<run>/submissions/oe runs/<run>/submissions/baseline-mse
    """
    from asd_eval import compare_directories

    result = compare_directories(
        first, second, ground_truth=ground_truth, convention=convention, resamples=resamples, seed=seed
    )
    typer.echo(str(result))


def main() -> None:
    """Entry point: errors that a user can mend are one line, not a traceback."""
    try:
        app()
    except (ValueError, FileNotFoundError) as error:
        typer.secho(f"asd: {error}", fg="red", err=True)
        sys.exit(2)
