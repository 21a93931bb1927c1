"""`asd score`."""

import csv
import io
from pathlib import Path
from typing import Annotated

import typer

from asd_recipes.command_options import DeviceOption


def score(
    model: Annotated[Path, typer.Argument(help="<run>/<machine> of a finished run.")],
    files: Annotated[list[Path], typer.Argument(help="Recordings, wav or flac.")],
    out: Annotated[Path | None, typer.Option(help="Write file,score lines here as CSV.")] = None,
    system: Annotated[str, typer.Option(help="oe, oe-flow, oe-dflow, serialoe-flow or serialoe-dflow.")] = "oe",
    device: DeviceOption = "auto",
) -> None:
    """Score recordings with a system of a run; higher is more anomalous, 0 is the average normal training clip.

    Goes on past a file that cannot be read, tells of it, and exits with status 1.

    Example:

        asd score runs/quick-seed0-synthetic-1a2b3c4d/fan recording.wav --out scores.csv
    """
    from asd_features import AudioError
    from asd_recipes.clip_scorer import load_scorer
    from asd_recipes.run_store import write_text

    scorer = load_scorer(model, system=system, device=device)
    if scorer.synthetic:
        typer.echo("this model was trained on SYNTHETIC data: its scores of real recordings mean nothing", err=True)
    text, failures = io.StringIO(), 0
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "score"])
    for path in files:
        try:
            value = scorer.score_file(path)
        except (AudioError, OSError) as error:
            typer.secho(f"{path}: {error}", fg="red", err=True)
            failures += 1
        else:
            typer.echo(f"{value:+.4f}  {path}")
            writer.writerow([path, repr(value)])
    if out is not None:
        write_text(out, text.getvalue())
    raise typer.Exit(1 if failures else 0)
