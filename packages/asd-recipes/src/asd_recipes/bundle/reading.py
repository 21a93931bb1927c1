"""Reads a model's manifest and files without trusting them.

Only regular files are opened, and only under names that this package gives. So nothing outside the folder is read, and
a pipe cannot block.
"""

import hashlib
import os
import re
from pathlib import Path
from typing import Any

from asd_features import mel_filterbank
from asd_recipes.bundle.errors import BundleError
from asd_recipes.bundle.joined_limits import LEAST_STD, check_joined
from asd_recipes.bundle.manifest import FORMAT, MANIFEST, NETWORK, SCHEMA, SPECTRAL_FILE, Manifest, content_digest
from asd_recipes.bundle.strict_json import JsonError, parse_strict
from asd_recipes.probes.joined_score import OE, SPECTRAL
from asd_recipes.recipe.settings import Recipe, RecipeError
from asd_recipes.recipe.toml_text import recipe_from_table
from asd_recipes.regular_file import NotRegularError, read_regular
from asd_recipes.typed_values import TypedValueError, as_dataclass

_AGAIN = "Copy the model again from the original, or make it again with `asd fit`."
_LARGEST_MANIFEST_BYTES = 1 << 20
_NAME = re.compile(r"(gmm|knn)-[0-9]{1,6}-source")
_SHA256 = re.compile(r"[0-9a-f]{64}")
# Far beyond any real use; without these limits a manifest could use up all memory when a recording is scored.
_LARGEST_SEGMENT_SAMPLES = 1 << 24
_LARGEST_SPECTROGRAM = 1 << 24
_GREATEST_OVERLAP = 0.99
_MOST_THREADS = 1024
_LONGEST_STRETCH_S = 86_400
_MOST_HELD_OUT = 10_000


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a model, checked; `read_file` checks the files that it lists.

    Raises:
        BundleError: not a model, or a damaged, altered or newer one.
    """
    path = folder / MANIFEST
    if not os.path.lexists(path):
        raise BundleError(folder, f"has no {MANIFEST}, so it is not a model. Pass a folder that `asd fit` made.")
    content = _read_regular(path, most=_LARGEST_MANIFEST_BYTES)
    try:
        return _checked(parse_strict(content), path)
    except (JsonError, TypedValueError, RecipeError, OverflowError) as error:
        raise BundleError(path, f"{error}. {_AGAIN}") from error


def read_file(folder: Path, name: str, manifest: Manifest) -> bytes:
    """A file that the manifest lists, as it was written.

    Raises:
        BundleError: the file is missing, is not a regular file, or has another length or content.
    """
    path, facts = folder / name, manifest.files[name]
    for above in path.relative_to(folder).parents:
        if (folder / above).is_symlink() and above != Path():  # the folder itself may be reached by a link
            raise BundleError(folder / above, f"is a link, but a model must contain its files. {_AGAIN}")
    content = _read_regular(path, most=facts.bytes)
    if len(content) != facts.bytes or hashlib.sha256(content).hexdigest() != facts.sha256:
        raise BundleError(path, f"is not the file that was written: its length or hash differs. {_AGAIN}")
    return content


def check_limits(recipe: Recipe) -> None:
    """Checks that a model can have this recipe.

    Raises:
        RecipeError: a size is beyond any real use, or the detectors cannot work as it asks.
    """
    if SPECTRAL in recipe.fit.detectors and recipe.spectral.pooling != "clip":
        raise RecipeError(
            f'spectral.pooling must be "clip" in a model, which pools whole stretches; got "{recipe.spectral.pooling}"'
        )
    segments, mel = recipe.segments, recipe.log_mel
    try:
        frames = mel.frames(segments.length_samples)
    except ValueError as error:
        raise RecipeError(f"segments and log_mel do not fit: {error}") from error
    sizes = [
        ("segments.length_s, in samples", segments.length_samples, _LARGEST_SEGMENT_SAMPLES),
        ("segments.overlap", segments.overlap, _GREATEST_OVERLAP),
        ("log_mel.window_s, in samples", mel.window_samples, _LARGEST_SEGMENT_SAMPLES),
        ("log_mel.bands, times frames or window,", max(frames, mel.window_samples) * mel.bands, _LARGEST_SPECTROGRAM),
        ("threads", recipe.threads, _MOST_THREADS),
    ]
    for what, size, most in sizes:
        if size > most:
            raise RecipeError(f"{what} must be at most {most}; got {size}")
    try:
        mel_filterbank(mel)
    except ValueError as error:
        raise RecipeError(f"log_mel: {error}") from error


def _read_regular(path: Path, *, most: int) -> bytes:
    try:
        return read_regular(path, most=most)
    except FileNotFoundError:
        raise BundleError(path, f"is missing. {_AGAIN}") from None
    except NotRegularError as error:
        raise BundleError(path, f"{error}. {_AGAIN}") from error
    except OSError as error:
        raise BundleError(path, f"cannot be read, or is a link ({error.strerror}). {_AGAIN}") from error


def _checked(content: Any, path: Path) -> Manifest:
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise JsonError("it is not the manifest of a model of `asd fit`")
    schema = content.get("schema")
    if type(schema) is not int or schema < 1:
        raise JsonError("its schema must be a whole number of at least 1")
    if schema > SCHEMA:
        raise BundleError(
            path, f"was written by a newer version of asd (schema {schema}; this one reads {SCHEMA}). Upgrade."
        )
    if content.pop("manifest_sha256", None) != content_digest(content):
        raise JsonError("it was changed after it was written: its hash differs")
    recipe = content.get("recipe")
    if not isinstance(recipe, dict):
        raise JsonError("its recipe must be an object")
    content["recipe"] = recipe_from_table(recipe)
    check_limits(content["recipe"])
    if content.pop("seed", None) != content["recipe"].seed:
        raise JsonError("its seed is not its recipe's")
    del content["format"], content["schema"]
    manifest = as_dataclass(Manifest, content, "manifest")
    _check_agreement(manifest)
    return manifest


def _check_agreement(manifest: Manifest) -> None:
    if strange := [name for name in manifest.scores if not _NAME.fullmatch(name)]:
        raise JsonError(f"{strange[0]!a:.80} is not the name of an inlier model")
    if manifest.joined is not None:
        check_joined(manifest.joined, manifest.recipe, stretch_s=manifest.threshold.stretch_s)
    if (OE in manifest.detectors) != bool(manifest.scores) or manifest.files.keys() != manifest.file_names:
        raise JsonError(
            f"its files must be {NETWORK} and one for each of one or more inlier models, unless it has no network, and "
            f"{SPECTRAL_FILE} if it has spectral statistics"
        )
    if not all(_SHA256.fullmatch(facts.sha256) and facts.bytes > 0 for facts in manifest.files.values()):
        raise JsonError("its files must have a length and a SHA-256 in 64 lower-case digits")
    if min([manifest.level.std, *(scores.std for scores in manifest.scores.values())]) < LEAST_STD:
        raise JsonError(f"a standard deviation must be at least {LEAST_STD:g}")
    training, threshold, stretch_s = manifest.training, manifest.threshold, manifest.threshold.stretch_s
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
    if not manifest.machine:
        raise JsonError("its machine must have a name")
    if not manifest.recipe.segments.length_s <= stretch_s <= _LONGEST_STRETCH_S:
        raise JsonError(f"a stretch must be from one segment to {_LONGEST_STRETCH_S} s long; got {stretch_s}")
    if not 0 < manifest.threshold.false_alarms < 1:
        raise JsonError("its false-alarm rate must be between 0 and 1")
    if (manifest.system == "serialoe") != bool(training.attributes):
        raise JsonError("the attribute values must be listed for a system with attributes, and for no other")
    if (manifest.system == "spectral") != (OE not in manifest.detectors):
        raise JsonError("its system must be spectral if it has no network, and only then")
    versions = manifest.versions
    names = [manifest.machine, manifest.device, *training.pseudo_anomalies, *training.attributes]
    if not all(text.isprintable() for text in (*names, *versions.keys(), *versions.values())):
        raise JsonError("a name has an unprintable character")
