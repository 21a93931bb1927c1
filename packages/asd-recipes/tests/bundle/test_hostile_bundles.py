"""Folders that look like a model but are not: each is refused by name, and nothing outside the folder is read."""

import functools
import json
import os
import pickle
import random
import shutil
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load, load_file, save

from asd_inlier import GaussianMixtureInlier, MahalanobisKNN, save_inlier_model
from asd_recipes.bundle import MANIFEST, BundleError, read_manifest
from asd_recipes.bundle.loading import load_bundle
from asd_recipes.bundle.manifest import content_digest

NETWORK, GMM, KNN = "network.safetensors", "inlier/gmm-1-source.safetensors", "inlier/knn-2-source.safetensors"
FLIPS = 300
Attack = Callable[[Path], None]


@contextmanager
def _edited(folder: Path, *, sign: bool = True) -> Iterator[dict[str, Any]]:
    """Changes the manifest and signs it again, as somebody can who knows the format."""
    content = json.loads((folder / MANIFEST).read_text())
    yield content
    if sign:
        content.pop("manifest_sha256", None)
        content["manifest_sha256"] = content_digest(content)
    _put(folder / MANIFEST, json.dumps(content).encode())


def _put(path: Path, content: bytes) -> None:
    """Replaces a file to which other copies may link."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def _set(place: str, value: Any) -> Attack:
    """Sets a field of the manifest, such as recipe.threads."""

    def attack(folder: Path) -> None:
        with _edited(folder) as content:
            *above, last = place.split("/")
            inner = content
            for key in above:
                inner = inner[key]
            inner[last] = value

    return attack


def _drop(place: str) -> Attack:
    def attack(folder: Path) -> None:
        with _edited(folder) as content:
            *above, last = place.split("/")
            del functools.reduce(lambda inner, key: inner[key], above, content)[last]

    return attack


def _manifest(content: bytes | Callable[[bytes], bytes]) -> Attack:
    """Replaces the manifest's bytes."""

    def attack(folder: Path) -> None:
        path = folder / MANIFEST
        _put(path, content(path.read_bytes()) if callable(content) else content)

    return attack


def _file(name: str, content: bytes | Callable[[bytes], bytes], *, sign: bool = True) -> Attack:
    """Replaces a file, with its length and hash in the manifest if `sign`."""

    def attack(folder: Path) -> None:
        path = folder / name
        written = content(path.read_bytes()) if callable(content) else content
        _put(path, written)
        if sign:
            with _edited(folder) as manifest:
                manifest["files"][name] = {"bytes": len(written), "sha256": sha256(written).hexdigest()}

    return attack


def _weights(change: Callable[[dict[str, torch.Tensor]], object]) -> Attack:
    """Changes the network's tensors, and signs."""

    def changed(content: bytes) -> bytes:
        tensors = load(content)
        change(tensors)
        return save(tensors)

    return _file(NETWORK, changed)


def _fill(name: str, value: float) -> Attack:
    return _weights(lambda tensors: tensors[name].view(-1)[:1].fill_(value))


def _header(description: dict[str, Any]) -> bytes:
    """A safetensors file with only a header."""
    text = json.dumps(description).encode()
    return struct.pack("<Q", len(text)) + text


def _inlier(make: Callable[[], Any], name: str = KNN) -> Attack:
    """Replaces the inlier model, and signs."""

    def attack(folder: Path) -> None:
        save_inlier_model(make(), folder / "other")
        _file(name, (folder / "other").read_bytes())(folder)

    return attack


def _link(name: str) -> Attack:
    """A file, or the folder of the inlier models, as a link to the same content elsewhere."""

    def attack(folder: Path) -> None:
        outside = folder.parent / "outside"
        (folder / name).rename(outside)
        (folder / name).symlink_to(outside)

    return attack


def _pipe(name: str) -> Attack:
    def attack(folder: Path) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return attack


def _folder(name: str) -> Attack:
    def attack(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return attack


def _remove(name: str) -> Attack:
    return lambda folder: (folder / name).unlink()


def _unsigned(folder: Path) -> None:
    with _edited(folder, sign=False) as content:
        content["threshold"]["value"] = 99.0


def _with_signature_removed(folder: Path) -> None:
    with _edited(folder, sign=False) as content:
        del content["manifest_sha256"]


def _rewired(folder: Path) -> None:
    """Lists a file outside the folder, with the right hash."""
    content = b"of somebody else"
    (folder.parent / "secret").write_bytes(content)
    with _edited(folder) as manifest:
        manifest["files"]["../secret"] = {"bytes": len(content), "sha256": sha256(content).hexdigest()}
        del manifest["files"][KNN]


def _absolute(folder: Path) -> None:
    with _edited(folder) as manifest:
        manifest["files"]["/etc/passwd"] = manifest["files"].pop(KNN)


def _named_by_a_path(folder: Path) -> None:
    """Lists an inlier model whose file would be outside the folder."""
    with _edited(folder) as manifest:
        manifest["scores"]["../../x"] = manifest["scores"].pop("knn-2-source")
        manifest["files"]["inlier/../../x.safetensors"] = manifest["files"].pop(KNN)


def _promising_a_head(folder: Path) -> None:
    with _edited(folder) as manifest:
        manifest["training"]["attributes"] = ["a", "b"]
        manifest["system"] = "serialoe"


def _newer_inlier(content: bytes) -> bytes:
    return content.replace(b'\\"schema\\": 1', b'\\"schema\\": 9')


def _of_16_numbers() -> MahalanobisKNN:
    return MahalanobisKNN().fit(np.random.default_rng(0).standard_normal((20, 16)))


def _gmm() -> GaussianMixtureInlier:
    return GaussianMixtureInlier(random_state=0).fit(np.random.default_rng(0).standard_normal((20, 512)))


def _deep(before: str, after: str) -> bytes:
    return (before * 100_000 + after * 100_000).encode()


def _as_text(old: str, new: str) -> Callable[[bytes], bytes]:
    def replaced(content: bytes) -> bytes:
        assert old.encode() in content
        return content.replace(old.encode(), new.encode(), 1)

    return replaced


class _Evil:
    """Code that would run if it were unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch executed",)


HUGE_SHAPE = {"x": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 4]}}
FIRST = "encoder.conv1.weight"
ATTACKS: dict[str, Attack] = {
    # the manifest's bytes
    "no manifest": _remove(MANIFEST),
    "empty manifest": _manifest(b""),
    "half a manifest": _manifest(lambda content: content[: len(content) // 2]),
    "not UTF-8": _manifest(lambda content: content.replace(b"pump7", b"pump\xff")),
    "UTF-16": _manifest(lambda content: content.decode().encode("utf-16")),
    "byte order mark": _manifest(lambda content: b"\xef\xbb\xbf" + content),
    "nested arrays": _manifest(_deep("[", "]")),
    "nested objects": _manifest(_deep('{"a":', "}")),
    "nested without end": _manifest(b"[" * 200_000),
    "two megabytes": _manifest(lambda content: content + b" " * 2_000_000),
    "a list": _manifest(b"[1, 2, 3]"),
    "null": _manifest(b"null"),
    "an empty object": _manifest(b"{}"),
    "something behind it": _manifest(lambda content: content + b"{}"),
    "a key twice": _manifest(_as_text('"machine": "pump7"', '"machine": "a", "machine": "pump7"')),
    "NaN": _manifest(_as_text('"value": 1.25', '"value": NaN')),
    "infinity": _manifest(_as_text('"value": 1.25', '"value": -Infinity')),
    "beyond floats": _manifest(_as_text('"value": 1.25', '"value": 1e999')),
    "five thousand digits": _manifest(_as_text('"value": 1.25', f'"value": {"9" * 5000}')),
    "a pickle": _manifest(pickle.dumps(_Evil())),
    "manifest is a folder": _folder(MANIFEST),
    "manifest is a link": _link(MANIFEST),
    "manifest is a pipe": _pipe(MANIFEST),
    # the manifest's content
    "foreign format": _set("format", "another-tool"),
    "newer schema": _set("schema", 3),
    "schema 0": _set("schema", 0),
    "schema true": _set("schema", True),
    "schema as text": _set("schema", "1"),
    "threshold changed": _unsigned,
    "no hash": _with_signature_removed,
    "hash is a list": _manifest(lambda content: json.dumps({**json.loads(content), "manifest_sha256": []}).encode()),
    "unknown field": _set("post_load_hook", "os.system"),
    "unknown field within": _set("training/notes", "x"),
    "field missing": _drop("threshold"),
    "field missing within": _drop("training/pieces"),
    "unknown setting": _set("recipe/training/hook", "x"),
    "setting of another type": _set("recipe/training/epochs", "5"),
    "recipe is a list": _set("recipe", []),
    "recipe is missing": _drop("recipe"),
    "a million threads": _set("recipe/threads", 1_000_000),
    "segments of a year": _set("recipe/segments/length_s", 3e7),
    "segments beyond floats": _set("recipe/segments/length_s", 1e308),
    "segments without end": _set("recipe/segments/overlap", 0.9999),
    "a window of an hour": _set("recipe/log_mel/window_s", 3600.0),
    "ten million bands": _set("recipe/log_mel/bands", 10_000_000),
    "rates that differ": _set("recipe/audio/sample_rate_hz", 8000),
    "another seed": _set("seed", 8),
    "deviation 0": _set("scores/knn-2-source/std", 0.0),
    "negative deviation": _set("scores/knn-2-source/std", -1.0),
    "level 0": _set("level/std", 0.0),
    "no scores": _set("scores", {}),
    "scores of a path": _named_by_a_path,
    "no files": _set("files", {}),
    "an absolute path": _absolute,
    "a path that leaves": _rewired,
    "a file too many": _set("files/more.safetensors", {"bytes": 1, "sha256": "0" * 64}),
    "a file too few": _drop("files/network.safetensors"),
    "hash in capitals": _set("files/network.safetensors/sha256", "A" * 64),
    "hash too short": _set("files/network.safetensors/sha256", "abc"),
    "negative length": _set("files/network.safetensors/bytes", -1),
    "a petabyte": _set("files/network.safetensors/bytes", 10**15),
    "length beyond 64 bits": _set("files/network.safetensors/bytes", 2**70),
    "length true": _set("files/network.safetensors/bytes", True),
    "escape sequence in a version": _set("versions", {"torch": "\x1b[2J"}),
    "escape sequence": _set("machine", "\x1b[31mpump"),
    "threshold NaN": _set("threshold/value", float("nan")),
    "threshold infinite": _set("threshold/value", float("-inf")),
    "threshold as text": _set("threshold/value", "1.25"),
    "threshold null": _set("threshold/value", None),
    "unknown rule": _set("threshold/rule", "none"),
    "stretch shorter than a segment": _set("threshold/stretch_s", 0.5),
    "stretch without end": _set("threshold/stretch_s", 1e300),
    "all are false alarms": _set("threshold/false_alarms", 1.0),
    "nothing held out": _set("training/held_out_pieces", 0),
    "ten million held out": _set("training/held_out_pieces", 10_000_000),
    "more bands than a window holds": _set("recipe/log_mel/bands", 8192),
    "a deviation of nothing": _set("scores/knn-2-source/std", 1e-320),
    "fewer than no recordings": _set("training/recordings", -5),
    "less than no sound": _set("training/seconds", -1.0),
    "an AUC below 0": _set("training/pseudo_anomaly_auc", -7.0),
    "held-out scores out of order": _set("threshold/smallest", 1e300),
    "a machine without a name": _set("machine", ""),
    "more recordings than pieces": _set("training/held_out_recordings", 7),
    "unknown system": _set("system", "oe-flow"),
    "attributes of no head": _set("training/attributes", ["a", "b"]),
    "a head that is not there": _promising_a_head,
    # the files, without a change of the manifest
    "no network": _remove(NETWORK),
    "no inlier model": _remove(KNN),
    "no inlier folder": lambda folder: shutil.rmtree(folder / "inlier"),
    "empty network": _file(NETWORK, b"", sign=False),
    "half a network": _file(NETWORK, lambda content: content[: len(content) // 2], sign=False),
    "a longer network": _file(NETWORK, lambda content: content + b"\0", sign=False),
    "a bit of the network": _file(NETWORK, lambda content: content[:-1] + bytes([content[-1] ^ 1]), sign=False),
    "a bit of an inlier model": _file(GMM, lambda content: content[:-1] + bytes([content[-1] ^ 1]), sign=False),
    "network is a link": _link(NETWORK),
    "inlier model is a link": _link(KNN),
    "inlier folder is a link": _link("inlier"),
    "network is a folder": _folder(NETWORK),
    "network is a pipe": _pipe(NETWORK),
    "inlier model is a pipe": _pipe(GMM),
    # the files, with the right hashes
    "network of noise": _file(NETWORK, random.Random(0).randbytes(1000)),
    "network is a pickle": _file(NETWORK, pickle.dumps(_Evil())),
    "huge shape": _file(NETWORK, _header(HUGE_SHAPE) + b"\0" * 4),
    "huge header": _file(NETWORK, struct.pack("<Q", 2**62) + b"{}"),
    "no tensors": _file(NETWORK, _header({})),
    "an inlier model as network": lambda folder: _file(NETWORK, (folder / KNN).read_bytes())(folder),
    "a tensor missing": _weights(lambda tensors: tensors.pop(FIRST)),
    "a tensor too many": _weights(lambda tensors: tensors.update(extra=torch.zeros(1))),
    "half precision": _weights(lambda tensors: tensors.update({FIRST: tensors[FIRST].half()})),
    "another shape": _weights(lambda tensors: tensors.update({FIRST: tensors[FIRST][:32].contiguous()})),
    "a head nobody listed": _weights(
        lambda tensors: tensors.update(
            {"attribute_head.weight": torch.zeros(2, 512), "attribute_head.bias": torch.zeros(2)}
        )
    ),
    "a head without numbers": _weights(lambda tensors: tensors.update({"attribute_head.weight": torch.tensor(1.0)})),
    "NaN weight": _fill(FIRST, float("nan")),
    "infinite weight": _fill("machine_head.weight", float("inf")),
    "negative variance": _fill("encoder.bn1.running_var", -1.0),
    "inlier model of noise": _file(GMM, random.Random(0).randbytes(1000)),
    "inlier model of a huge shape": _file(KNN, _header(HUGE_SHAPE) + b"\0" * 4),
    "newer inlier model": _file(KNN, _newer_inlier),
    "inlier model of 16 numbers": _inlier(_of_16_numbers),
    "another kind of inlier model": _inlier(_gmm),
    "the network as inlier model": lambda folder: _file(GMM, (folder / NETWORK).read_bytes())(folder),
}


SPECTRAL = "spectral.safetensors"
SCALE = {"mean": 2.0, "std": 0.5}
SHARE = {"kind": "tone", "level_db": -6.0, "above": 0.5, "above_alone": {"oe": 0.0, "spectral": 1.0}}


def _of_another_density(content: bytes) -> bytes:
    return content.replace(b'\\"local_density\\": 2', b'\\"local_density\\": 0')


def _weighed(oe: float, spectral: float) -> Attack:
    def attack(folder: Path) -> None:
        with _edited(folder) as content:
            for name, weight in (("oe", oe), ("spectral", spectral)):
                content["joined"]["detectors"][name]["weight"] = weight

    return attack


def _shared(*changes: dict[str, Any]) -> Attack:
    """Replaces the table of probes by a level for each change."""
    return _set("joined/probes", [{**SHARE, **change} for change in changes])


JOINED_ATTACKS: dict[str, Attack] = {
    "joined is a list": _set("joined", []),
    "no detectors": _set("joined/detectors", {}),
    "detectors are a list": _set("joined/detectors", ["oe"]),
    "an unknown detector": _set("joined/detectors/flow", {"weight": 0.0, "sensitivity": 0.0, "mean": 0.0, "std": 1.0}),
    "a detector without files": _drop("joined/detectors/oe"),
    "files without a detector": _weighed(0.0, 1.0),
    "a negative weight": _weighed(-0.5, 1.5),
    "weights above 1": _weighed(1.0, 1.0),
    "no weight at all": _weighed(0.0, 0.0),
    "weight NaN": _weighed(float("nan"), 1.0),
    "weight infinite": _weighed(float("inf"), 1.0),
    "weight as text": _set("joined/detectors/oe/weight", "0.25"),
    "weight null": _set("joined/detectors/oe/weight", None),
    "weight true": _set("joined/detectors/oe/weight", True),
    "weight missing": _drop("joined/detectors/oe/weight"),
    "sensitivity NaN": _set("joined/detectors/oe/sensitivity", float("nan")),
    "a detector's deviation 0": _set("joined/detectors/spectral/std", 0.0),
    "a detector's deviation of nothing": _set("joined/detectors/spectral/std", 1e-320),
    "a scale too few": _set("joined/detectors/spectral/shorter", 10 * [SCALE]),
    "a scale too many": _set("joined/detectors/spectral/shorter", 12 * [SCALE]),
    "a million scales": _set("joined/detectors/spectral/shorter", 30_000 * [SCALE]),
    "no scales": _drop("joined/detectors/spectral/shorter"),
    "scales of the network": _set("joined/detectors/oe/shorter", 11 * [SCALE]),
    "a scale of deviation 0": _set("joined/detectors/spectral/shorter", [*10 * [SCALE], {**SCALE, "std": 0.0}]),
    "a scale of deviation below 0": _set("joined/detectors/spectral/shorter", [*10 * [SCALE], {**SCALE, "std": -1.0}]),
    "a scale NaN": _set("joined/detectors/spectral/shorter", [*10 * [SCALE], {**SCALE, "mean": float("nan")}]),
    "a scale without a mean": _set("joined/detectors/spectral/shorter", [*10 * [SCALE], {"std": 1.0}]),
    "scales as numbers": _set("joined/detectors/spectral/shorter", 11 * [1.0]),
    "a detector's mean beyond its deviations": _set("joined/detectors/spectral/mean", -1e300),
    "the joined mean beyond its deviations": _set("joined/mean", 1e300),
    "the joined deviation 0": _set("joined/std", 0.0),
    "the joined mean beyond floats": _manifest(_as_text('"mean": 0.05', '"mean": 1e999')),
    "nothing probed": _set("joined/probed_pieces", 0),
    "a hook in the join": _set("joined/hook", "x"),
    "probes are an object": _set("joined/probes", {}),
    "five thousand probes": _shared(*({"level_db": float(level)} for level in range(5000))),
    "an unknown fault": _shared({"kind": "squeal"}),
    "a fault with an escape sequence": _shared({"kind": "\x1b[31m"}),
    "a share above 1": _shared({"above": 1.5}),
    "a share below 0": _shared({"above_alone": {"oe": -0.5, "spectral": 0.0}}),
    "a share NaN": _shared({"above": float("nan")}),
    "a share of an unknown detector": _shared({"above_alone": {"oe": 0.0, "flow": 0.0}}),
    "a share too few": _shared({"above_alone": {"oe": 0.0}}),
    "a level beyond use": _shared({"level_db": 1e9}),
    "levels that fall": _shared({"level_db": 0.0}, {"level_db": -6.0}),
    "a level twice": _shared({}, {}),
    "kinds in turns": _shared({}, {"kind": "clicks"}, {"level_db": 0.0}),
    "a stretch of a day": _set("threshold/stretch_s", 86_400.0),
    "segments pooled": _set("recipe/spectral/pooling", "segment"),
    "other statistics": _set("recipe/spectral/statistics", ["mean"]),
    "the system spectral": _set("system", "spectral"),
    "no spectral statistics": _remove(SPECTRAL),
    "spectral statistics not listed": _drop(f"files/{SPECTRAL}"),
    "a bit of the spectral statistics": _file(SPECTRAL, lambda c: c[:-1] + bytes([c[-1] ^ 1]), sign=False),
    "spectral statistics are a link": _link(SPECTRAL),
    "spectral statistics are a pipe": _pipe(SPECTRAL),
    "spectral statistics of noise": _file(SPECTRAL, random.Random(0).randbytes(1000)),
    "spectral statistics of 512 numbers": lambda folder: _file(SPECTRAL, (folder / KNN).read_bytes())(folder),
    "a mixture as spectral statistics": lambda folder: _file(SPECTRAL, (folder / GMM).read_bytes())(folder),
    "spectral statistics of density 0": _file(SPECTRAL, _of_another_density),
}


@pytest.fixture
def joined_victim(joined_model: Path, tmp_path: Path) -> Path:
    """A copy of a model of two detectors."""
    shutil.copytree(joined_model, tmp_path / "victim", copy_function=os.link)
    return tmp_path / "victim"


@pytest.mark.parametrize("attack", JOINED_ATTACKS.values(), ids=JOINED_ATTACKS.keys())
def test_a_hostile_model_of_two_detectors_is_refused_by_name(attack: Attack, joined_victim: Path) -> None:
    attack(joined_victim)
    with pytest.raises(BundleError) as refused:
        load_bundle(joined_victim, device="cpu")
    message = str(refused.value)
    assert message.startswith(str(joined_victim)), "says which model"
    assert len(message) < 600
    assert "\x1b" not in message


def test_the_copy_of_two_detectors_without_an_attack_is_a_valid_model(joined_victim: Path) -> None:
    with _edited(joined_victim):
        pass
    load_bundle(joined_victim, device="cpu")


@pytest.fixture
def victim(model: Path, tmp_path: Path) -> Path:
    """A copy for changes; its files are links, so replace them instead of writing into them."""
    shutil.copytree(model, tmp_path / "victim", copy_function=os.link)
    return tmp_path / "victim"


def test_there_are_at_least_fifty_attacks() -> None:
    assert len(ATTACKS) >= 50


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_a_hostile_model_is_refused_by_name(
    attack: Attack, victim: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attack(victim)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BundleError) as refused:
        load_bundle(victim, device="cpu")
    message = str(refused.value)
    assert message.startswith(str(victim)), "says which model"
    assert len(message) < 600, "a hostile name does not flood the screen"
    assert "\x1b" not in message
    assert not (tmp_path / "executed").exists()


def test_the_copy_without_an_attack_is_a_valid_model(victim: Path) -> None:
    """Otherwise the attacks would prove nothing. The same holds after signing, which the attacks use."""
    with _edited(victim):
        pass
    _file(NETWORK, save(load_file(victim / NETWORK)))(victim)
    load_bundle(victim, device="cpu")


def test_every_changed_byte_of_the_manifest_is_noticed(victim: Path) -> None:
    whole = (victim / MANIFEST).read_bytes()
    rng = random.Random(20230601)
    for _ in range(FLIPS):
        place, bit = rng.randrange(len(whole)), 1 << rng.randrange(8)
        _put(victim / MANIFEST, whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
        with pytest.raises(BundleError):
            read_manifest(victim)


def test_a_folder_that_is_not_a_model_is_refused_as_such(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(BundleError, match=r"no manifest\.json, so it is not a model"):
            read_manifest(folder)
