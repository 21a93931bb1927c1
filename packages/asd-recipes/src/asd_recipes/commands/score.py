"""`asd score`."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asd_recipes.commands.options import DeviceOption, Quiet

if TYPE_CHECKING:
    from asd_recipes.bundle import Manifest
    from asd_recipes.dataset.clip import Problem
    from asd_recipes.progress import Progress
    from asd_recipes.scoring.clip_scorer import ClipScorer, Tell
    from asd_recipes.scoring.recording_table import ScoredRecording


def score(
    model: Annotated[Path, typer.Argument(help="A model that `asd fit` made, or <run>/<machine> of a finished run.")],
    files: Annotated[list[Path], typer.Argument(help="Recordings (wav or flac), and folders of them.")],
    out: Annotated[Path | None, typer.Option(help="Write a CSV file here, one row per recording.")] = None,
    stretches: Annotated[Path | None, typer.Option(help="Write a CSV file here, one row per stretch.")] = None,
    system: Annotated[
        str | None,
        typer.Option(help="For a run: oe, oe-flow, oe-dflow, serialoe-flow or serialoe-dflow. Default: oe."),
    ] = None,
    device: DeviceOption = "auto",
    quiet: Quiet = False,
) -> None:
    """Score recordings: 0 is an average held-out normal recording, higher is more anomalous.

    A model of `asd fit` also gives a verdict. It scores stretches of a
    recording that are as long as the pieces that set its threshold and
    overlap by half. A recording is anomalous if one of its stretches scores
    above the threshold. The false-alarm rate is per stretch: in a long normal
    recording a few stretches are above the threshold. The line of a recording
    says how many are expected, and a note if there are no more than that.

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
    from asd_recipes.commands.output_places import check_outputs
    from asd_recipes.commands.score_files import recordings_of
    from asd_recipes.commands.score_words import summary
    from asd_recipes.progress import show_progress
    from asd_recipes.scoring.recording_table import recordings_csv, stretches_csv
    from asd_recipes.whole_file import write_text

    given = recordings_of(files)
    paths = [item for item in given if isinstance(item, Path)]
    check_outputs([("--out", out), ("--stretches", stretches)], inputs=paths, model=model)
    scorer, manifest = _load(model, system, device)
    if scorer.synthetic:
        typer.echo("this model was trained on SYNTHETIC data: its scores of real recordings mean nothing", err=True)
    with show_progress(quiet=quiet or sum(map(_megabytes, paths)) < _LONG_MB) as progress:
        scored = list(_printed(_scored(given, scorer, progress), manifest))
    for place, table in ((out, recordings_csv), (stretches, stretches_csv)):
        if place is not None:
            write_text(place, table(scored, scorer.threshold))
    typer.echo(summary(scored, scorer.threshold))
    if manifest is not None:
        from asd_recipes.bundle.threshold_trust import trust_in_words

        typer.echo(trust_in_words(manifest))
    raise typer.Exit(1 if any(recording.result is None for recording in scored) else 0)


_LONG_MB = 20
"""From this size of all recordings on, scoring takes more than a few seconds and shows its progress."""


def _load(model: Path, system: str | None, device: str) -> "tuple[ClipScorer, Manifest | None]":
    from asd_recipes.bundle import MANIFEST, read_manifest

    if (model / MANIFEST).exists():
        if system is not None:
            raise typer.BadParameter(
                f"{model} is a model of `asd fit`, which has one system. Leave --system out.", param_hint="--system"
            )
        from asd_recipes.bundle.loading import load_bundle

        manifest = read_manifest(model)
        return load_bundle(model, device=device, manifest=manifest), manifest
    from asd_recipes.reproduction.run_scorer import load_scorer

    _refuse_what_is_no_run(model)
    return load_scorer(model, system=system or "oe", device=device), None


def _refuse_what_is_no_run(model: Path) -> None:
    """Says what a folder without a model is, unless it is a run or in one."""
    from asd_recipes.bundle import read_manifest
    from asd_recipes.reproduction.run_store import RunError

    if model.name and model.with_name(f".{model.name}.fit").is_dir():
        raise RunError(f"the fit of {model.name} is not finished: run its `asd fit` command again.")
    if not model.exists():
        raise RunError(f"{model} is not there. Pass a model of `asd fit`, or <run>/<machine> of `asd reproduce`.")
    if not any((folder / "recipe.toml").is_file() for folder in (model, model.resolve().parent)):
        read_manifest(model)


def _scored(
    given: "Sequence[Path | Problem]", scorer: "ClipScorer", progress: "Progress"
) -> "Iterator[ScoredRecording]":
    from asd_recipes.scoring.recording_table import ScoredRecording

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


def _score_one(path: Path, scorer: "ClipScorer", tell: "Tell") -> "ScoredRecording":
    """Scores a recording; one that cannot be scored gets a fault, never an error: the others' results are not lost."""
    from asd_features import AudioError
    from asd_recipes.scoring.recording_fault import check_recording, gaps_in_words
    from asd_recipes.scoring.recording_table import ScoredRecording
    from asd_recipes.scoring.scored_level import NoSoundError

    try:
        check = check_recording(path, scorer.recipe.audio, scorer.recipe.segments)
        if not check.scorable:
            return ScoredRecording(str(path), None, check.fault)
        result = scorer.score_file(path, channels_db=check.channels_db, tell=tell)
        faults = [check.fault] if check.fault else []
        if result.gaps_s and "dropout: " not in check.fault:
            faults.append(gaps_in_words(result.gaps_s))
        return ScoredRecording(str(path), result, "; ".join(faults))
    except AudioError as error:
        fault = error.rule
    except NoSoundError as error:
        fault = str(error)
    except OSError as error:
        fault = f"unreadable: {error.strerror or error}"
    except MemoryError:
        fault = "not scored: out of memory"
    except Exception as error:
        fault = f"not scored: {str(error) or type(error).__name__}"
    return ScoredRecording(str(path), None, fault)


def _printed(recordings: "Iterable[ScoredRecording]", manifest: "Manifest | None") -> "Iterator[ScoredRecording]":
    """Prints a line for each recording as it comes."""
    from asd_recipes.bundle.threshold_trust import threshold_trust
    from asd_recipes.commands.score_words import line

    threshold, share = None, 0.0
    if manifest is not None:
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
