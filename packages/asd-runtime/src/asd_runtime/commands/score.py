"""`asd score`."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asd_runtime.commands.options import Quiet

if TYPE_CHECKING:
    from asd_runtime.model.manifest import Manifest
    from asd_runtime.progress import Progress
    from asd_runtime.scoring.recording_table import ScoredRecording
    from asd_runtime.scoring.scorer import Scorer, Tell
    from asd_runtime.sound.problem import Problem


def score(
    model: Annotated[Path, typer.Argument(help="A model that `asd fit` or `asd export` made.")],
    files: Annotated[list[Path], typer.Argument(help="Recordings (wav or flac), and folders of them.")],
    out: Annotated[Path | None, typer.Option(help="Write a CSV file here, one row per recording.")] = None,
    stretches: Annotated[Path | None, typer.Option(help="Write a CSV file here, one row per stretch.")] = None,
    precision: Annotated[
        str, typer.Option(help="Arithmetic of the network: auto (the model's own), float32 or bfloat16.")
    ] = "auto",
    threads: Annotated[int | None, typer.Option(min=1, max=1024, help="Default: as many as there are cores.")] = None,
    quiet: Quiet = False,
) -> None:
    """Score recordings: 0 is an average held-out normal recording, higher is more anomalous.

    Stretches of a recording are scored that are as long as the pieces that
    set the model's threshold and overlap by half. A recording is anomalous
    if one of its stretches scores above the threshold. The false-alarm rate
    is per stretch: in a long normal recording a few stretches are above the
    threshold. The line of a recording says how many are expected, and a note
    if there are no more than that and none is far above all held-out sound.

    A fault of the recording (silent, clipped, cut off) is not a verdict on
    the machine and is reported separately. A recording without any sound of
    the machine has a fault and no score; the other recordings are scored.

    Exit status: 0 if every recording has a score, whatever the verdicts; 1 if
    a recording has none; 2 if nothing was scored.

    Columns of --out: file, score (of the whole recording), anomalous (1 or 0),
    fault, threshold, stretches (how many), stretches_above, stretch_score,
    stretch_start_s and stretch_end_s (of the worst stretch), worst_start_s and
    worst_end_s (its worst seconds). Columns of --stretches: file, start_s,
    end_s, score, above, fault. In file names, an unprintable character is
    escaped, such as \\x1b, a backslash is doubled, and a name that begins with
    = + - or @ gets ./ in front.

    Examples:

        asd score models/pump7 monday.wav tuesday.wav --out scores.csv

        asd score models/pump7 recordings/new --stretches stretches.csv
    """
    from asd_runtime.commands.output_places import check_outputs
    from asd_runtime.commands.score_files import recordings_of
    from asd_runtime.commands.score_words import summary
    from asd_runtime.model.threshold_trust import trust_in_words
    from asd_runtime.progress import show_progress
    from asd_runtime.scoring.recording_table import recordings_csv, stretches_csv
    from asd_runtime.whole_file import write_text

    given = recordings_of(files)
    paths = [item for item in given if isinstance(item, Path)]
    check_outputs([("--out", out), ("--stretches", stretches)], inputs=paths, model=model)
    manifest = _read(model)
    scorer = _opened(model, manifest, precision, threads)
    if manifest.synthetic:
        typer.echo("this model was trained on SYNTHETIC data: its scores of real recordings mean nothing", err=True)
    with show_progress(quiet=quiet or sum(map(_megabytes, paths)) < _LONG_MB) as progress:
        scored = list(_printed(_scored(given, scorer, progress), manifest))
    for place, table in ((out, recordings_csv), (stretches, stretches_csv)):
        if place is not None:
            write_text(place, table(scored, manifest.threshold.value))
    typer.echo(summary(scored))
    typer.echo(trust_in_words(manifest))
    raise typer.Exit(1 if any(recording.result is None for recording in scored) else 0)


_LONG_MB = 20
"""From this size of all recordings on, scoring takes more than a few seconds and shows its progress."""


def _read(model: Path) -> "Manifest":
    """The model's manifest; of what is no model, says what to do instead."""
    from asd_runtime.errors import ModelError
    from asd_runtime.model.reading import read_manifest

    if model.name and model.with_name(f".{model.name}.fit").is_dir() and not model.exists():
        raise ModelError(model, "its fit is not finished: run its `asd fit` command again.")
    if not model.exists():
        raise ModelError(model, "is not there. Pass a model of `asd fit` or `asd export`.")
    try:
        return read_manifest(model)
    except ModelError:
        real = model.resolve()
        if any((folder / "recipe.toml").is_file() for folder in (real, real.parent, real.parent.parent)):
            reason = "is part of a run: `asd export RUN/MACHINE/SYSTEM --out MODEL` makes a model of it."
            raise ModelError(model, reason) from None
        raise


def _opened(model: Path, manifest: "Manifest", precision: str, threads: int | None) -> "Scorer":
    from asd_runtime.scoring.scorer import Scorer

    if precision not in ("auto", "float32", "bfloat16", "int8"):
        raise typer.BadParameter(
            f"must be auto, float32, bfloat16 or int8; got {precision!r}.", param_hint="--precision"
        )
    return Scorer.open(model, precision=precision, threads=threads, manifest=manifest)  # type: ignore[arg-type]


def _scored(given: "Sequence[Path | Problem]", scorer: "Scorer", progress: "Progress") -> "Iterator[ScoredRecording]":
    from asd_runtime.scoring.recording_table import ScoredRecording

    steps = sum(_megabytes(item) for item in given if isinstance(item, Path))
    with progress.stage("score recordings", 1_000_000 * steps, in_bytes=True) as advance:
        for item in given:
            if not isinstance(item, Path):
                is_recording = item.kind == "other format"
                yield ScoredRecording(item.file, None, f"{item.kind}: {item.reason}", is_recording)
                continue
            size, shown = _megabytes(item), 0

            def tell(share: float, size: int = size) -> None:
                nonlocal shown
                reached = int(1_000_000 * share * size)
                advance(reached - shown)
                shown = reached

            yield _score_one(item, scorer, tell)
            advance(1_000_000 * size - shown)


def _score_one(path: Path, scorer: "Scorer", tell: "Tell") -> "ScoredRecording":
    """Scores a recording; one that cannot be scored gets a fault, never an error: the others' results are not lost."""
    from asd_runtime.errors import RecordingError
    from asd_runtime.scoring.recording_table import ScoredRecording

    try:
        result = scorer.score(path, tell=tell)
        return ScoredRecording(str(path), result, "; ".join(result.faults))
    except RecordingError as error:
        fault = error.fault
    except OSError as error:
        fault = f"unreadable: {error.strerror or error}"
    except MemoryError:
        fault = "not scored: out of memory"
    except Exception as error:
        fault = f"not scored: {str(error) or type(error).__name__}"
    return ScoredRecording(str(path), None, fault)


def _printed(recordings: "Iterable[ScoredRecording]", manifest: "Manifest") -> "Iterator[ScoredRecording]":
    """Prints a line for each recording as it comes."""
    from asd_runtime.commands.score_words import line
    from asd_runtime.model.threshold_trust import threshold_trust

    threshold = manifest.threshold
    share = threshold_trust(threshold, manifest.training.held_out_pieces).expected
    for recording in recordings:
        missing = recording.result is None
        typer.secho(line(recording, threshold, share), fg="red" if missing else None, err=missing)
        yield recording


def _megabytes(path: Path) -> int:
    """The size of a recording, at least 1."""
    try:
        return 1 + path.stat().st_size // 1_000_000
    except OSError:
        return 1
