"""`asd evaluate` and `asd compare`."""

from pathlib import Path
from typing import Annotated

import typer

GroundTruth = Annotated[Path | None, typer.Option(help="Labels, where the clips' names do not say them.")]
Convention = Annotated[str | None, typer.Option(help="official, within-domain, or a year.")]


def evaluate(
    folder: Annotated[Path, typer.Argument(help="Holds anomaly_score_*.csv; decision_result_*.csv too.")],
    ground_truth: GroundTruth = None,
    convention: Convention = None,
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


def compare(
    first: Annotated[Path, typer.Argument(help="Folder of submission files.")],
    second: Annotated[Path, typer.Argument(help="Another, of the same clips.")],
    ground_truth: GroundTruth = None,
    convention: Convention = None,
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
