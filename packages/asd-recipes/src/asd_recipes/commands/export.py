"""`asd export`."""

from pathlib import Path
from typing import Annotated

import typer

from asd_recipes.commands.options import resumable
from asd_runtime.commands.options import Quiet


def export(
    system: Annotated[Path, typer.Argument(help="<run>/<machine>/<system> of a finished run of `asd reproduce`.")],
    out: Annotated[Path, typer.Option(help="Folder for the model; must not exist.")],
    data: Annotated[
        Path | None, typer.Option(help="The run's data set. Default: the synthetic one beside the run.")
    ] = None,
    others: Annotated[list[Path] | None, typer.Option(help="As for `asd reproduce`. Repeatable.")] = None,
    false_alarms: Annotated[
        float, typer.Option(help="Share of normal clips that may score above the threshold.")
    ] = 0.1,
    quiet: Quiet = False,
) -> None:
    """Make a model of a system of a run, for `asd score`.

    The networks are the run's, written as ONNX. The inlier models behind them
    are fitted again on the training clips, scale and threshold on the
    validation clips, all with the networks as they are shipped. Pass the
    --data and --others that the run was made from.

    Example:

        asd export runs/quick-seed0-synthetic-1a2b3c4d/fan/oe --out models/fan
    """
    from asd_recipes.reproduction.model_export import ModelExport, system_folders
    from asd_recipes.reproduction.run_data import run_data
    from asd_recipes.reproduction.run_store import RunStore
    from asd_runtime.errors import ModelError
    from asd_runtime.model.threshold_trust import trust_in_words
    from asd_runtime.progress import show_progress

    if not 0 < false_alarms < 1:
        raise typer.BadParameter(f"{false_alarms} is not between 0 and 1.", param_hint="--false-alarms")
    if out.exists():
        raise ModelError(out, "exists already. Choose another place, or remove it.")
    machine = system.resolve().parent
    store = RunStore(machine.parent)
    recipe = store.recipe()
    system_folders(machine, system.name)
    with resumable(), show_progress(quiet=quiet) as progress:
        from asd_recipes.commands.run_folders import bank_folder, synthetic_data, synthetic_others

        place = store.root.parent
        source = data if data is not None else synthetic_data(place, recipe, progress)
        additional = others or (synthetic_others(place, recipe, progress) if data is None else [])
        bank = bank_folder(place, source, recipe, additional)
        prepared = run_data(store, source, additional, bank=bank, progress=progress)
        manifest = ModelExport(machine, system.name, recipe, prepared, false_alarms).run(out, progress)
    typer.echo(f"{out}: {trust_in_words(manifest)}")
