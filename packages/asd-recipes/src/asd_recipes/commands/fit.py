"""`asd fit`."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asd_recipes.commands.options import DeviceOption, Quiet, resumable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asd_recipes.dataset.clip import Problem
    from asd_recipes.own_machine.own_recordings import OwnRecordings
    from asd_recipes.progress import Progress
    from asd_recipes.recipe.settings import Recipe
    from asd_recipes.reproduction.run_store import RunStore


def fit(
    normal: Annotated[Path, typer.Option(help="Folder of recordings of the machine as it runs well.")],
    others: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder of other sounds, each sub-folder a machine; repeatable. Without it: synthetic machines."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The model; models/<name of the folder> if not given.")] = None,
    attributes: Annotated[
        Path | None, typer.Option(help="CSV: file_name, and a column for each attribute, of the normal recordings.")
    ] = None,
    pattern: Annotated[
        str | None, typer.Option(help="Attributes from file names, as in '{speed}_{load}'; {} for anything.")
    ] = None,
    profile: Annotated[str, typer.Option(help="own, another profile, or a TOML file.")] = "own",
    seed: Annotated[int | None, typer.Option(help="Decides every random number; 0 unless the recipe says.")] = None,
    false_alarms: Annotated[
        float, typer.Option(help="Share of normal recordings that the threshold may call anomalous.")
    ] = 0.1,
    device: DeviceOption = "auto",
    resume: Annotated[bool, typer.Option(help="Go on with an interrupted training, or start over.")] = True,
    settings: Annotated[list[str] | None, typer.Option("--set", help="Change a setting: training.epochs=5.")] = None,
    quiet: Quiet = False,
) -> None:
    """Train a model on a folder of normal recordings: wav or flac, of any rate, number of channels and length.

    A recording that cannot be used is named and left out; exit status 1 then, with the model made all the same. An
    interrupted training goes on when the same command is given again.

    Examples:

        asd fit --normal recordings/pump7

        asd fit --normal recordings/pump7 --others recordings --pattern '{speed}_{load}' --out pump7-model
    """
    from asd_recipes.progress import show_progress
    from asd_recipes.recipe.toml_text import load_recipe

    if not 0 < false_alarms < 1:
        raise typer.BadParameter(f"{false_alarms} is not between 0 and 1.", param_hint="--false-alarms")
    recipe = load_recipe(profile, settings=[*(settings or []), *([] if seed is None else [f"seed={seed}"])])
    # Three kinds of training data are for two domains, of which one's own recordings know nothing. Profiles made for
    # reproductions save no inlier models, which would be many; here they are part of the model.
    recipe = replace(recipe, inlier=replace(recipe.inlier, training_data=("source",), save=True))
    model = out or Path("models") / normal.resolve().name
    with resumable(), show_progress(quiet=quiet) as progress:
        from asd_recipes.own_machine.fit import OwnFit
        from asd_recipes.reproduction.run_store import RunStore

        store = RunStore(model.with_name(f".{model.name}.fit"))
        with store.locked():
            if not resume:
                store.clear()
            recordings = _recordings(normal, others or [], attributes, pattern, store, recipe, progress)
            result = OwnFit(
                recipe=recipe,
                recordings=recordings,
                folder=normal,
                synthetic_others=not others,
                model=model,
                store=store,
                device=device,
                false_alarms=false_alarms,
            ).run(progress)
            store.remove()
    threshold = result.manifest.threshold
    typer.echo(f"{model}: a recording that scores above {threshold.value:.2f} is called anomalous.")
    typer.echo(f"asd info {model} says more; asd score {model} FILES scores recordings.")
    _end(result.problems, named=not quiet)


def _end(problems: "Sequence[Problem]", *, named: bool) -> None:
    """Exit status 1 if recordings were left out; names them where the progress has not."""
    if not named:
        for problem in problems:
            typer.echo(f"left out {problem.file}: {problem.reason}", err=True)
    if lost := sum(problem.severity == "error" for problem in problems):
        typer.secho(f"The model was made without {lost} file{'s' * (lost > 1)}, named above.", fg="red", err=True)
        raise typer.Exit(1)


def _recordings(
    normal: Path,
    others: list[Path],
    attributes: Path | None,
    pattern: str | None,
    store: "RunStore",
    recipe: "Recipe",
    progress: "Progress",
) -> "OwnRecordings":
    from asd_recipes.commands.reproduce import synthetic_data
    from asd_recipes.own_machine.own_recordings import find_recordings, normal_recordings
    from asd_recipes.own_machine.recording_attributes import with_attributes

    normal_recordings(normal, others)  # refuses before the synthetic data are made
    others = others or [synthetic_data(store.root, recipe, progress)]
    return with_attributes(find_recordings(normal, others), table=attributes, pattern=pattern)
