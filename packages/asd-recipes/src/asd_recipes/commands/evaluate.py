"""`asd evaluate` and `asd compare`: metrics of a system's submission files, and the difference between two systems."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from asd_eval import Evaluation

GroundTruthOption = Annotated[
    Path | None, typer.Option(help="Labels and domains, if the clips' names do not contain them: a folder or a file.")
]
ConventionOption = Annotated[
    str | None, typer.Option(help="official, within-domain, or a year. By default the file names decide.")
]
Resamples = Annotated[int, typer.Option(help="Number of bootstrap resamples.")]
Seed = Annotated[int, typer.Option(help="Seed of the resamples.")]

FORMATS = (".csv", ".json", ".md", ".tex")


def evaluate(
    folder: Annotated[Path, typer.Argument(help="Folder with anomaly_score_*.csv and decision_result_*.csv.")],
    ground_truth: GroundTruthOption = None,
    convention: ConventionOption = None,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="Write the official result file here.")] = None,
    export: Annotated[
        list[Path] | None,
        typer.Option(help="Write the table of sections to this .csv, .json, .md or .tex. Repeatable."),
    ] = None,
    resamples: Resamples = 10_000,
    seed: Seed = 0,
) -> None:
    """Print the official result table for a folder of submission files, from any system.

    It has the rows of the organisers' result file, and a confidence interval
    of the official score.

    Example:

        asd evaluate runs/quick-seed0-synthetic-1a2b3c4d/submissions/oe
    """
    from asd_eval import bootstrap_directory, evaluate_directory, official_csv, official_text
    from asd_runtime.commands.output_places import check_outputs
    from asd_runtime.whole_file import write_text

    for path in export or []:
        if path.suffix not in FORMATS:
            raise typer.BadParameter(f"{path} must end in {', '.join(FORMATS)}.", param_hint="--export")
    outputs = [("--csv", csv_file), *(("--export", path) for path in export or [])]
    check_outputs(outputs, inputs=[*folder.glob("*.csv"), *([ground_truth] if ground_truth else [])])
    with _repairs_printed():
        evaluation = evaluate_directory(folder, ground_truth=ground_truth, convention=convention)
        intervals = bootstrap_directory(
            folder, ground_truth=ground_truth, convention=convention, resamples=resamples, seed=seed
        )
    typer.echo(official_text(evaluation, intervals.official_score))
    if csv_file is not None:
        write_text(csv_file, official_csv(evaluation))
    for path in export or []:
        write_text(path, _exported(evaluation, path.suffix))


def compare(
    first: Annotated[Path, typer.Argument(help="Folder of submission files.")],
    second: Annotated[Path, typer.Argument(help="Another one, for the same clips.")],
    ground_truth: GroundTruthOption = None,
    convention: ConventionOption = None,
    resamples: Resamples = 10_000,
    seed: Seed = 0,
) -> None:
    """Print how much better the first system is than the second, with a confidence interval and a p-value.

    Example:

        asd compare runs/first/submissions/oe runs/second/submissions/oe
    """
    from asd_eval import compare_directories

    with _repairs_printed():
        result = compare_directories(
            first, second, ground_truth=ground_truth, convention=convention, resamples=resamples, seed=seed
        )
    typer.echo(str(result))


def _exported(evaluation: "Evaluation", suffix: str) -> str:
    write = {".csv": evaluation.to_csv, ".json": evaluation.to_json, ".md": evaluation.to_markdown}
    return write.get(suffix, evaluation.to_latex)()


@contextmanager
def _repairs_printed() -> Iterator[None]:
    """Prints each repair made while reading as one line, not as a Python warning with a line of our code."""
    from asd_eval import RepairWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RepairWarning)
        yield
    for message in dict.fromkeys(str(warning.message) for warning in caught):
        typer.echo(f"asd: {message}", err=True)
