"""Checks that the parts of a manifest are possible ones, and agree with each other."""

import json
import re

from asd_runtime.model.front_end_limits import check_front_end, check_window
from asd_runtime.model.joined_limits import LEAST_STD, check_joined
from asd_runtime.model.joined_score import OE, SPECTRAL
from asd_runtime.model.manifest import FLOW, SPECTRAL_FILE, Manifest, NetworkFacts
from asd_runtime.strict_json import JsonError

_NAME = re.compile(r"(gmm|knn)-[0-9]{1,6}-(source|pseudo-target|source\+target)")
_SYSTEM = re.compile(r"[a-z]+(-[a-z]+)*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LARGEST_FILE_BYTES = 1 << 30
_LARGEST_RECIPE = 1 << 16
_MOST_NETWORKS = 64
_LONGEST_STRETCH_S = 86_400
_MOST_HELD_OUT = 10_000


def check_agreement(manifest: Manifest) -> None:
    """Checks a manifest whose values have the right types.

    Raises:
        JsonError, FrontEndError: says what is wrong.
    """
    check_front_end(manifest.front_end)
    check_window(manifest.front_end)
    check_joined(manifest.joined, manifest.front_end, stretch_s=manifest.threshold.stretch_s)
    _check_networks(manifest)
    _check_files(manifest)
    _check_numbers(manifest)
    _check_system(manifest)
    _check_texts(manifest)
    _check_exported(manifest)


def _check_exported(manifest: Manifest) -> None:
    exported = manifest.exported
    if exported is None:
        if manifest.precision == "int8":
            raise JsonError("it must say what it was made from, as it is in int8")
        return
    if not 0 <= exported.verdicts_changed <= manifest.training.held_out_pieces:
        raise JsonError("no more verdicts may have changed than there are held-out pieces")
    aucs = (exported.probe_auc_before, exported.probe_auc, exported.network_auc_before, exported.network_auc)
    if not all(0 <= auc <= 1 for auc in aucs) or exported.largest_change < 0:
        raise JsonError("an AUC must be from 0 to 1, and no change below 0")


def _check_networks(manifest: Manifest) -> None:
    if not (OE in manifest.joined.voices) <= len(manifest.networks) <= (OE in manifest.joined.voices) * _MOST_NETWORKS:
        raise JsonError(f"it must have 1 to {_MOST_NETWORKS} networks if its detectors have a network's, and else none")
    for network in manifest.networks:
        _check_network(network)
    if manifest.networks and not set.intersection(*(set(network.scores) for network in manifest.networks)):
        raise JsonError("its networks must have at least one score in common")
    spectral = manifest.spectral
    if (SPECTRAL in manifest.joined.voices) != (spectral is not None):
        raise JsonError("it must say its spectral statistics if these are one of its detectors, and only then")
    if spectral is not None and not (
        0 < len(set(spectral.statistics)) == len(spectral.statistics) and 0 <= spectral.rank_decay <= 1
    ):
        raise JsonError("its spectral statistics must be one or more, each once, with a decay from 0 to 1")


def _check_network(network: NetworkFacts) -> None:
    if strange := [name for name in network.inlier_models if not _NAME.fullmatch(name)]:
        raise JsonError(f"{strange[0]!a:.80} is not the name of an inlier model")
    if not network.scores or network.flow != (FLOW in network.scores):
        raise JsonError("a network must have one score or more, and a flow's if it has a flow, and only then")
    if min(scale.std for scale in network.scores.values()) < LEAST_STD:
        raise JsonError(f"a standard deviation must be at least {LEAST_STD:g}")


def _check_files(manifest: Manifest) -> None:
    if manifest.files.keys() != manifest.file_names:
        raise JsonError(
            "its files must be one for each network, one for each inlier model behind it, and "
            f"{SPECTRAL_FILE} if it has spectral statistics"
        )
    for facts in manifest.files.values():
        if not (_SHA256.fullmatch(facts.sha256) and 0 < facts.bytes <= _LARGEST_FILE_BYTES):
            raise JsonError(
                f"its files must have 1 to {_LARGEST_FILE_BYTES} bytes, and a SHA-256 in 64 lower-case digits"
            )
    if len(json.dumps(manifest.recipe)) > _LARGEST_RECIPE:
        raise JsonError(f"its recipe must have at most {_LARGEST_RECIPE} characters")


def _check_numbers(manifest: Manifest) -> None:
    training, threshold, stretch_s = manifest.training, manifest.threshold, manifest.threshold.stretch_s
    if manifest.front_end.level.std < LEAST_STD:
        raise JsonError(f"a standard deviation must be at least {LEAST_STD:g}")
    if not 1 <= training.held_out_recordings <= training.held_out_pieces <= _MOST_HELD_OUT:
        raise JsonError(
            f"its threshold must be set by one piece or more of each held-out recording, {_MOST_HELD_OUT} at most"
        )
    if min(training.recordings, training.pieces) < 1 or min(training.seconds, training.left_out) < 0:
        raise JsonError("it must have learnt from at least one recording, and no count may be negative")
    if training.pseudo_anomaly_auc is not None and not 0 <= training.pseudo_anomaly_auc <= 1:
        raise JsonError("an AUC must be from 0 to 1")
    if not threshold.smallest <= threshold.median <= threshold.largest:
        raise JsonError("its held-out scores must be in order: smallest, median, largest")
    if not manifest.front_end.segments.length_s <= stretch_s <= _LONGEST_STRETCH_S:
        raise JsonError(f"a stretch must be from one segment to {_LONGEST_STRETCH_S} s long; got {stretch_s}")
    if not 0 < threshold.false_alarms < 1:
        raise JsonError("its false-alarm rate must be between 0 and 1")


def _check_system(manifest: Manifest) -> None:
    system, attributes = manifest.system, manifest.training.attributes
    if not _SYSTEM.fullmatch(system) or len(system) > 40:
        raise JsonError("its system must be words in lower-case letters, joined by hyphens")
    if (system == "serialoe" and not attributes) or (system in ("oe", "spectral") and attributes):
        raise JsonError("the attribute values must be listed for a system with attributes, and for no other")
    if (system == "spectral") != (not manifest.networks):
        raise JsonError("its system must be spectral if it has no network, and only then")


def _check_texts(manifest: Manifest) -> None:
    if not manifest.machine:
        raise JsonError("its machine must have a name")
    training, versions = manifest.training, manifest.versions
    names = [manifest.machine, manifest.device, *training.pseudo_anomalies, *training.attributes]
    names += [network.attribute or "" for network in manifest.networks]
    if not all(text.isprintable() for text in (*names, *versions.keys(), *versions.values())):
        raise JsonError("a name has an unprintable character")
