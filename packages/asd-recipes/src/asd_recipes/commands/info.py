"""`asd info`."""

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from asd_recipes.bundle import Manifest


_WIDTH = 100


def info(model: Annotated[Path, typer.Argument(help="A model of `asd fit`.")]) -> None:
    """Say in words what a model is, what it was made from, and what its scores mean; check that its files are whole.

    Example:

        asd info models/pump7
    """
    from asd_recipes.bundle import read_manifest
    from asd_recipes.bundle.reading import read_file

    manifest = read_manifest(model)
    for name in manifest.files:
        read_file(model, name, manifest)
    for line in describe(manifest):
        typer.echo(textwrap.fill(line, _WIDTH, subsequent_indent="  "))


def describe(manifest: "Manifest") -> list[str]:
    """A model in sentences."""
    training, recipe = manifest.training, manifest.recipe
    lines = [f"A model of {manifest.machine}, of the system {_SYSTEMS[manifest.system]}, made with seed {recipe.seed}."]
    if manifest.synthetic:
        lines.append("Trained on SYNTHETIC recordings: its scores of real ones mean nothing.")
    lines.append(
        f"Learnt from {training.recordings} normal recordings, {training.seconds:.0f} s, in {training.pieces} pieces"
        + (f"; {training.left_out} more could not be used." if training.left_out else ".")
    )
    kind = "synthetic machines" if training.synthetic_pseudo_anomalies else "other machines"
    auc = training.pseudo_anomaly_auc
    lines.append(
        f"Pseudo-anomalies: {len(training.pseudo_anomalies)} {kind} ({', '.join(training.pseudo_anomalies)})"
        + ("." if auc is None else f"; the network tells held-out pieces from theirs with an AUC of {auc:.3f}.")
    )
    if training.attributes:
        values = ", ".join(text.replace("_", " ") or "none" for text in training.attributes)
        lines.append(f"It learnt to tell {len(training.attributes)} attribute values apart: {values}.")
    lines.append(_hearing(manifest))
    lines.append(
        f"Its score is the mean over {len(manifest.scores)} inlier models ({', '.join(manifest.scores)}): 0 is an "
        "average held-out piece of the normal recordings, 1 a standard deviation more anomalous."
    )
    lines += _threshold_in_words(manifest)
    versions = ", ".join(f"{name} {version}" for name, version in sorted(manifest.versions.items()))
    lines.append(f"Trained on {manifest.device}; {versions}.")
    size = sum(facts.bytes for facts in manifest.files.values()) / 1e6
    lines.append(f"All {len(manifest.files)} files are whole, {size:.1f} MB.")
    return lines


_SYSTEMS = {
    "oe": "OE (outlier exposure, inlier models on its embeddings)",
    "serialoe": "SerialOE (outlier exposure and attributes, inlier models on its embeddings)",
}
_LEVELS = {
    "segment": "each segment brought to the same level, so that loudness says nothing",
    "clip": "each recording brought to the same level, so that its loudness says nothing",
    "machine": "on one scale for all, so that loudness counts",
}


def _hearing(manifest: "Manifest") -> str:
    audio, segments, mel = manifest.recipe.audio, manifest.recipe.segments, manifest.recipe.log_mel
    channel = {"mean": "the mean of all channels", "only": "of one channel"}.get(str(audio.channel))
    channel = channel or f"channel {audio.channel}"
    return (
        f"It hears {audio.sample_rate_hz} Hz, {channel}, in segments of {segments.length_s:g} s that overlap by "
        f"{segments.overlap:.0%}, {_LEVELS[manifest.recipe.training.standardise]}; log-mel spectrograms of {mel.bands} "
        f"bands, {mel.low_hz:g} to {mel.high_hz:g} Hz, every {1000 * mel.hop_s:g} ms."
    )


def _threshold_in_words(manifest: "Manifest") -> list[str]:
    from asd_recipes.bundle.threshold_trust import trust_in_words

    threshold = manifest.threshold
    share = f"a share of {threshold.false_alarms:.2g} false alarms"
    rule = f"the quantile of the held-out scores for {share}"
    if threshold.rule == "largest":
        rule = f"the largest held-out score, as there are too few for {share}"
    lines = [
        f"A recording is called anomalous if a stretch of {threshold.stretch_s:g} s of it scores above "
        f"{threshold.value:.4g}: {rule}. The held-out scores go from {threshold.smallest:.2f} over "
        f"{threshold.median:.2f} to {threshold.largest:.2f}.",
        f"The threshold: {trust_in_words(manifest)} A long recording has many stretches, and so a false alarm sooner.",
    ]
    if manifest.training.held_out == "time":
        lines.append(
            "The held-out pieces are the ends of the recordings that it learnt from. Recordings of another day differ "
            "more; check the threshold on some."
        )
    return lines
