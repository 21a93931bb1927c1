"""`asd fit`."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asd_recipes.commands.options import DeviceOption, resumable
from asd_recipes.commands.own_sounds import AttributesOption, OthersOption, PatternOption, recordings_of
from asd_runtime.commands.options import Quiet
from asd_runtime.counted import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asd_runtime.sound.problem import Problem


def fit(
    normal: Annotated[Path, typer.Option(help="Folder of recordings of the machine while it runs well.")],
    others: OthersOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the model. Default: models/<name of the folder>.")
    ] = None,
    attributes: AttributesOption = None,
    pattern: PatternOption = None,
    profile: Annotated[str, typer.Option(help="own, another profile, or a TOML file of settings.")] = "own",
    seed: Annotated[
        int | None, typer.Option(help="Seed of all random numbers. Default: the profile's, usually 0.")
    ] = None,
    false_alarms: Annotated[
        float, typer.Option(help="Share of normal stretches that may score above the threshold.")
    ] = 0.1,
    device: DeviceOption = "auto",
    resume: Annotated[bool, typer.Option(help="Continue an interrupted training, or start over.")] = True,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Change a setting, such as training.epochs=5. Repeatable.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Train a model on a folder of normal recordings: wav or flac, any sample rate, number of channels and length.

    A model joins two detectors: OE (outlier exposure, a network that learns
    this machine against other sounds) and spectral statistics, which need no
    training. Known faults are mixed into held-out pieces, and each detector
    counts as far as it hears them. asd info says what a model can hear.

    A recording that cannot be used is named and left out. The model is still
    made, and the exit status is 1. To continue an interrupted training, run
    the command again.

    Examples:

        asd fit --normal recordings/pump7

        asd fit --normal recordings/pump7 --others other-machines

        asd fit --normal recordings/pump7 --pattern '{speed}_{load}'
    """
    from asd_recipes.own_machine.own_recordings import find_normal
    from asd_recipes.recipe.settings import RecipeError
    from asd_recipes.recipe.toml_text import load_recipe
    from asd_runtime.progress import show_progress

    if not 0 < false_alarms < 1:
        raise typer.BadParameter(f"{false_alarms} is not between 0 and 1.", param_hint="--false-alarms")
    recipe = load_recipe(profile, settings=[*(settings or []), *([] if seed is None else [f"seed={seed}"])])
    # One's own recordings have a single domain, so only inlier models of the source domain apply. A profile may leave
    # inlier models unsaved, as a reproduction makes many; here they are part of the model.
    recipe = replace(recipe, inlier=replace(recipe.inlier, training_data=("source",), save=True))
    model = out or Path("models") / normal.resolve().name
    if model.name in ("", ".."):
        raise RecipeError(f"--out must name a new folder; {model} exists. Try {model / 'model'}.")
    found = find_normal(normal, without=others or [])  # refuses before anything is made
    with resumable(), show_progress(quiet=quiet) as progress:
        from asd_recipes.own_machine.fit import OwnFit
        from asd_recipes.reproduction.run_store import RunStore
        from asd_runtime.model.hearing import weights_in_words
        from asd_runtime.model.threshold_trust import trust_in_words

        store = RunStore(model.with_name(f".{model.name}.fit"))
        with store.locked():
            if not resume:
                store.clear()
            try:
                recordings = recordings_of(found, others or [], attributes, pattern, store.root, recipe, progress)
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
            except Exception:
                if not store.has_begun:  # nothing to continue: a refusal leaves nothing behind
                    store.remove()
                raise
            store.remove()
    threshold = result.manifest.threshold
    typer.echo(
        f"{model}: a recording with a stretch of {threshold.stretch_s:g} s that scores above {threshold.value:.4g} is "
        "called anomalous."
    )
    typer.echo(trust_in_words(result.manifest))
    if result.manifest.joined is not None:
        typer.echo(weights_in_words(result.manifest.joined))
    if result.manifest.synthetic:
        typer.echo("The normal recordings are SYNTHETIC data: the model's scores of real recordings mean nothing.")
    typer.echo(f"More about the model: asd info {model}. To score recordings: asd score {model} RECORDINGS.")
    _end(result.problems, named=not quiet)


def _end(problems: "Sequence[Problem]", *, named: bool) -> None:
    """Exit status 1 if recordings were left out; names them if the progress output did not."""
    if not named:
        for problem in problems:
            typer.echo(f"left out {problem.file}: {problem.reason}", err=True)
    if lost := sum(problem.severity == "error" for problem in problems):
        typer.secho(f"The model was made without {counted(lost, 'file')}, named above.", fg="red", err=True)
        raise typer.Exit(1)
