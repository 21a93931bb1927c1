"""`asd study`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from asd_recipes.commands.options import DeviceOption, names, resumable
from asd_runtime.commands.options import Quiet


def study(
    data: Annotated[Path | None, typer.Option(help="Data set. Default: a synthetic one is made for each seed.")] = None,
    others: Annotated[
        list[Path] | None,
        typer.Option(help="Data set whose training clips only serve as pseudo-anomalies. Repeatable."),
    ] = None,
    profile: Annotated[str, typer.Option(help="quick, paper, smoke, or a TOML file.")] = "quick",
    out: Annotated[Path, typer.Option(help="Folder for runs and for synthetic data.")] = Path("study"),
    seeds: Annotated[str, typer.Option(help="Seeds of data, split and training.")] = "0,1,2",
    parts: Annotated[str | None, typer.Option(help="Only these parts, such as 'joint flow,ensembling'.")] = None,
    machines: Annotated[str | None, typer.Option(help="Only these machines, such as bearing,fan.")] = None,
    device: DeviceOption = "auto",
    jobs: Annotated[int | None, typer.Option(min=1, help="Trainings in parallel.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Change a setting, such as joint.epochs=5. Repeatable.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Switch off one part of the method at a time, and print what each part adds to the official score.

    The parts: joint flow, domain invariance, attribute loss, training mixup,
    pseudo-target data, power weighting, ensembling. To continue an interrupted
    study, run the command again.

    Examples:

        asd study

        asd study --data dcase2023t2/dev_data/raw \\
            --others dcase2023t2/eval_data/raw --profile paper --device cuda

        asd study --parts "joint flow,ensembling" --seeds 0,1 --machines fan
    """
    from asd_recipes.recipe.settings import RecipeError
    from asd_recipes.recipe.toml_text import load_recipe
    from asd_runtime.progress import show_progress

    recipe = load_recipe(profile, settings=settings or [])
    numbers, only = names(seeds), names(machines)
    if not numbers or not all(number.isdecimal() and len(number) < 20 for number in numbers):
        raise RecipeError(f"--seeds takes 64-bit whole numbers, such as 0,1,2; got {seeds!r}.")
    with resumable(), show_progress(quiet=quiet) as progress:
        from asd_recipes.commands.run_folders import bank_folder, run_name, synthetic_data, synthetic_others
        from asd_recipes.dataset.scan import scan_dataset
        from asd_recipes.reproduction.requirements import check_recipe
        from asd_recipes.reproduction.study import PARTS, SeedRuns, check_parts, study_markdown
        from asd_recipes.reproduction.study import study as run_study
        from asd_runtime.whole_file import write_text

        chosen = [part for part in PARTS if parts is None or part.name in names(parts)]
        if (parts is not None and len(chosen) < len(set(names(parts)))) or not chosen:
            raise RecipeError(f"--parts takes {', '.join(part.name for part in PARTS)}; got {parts!r}.")
        check_parts(chosen, recipe)
        check_recipe(recipe, device)
        runs = []
        for seeded in [replace(recipe, seed=int(number)) for number in numbers]:
            source = data if data is not None else synthetic_data(out, seeded, progress)
            additional = others or (synthetic_others(out, seeded, progress) if data is None else [])
            folder = out / run_name(Path(profile).stem, seeded, data, others or [])
            bank = bank_folder(out, source, seeded, additional)
            runs.append(SeedRuns(source, bank, seeded, folder, device, only, jobs, additional))
        changes = run_study(runs, chosen, progress)
        kind = "SYNTHETIC DATA" if scan_dataset(runs[0].data).synthetic else f"Data: {runs[0].data}"
        which = ", ".join(only) or "all machines"
        text = study_markdown(f"{kind}, profile {profile}, {which}, seeds {', '.join(numbers)}", changes)
        write_text(out / "study.md", text)
    typer.echo(text)
    typer.echo(f"The table is in {out / 'study.md'}, the runs are in the same folder.")
