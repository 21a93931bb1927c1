"""`asd reproduce`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asd_recipes.commands.options import DeviceOption, names, resumable
from asd_runtime.commands.options import Quiet

if TYPE_CHECKING:
    from asd_recipes.reproduction.reproduce import RunResult


def reproduce(
    data: Annotated[
        Path | None, typer.Option(help="Data set in the DCASE layout. Default: a synthetic one is made.")
    ] = None,
    others: Annotated[
        list[Path] | None,
        typer.Option(
            help="Data set whose training clips only serve as pseudo-anomalies, such as the additional training set. "
            "Repeatable."
        ),
    ] = None,
    ground_truth: Annotated[
        Path | None, typer.Option(help="Published labels of anonymous test clips: a file, or a folder of such files.")
    ] = None,
    profile: Annotated[str, typer.Option(help="quick, paper, smoke, or a TOML file.")] = "quick",
    out: Annotated[Path, typer.Option(help="Folder for runs and for synthetic data.")] = Path("runs"),
    machines: Annotated[str | None, typer.Option(help="Only these machines, such as bearing,fan.")] = None,
    systems: Annotated[
        str | None,
        typer.Option(
            help="Only these of autoencoder, oe, oe-flow, oe-dflow, serialoe-flow, serialoe-dflow, "
            "spectral-statistics, random-encoder, full-gaussian. Default: all."
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of all random numbers. Default: the profile's, usually 0.")
    ] = None,
    device: DeviceOption = "auto",
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Trainings in parallel. Default: as many as cores, GPUs and memory allow.")
    ] = None,
    resume: Annotated[
        bool, typer.Option(help="Continue an interrupted run, or start over and take nothing from other runs.")
    ] = True,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Change a setting, such as training.epochs=5. Repeatable.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Train, score, evaluate, and print the paper's Tables 2 to 4 beside the paper's numbers.

    Without --data the command first makes a synthetic data set, and says so
    wherever its numbers appear. The training clips of a second synthetic
    factory then stand in for --others; --set synthetic.others=false leaves
    them out. To continue an interrupted run, run the command again. The tables
    show the machines and systems of the last call.

    Another recipe is another run, in a folder of its own. It takes what it can
    from the runs beside it in --out, and says so. A run with other inlier
    models or another power weighting takes their trained networks; a run with
    another inlier.selected takes their scores as well.

    Exit status: 0 if nothing was left out, even with warnings (a file that is
    not audio, an unused folder); 1 if the tables were made but a recording or
    a training was left out; 2 if nothing could be done.

    Examples:

        asd reproduce

        asd reproduce --data dcase2023t2/dev_data/raw \\
            --others dcase2023t2/eval_data/raw --profile paper

        asd reproduce --machines fan,valve --systems oe --set training.epochs=5
    """
    from asd_recipes.commands.run_folders import bank_folder, run_name, synthetic_data, synthetic_others
    from asd_recipes.recipe.toml_text import load_recipe
    from asd_runtime.progress import show_progress

    only = names(machines)
    overrides = [*(settings or []), *([] if seed is None else [f"seed={seed}"])]
    recipe = load_recipe(profile, settings=overrides)
    with resumable(), show_progress(quiet=quiet) as progress:
        from asd_recipes.recipe.system_variants import SYSTEMS
        from asd_recipes.reproduction.reproduce import Reproduction, chosen_systems
        from asd_recipes.reproduction.requirements import check_recipe
        from asd_recipes.reproduction.run_store import RunStore

        chosen = chosen_systems(SYSTEMS if systems is None else names(systems))
        check_recipe(recipe, device)
        source = data if data is not None else synthetic_data(out, recipe, progress)
        additional = others or (synthetic_others(out, recipe, progress) if data is None else [])
        store = RunStore(out / run_name(Path(profile).stem, recipe, data, others or []))
        with store.locked():
            if not resume:
                store.clear()
            run = Reproduction(
                recipe,
                source,
                store,
                bank=bank_folder(out, source, recipe, additional),
                device=device,
                machines=only,
                systems=chosen,
                jobs=jobs,
                ground_truth=ground_truth,
                others=additional,
                take=resume,
            )
            result = run.run(progress)
    _show(result)


def _show(result: "RunResult") -> None:
    """The tables, where the results are, what was left out (exit status 1), and warnings."""
    from rich.console import Console

    from asd_recipes.reproduction.result_tables import print_tables

    print_tables(Console(width=None if sys.stdout.isatty() else 120), result.tables)
    typer.echo(f"\nResults are in {result.folder}: tables.txt, .md, .csv and .json, metrics/, submissions/, plots/,")
    typer.echo("and a folder for each machine.")
    lost = _list(result, "error", "Left out:", "red")
    _list(result, "warning", "Warnings:", "yellow")
    if lost:
        raise typer.Exit(1)


def _list(result: "RunResult", severity: str, title: str, colour: str) -> int:
    """Prints the problems of one severity to standard error; returns how many there are."""
    problems = [problem for problem in result.problems if problem.severity == severity]
    if problems:
        typer.secho(title, fg=colour, err=True)
        for problem in problems:
            typer.echo(f"  {problem.file}: {problem.kind}: {problem.reason}", err=True)
    return len(problems)
