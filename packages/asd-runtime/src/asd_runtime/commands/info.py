"""`asd info`."""

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asd_runtime.counted import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asd_runtime.model.joined_score import Joined
    from asd_runtime.model.manifest import Manifest, NetworkFacts, Training


_WIDTH = 100


def info(model: Annotated[Path, typer.Argument(help="A model that `asd fit` or `asd export` made.")]) -> None:
    """Describe a model: what it is, what it was made from, and what its scores mean. Check that its files are intact.

    Example:

        asd info models/pump7
    """
    from asd_runtime.model.reading import read_file, read_manifest

    manifest = read_manifest(model)
    for name in manifest.files:
        read_file(model, name, manifest)
    for line in describe(manifest):
        typer.echo(textwrap.fill(line, _WIDTH, subsequent_indent="  "))


def describe(manifest: "Manifest") -> list[str]:
    """The model described in sentences."""
    from asd_runtime.model.exported import exported_in_words

    training = manifest.training
    lines = [f"Model of {manifest.machine}. System: {_system_in_words(manifest)}. Arithmetic: {manifest.precision}."]
    if manifest.synthetic:
        lines.append("Trained on SYNTHETIC recordings: its scores of real recordings mean nothing.")
    lines.append(
        f"Trained on {counted(training.recordings, 'normal recording')}, {training.seconds:.0f} s, in "
        f"{counted(training.pieces, 'piece')}"
        + (f"; {training.left_out} more could not be used." if training.left_out else ".")
    )
    if manifest.networks and training.pseudo_anomalies:
        lines.append(_pseudo_anomalies(training))
    if training.attributes:
        values = ", ".join(text.replace("_", " ") or "none" for text in training.attributes)
        lines.append(f"It learnt to distinguish {counted(len(training.attributes), 'attribute value')}: {values}.")
    lines.append(_hearing(manifest))
    lines += _score_in_words(manifest)
    lines += _threshold_in_words(manifest)
    if manifest.joined.probes:
        lines += _probes_in_words(manifest.joined)
    if manifest.exported is not None:
        lines.append(exported_in_words(manifest))
    versions = ", ".join(f"{name} {version}" for name, version in sorted(manifest.versions.items()))
    lines.append(f"Trained on {manifest.device}; {versions}.")
    size = sum(facts.bytes for facts in manifest.files.values()) / 1e6
    lines.append(f"Intact: {counted(len(manifest.files), 'file')}, {size:.1f} MB.")
    return lines


_SYSTEMS = {
    "oe": "OE (outlier exposure, inlier models on its embeddings)",
    "serialoe": "SerialOE (outlier exposure and attributes, inlier models on its embeddings)",
    "spectral": "spectral statistics (distances of pooled spectra to normal ones; no network)",
}
_LEVELS = {
    "segment": "each segment or stretch scaled to the same level, so that loudness does not count",
    "clip": "each recording scaled to the same level, so that its loudness does not count",
    "machine": "all on the same scale, so that loudness counts",
}


def _system_in_words(manifest: "Manifest") -> str:
    both = ["spectral"] if manifest.networks and manifest.spectral else []
    return " and ".join(_SYSTEMS.get(system, system) for system in [manifest.system, *both])


def _pseudo_anomalies(training: "Training") -> str:
    kind = "synthetic machine" if training.synthetic_pseudo_anomalies else "other machine"
    auc = training.pseudo_anomaly_auc
    return (
        f"Pseudo-anomalies: {counted(len(training.pseudo_anomalies), kind)} ({', '.join(training.pseudo_anomalies)})"
        + ("." if auc is None else f"; the network separates held-out pieces from them with an AUC of {auc:.3f}.")
    )


def _hearing(manifest: "Manifest") -> str:
    front_end = manifest.front_end
    audio, segments, mel = front_end.audio, front_end.segments, front_end.log_mel
    channel = {"mean": "the mean of all channels", "only": "one channel"}.get(str(audio.channel))
    channel = channel or f"channel {audio.channel}"
    return (
        f"Input: {audio.sample_rate_hz} Hz, {channel}, in segments of {segments.length_s:g} s that overlap by "
        f"{segments.overlap:.0%}, {_LEVELS[front_end.standardise]}; log-mel spectrograms of {mel.bands} "
        f"bands from {mel.low_hz:g} to {mel.high_hz:g} Hz, one frame every {1000 * mel.hop_s:g} ms."
    )


def _score_in_words(manifest: "Manifest") -> list[str]:
    from asd_runtime.model.hearing import sensitivities_in_words, weights_in_words

    unit = "0 is an average held-out piece of the normal recordings, 1 is one standard deviation more anomalous."
    lines = [f"{weights_in_words(manifest.joined)} {unit}"]
    if manifest.joined.probes:
        lines.append(sensitivities_in_words(manifest.joined))
    return lines + ([_networks_in_words(manifest.networks)] if manifest.networks else [])


def _networks_in_words(networks: "Sequence[NetworkFacts]") -> str:
    """What the networks' score is the mean over."""
    shared = [name for name in networks[0].scores if all(name in network.scores for network in networks)]
    inlier_models = [name for name in shared if name != "flow"]
    of_what = [f"{counted(len(inlier_models), 'inlier model')} ({', '.join(inlier_models)})"] if inlier_models else []
    of_what += ["the flow's map"] if "flow" in shared else []
    each = "" if len(networks) == 1 else f", each of them over {len(networks)} networks"
    return f"OE's own score is the mean over {' and '.join(of_what)}{each}."


def _probes_in_words(joined: "Joined") -> list[str]:
    from asd_runtime.model.hearing import hearing_in_words

    return [
        f"What it can hear: {hearing_in_words(joined)}.",
        f"These faults were mixed into {counted(joined.probed_pieces, 'held-out piece')}, the faults by "
        "turns. Heard means that at this and every higher level tested at least half of the pieces with the fault "
        "score above the threshold. The level of a tone, noise or clicks is relative to the piece; of modulation it is "
        "the depth; a band is an octave that falls or rises by the level.",
    ]


def _threshold_in_words(manifest: "Manifest") -> list[str]:
    from asd_runtime.model.threshold_trust import trust_in_words

    threshold = manifest.threshold
    share = f"a false-alarm rate of {threshold.false_alarms:.2g}"
    rule = f"the quantile of the held-out scores for {share}"
    if threshold.rule == "largest":
        rule = f"the largest held-out score, as there are too few scores for {share}"
    lines = [
        f"A recording is called anomalous if one of its stretches of {threshold.stretch_s:g} s scores above "
        f"{threshold.value:.4g}. This threshold is {rule}. The held-out scores range from {threshold.smallest:.2f} to "
        f"{threshold.largest:.2f}, with median {threshold.median:.2f}.",
        f"{trust_in_words(manifest)} A long recording has more stretches, so a false alarm in it is more likely.",
    ]
    if manifest.training.held_out == "time":
        lines.append(
            "The held-out pieces are the ends of the recordings that it was trained on. Recordings from another day "
            "differ more: check the threshold on some of them."
        )
    return lines
