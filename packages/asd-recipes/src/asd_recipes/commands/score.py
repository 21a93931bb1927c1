"""`asd score`."""

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asd_recipes.commands.options import DeviceOption

if TYPE_CHECKING:
    from asd_recipes.scoring.clip_scorer import ClipScorer, RecordingScore


def score(
    model: Annotated[Path, typer.Argument(help="A model of `asd fit`, or <run>/<machine> of a finished run.")],
    files: Annotated[list[Path], typer.Argument(help="Recordings, wav or flac.")],
    out: Annotated[Path | None, typer.Option(help="Write the scores here as CSV.")] = None,
    system: Annotated[
        str, typer.Option(help="Of a run: oe, oe-flow, oe-dflow, serialoe-flow or serialoe-dflow.")
    ] = "oe",
    device: DeviceOption = "auto",
) -> None:
    """Score recordings; higher is more anomalous, 0 is the average normal recording that was held out of the training.

    Says the seconds that sound most anomalous, and with a model of `asd fit` whether the score is above its threshold.
    A score depends on the recording and the model alone. Goes on past a file that cannot be read, tells of it, and
    exits with status 1.

    Example:

        asd score models/pump7 monday.wav tuesday.wav --out scores.csv
    """
    from asd_features import AudioError
    from asd_recipes.training.diverged import TrainingDivergedError
    from asd_recipes.whole_file import write_text

    scorer = _load(model, system, device)
    if scorer.synthetic:
        typer.echo("this model was trained on SYNTHETIC data: its scores of real recordings mean nothing", err=True)
    text, failures = io.StringIO(), 0
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "score", *(_MORE if scorer.threshold is not None else ())])
    for path in files:
        try:
            found = scorer.score_file(path)
        except (AudioError, OSError, TrainingDivergedError) as error:
            reason = str(error)
            typer.secho(reason if str(path) in reason else f"{path}: {reason}", fg="red", err=True)
            failures += 1
        else:
            typer.echo(_line(path, found, scorer.threshold))
            writer.writerow([path, *_cells(found, scorer.threshold)])
    if out is not None:
        write_text(out, text.getvalue())
    raise typer.Exit(1 if failures else 0)


_MORE = ("threshold", "anomalous", "worst_start_s", "worst_end_s")


def _load(model: Path, system: str, device: str) -> "ClipScorer":
    from asd_recipes.bundle import MANIFEST

    if (model / MANIFEST).exists():
        from asd_recipes.bundle.loading import load_bundle

        return load_bundle(model, device=device)
    from asd_recipes.reproduction.run_scorer import load_scorer

    return load_scorer(model, system=system, device=device)


def _line(path: Path, found: "RecordingScore", threshold: float | None) -> str:
    verdict = "" if threshold is None else ("ANOMALOUS  " if found.score > threshold else "normal     ")
    return f"{found.score:+9.4f}  {verdict}worst {found.worst_start_s:.1f} to {found.worst_end_s:.1f} s  {path}"


def _cells(found: "RecordingScore", threshold: float | None) -> list[str]:
    if threshold is None:
        return [repr(found.score)]
    seconds = [f"{found.worst_start_s:.3f}", f"{found.worst_end_s:.3f}"]
    return [repr(found.score), repr(threshold), str(int(found.score > threshold)), *seconds]
