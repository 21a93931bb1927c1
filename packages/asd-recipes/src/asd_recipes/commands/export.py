"""`asd export`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from asd_recipes.commands.options import resumable
from asd_recipes.commands.own_sounds import AttributesOption, OthersOption, PatternOption, recordings_of
from asd_runtime.commands.options import Quiet

if TYPE_CHECKING:
    from asd_runtime.model.manifest import Manifest


def export(
    system: Annotated[
        Path, typer.Argument(help="<run>/<machine>/<system> of a finished run, or with --precision a model.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the model; must not exist.")],
    data: Annotated[
        Path | None, typer.Option(help="The run's data set. Default: the synthetic one beside the run.")
    ] = None,
    false_alarms: Annotated[
        float, typer.Option(help="Share of normal clips of a run that may score above the threshold.")
    ] = 0.1,
    precision: Annotated[
        str | None, typer.Option(help="Arithmetic of a model's network: float32, bfloat16 or int8.")
    ] = None,
    normal: Annotated[Path | None, typer.Option(help="The recordings that the model was made from.")] = None,
    others: OthersOption = None,
    attributes: AttributesOption = None,
    pattern: PatternOption = None,
    quiet: Quiet = False,
) -> None:
    """Make a model of a system of a run, or of a model of `asd fit` one in another arithmetic.

    Of a run: the networks are written as ONNX. The inlier models behind them
    are fitted again on the training clips, scale and threshold on the
    validation clips, all with the networks as they are shipped. Pass the
    --data and --others that the run was made from.

    Of a model, with --precision: int8 takes a third of the time of float32,
    bfloat16 half of it where the processor has it. Pass the --normal,
    --others, --attributes and --pattern of the model's `asd fit`. All but the
    network is made again in that arithmetic. Nothing is written if a verdict
    on a held-out piece changes beyond the threshold's interval, or if the
    known faults are heard worse: an AUC that falls by more than 0.005.

    Examples:

        asd export runs/quick-seed0-synthetic-1a2b3c4d/fan/oe --out models/fan

        asd export models/pump7 --precision int8 --normal pump7 --out pump7-int8
    """
    from asd_runtime.errors import ModelError
    from asd_runtime.model.threshold_trust import trust_in_words

    if not 0 < false_alarms < 1:
        raise typer.BadParameter(f"{false_alarms} is not between 0 and 1.", param_hint="--false-alarms")
    if out.exists():
        raise ModelError(out, "exists already. Choose another place, or remove it.")
    if precision is None:
        manifest = _of_run(system, out, data, others or [], false_alarms, quiet=quiet)
    else:
        manifest = _of_model(system, out, precision, normal, others or [], attributes, pattern, quiet=quiet)
    typer.echo(f"{out}: {trust_in_words(manifest)}")


def _of_run(
    system: Path, out: Path, data: Path | None, others: list[Path], false_alarms: float, *, quiet: bool
) -> "Manifest":
    from asd_recipes.reproduction.model_export import ModelExport, system_folders
    from asd_recipes.reproduction.run_data import run_data
    from asd_recipes.reproduction.run_store import RunStore
    from asd_runtime.progress import show_progress

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
        return ModelExport(machine, system.name, recipe, prepared, false_alarms).run(out, progress)


def _of_model(
    model: Path,
    out: Path,
    precision: str,
    normal: Path | None,
    others: list[Path],
    attributes: Path | None,
    pattern: str | None,
    *,
    quiet: bool,
) -> "Manifest":
    from asd_recipes.own_machine.own_recordings import find_normal
    from asd_recipes.recipe.toml_text import recipe_from_table
    from asd_runtime.model.exported import exported_in_words
    from asd_runtime.model.manifest import Precision
    from asd_runtime.model.reading import read_manifest
    from asd_runtime.progress import show_progress

    if precision not in get_args(Precision):
        reason = f"must be {', '.join(get_args(Precision))}; got {precision!r}."
        raise typer.BadParameter(reason, param_hint="--precision")
    if normal is None:
        raise typer.BadParameter("is needed: the recordings that the model was made from.", param_hint="--normal")
    before = read_manifest(model)
    found = find_normal(normal, without=others)
    with resumable(), show_progress(quiet=quiet) as progress:
        from asd_recipes.own_machine.precision_export import PrecisionExport, check_exportable
        from asd_recipes.reproduction.run_store import RunStore

        check_exportable(model, before)
        store = RunStore(out.with_name(f".{out.name}.export"))
        with store.locked():
            recipe = recipe_from_table(before.recipe)
            try:
                recordings = recordings_of(found, others, attributes, pattern, store.root, recipe, progress)
                export = PrecisionExport(model, before, recordings, precision, store.root)  # type: ignore[arg-type]
                manifest = export.run(out, progress)
            except Exception:
                store.remove()  # a refusal leaves nothing behind
                raise
            store.remove()
    typer.echo(exported_in_words(manifest))
    return manifest
