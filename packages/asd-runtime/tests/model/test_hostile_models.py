"""Folders that look like a model but are not: each is refused by name, and nothing outside the folder is read."""

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
from made_up_model import mixture, nearest, network

from asd_runtime.errors import ModelError
from asd_runtime.model.manifest import MANIFEST, content_digest
from asd_runtime.model.reading import read_manifest
from asd_runtime.scoring.scorer import Scorer

NETWORK = "networks/0.onnx"
GMM, KNN = "inlier/0/gmm-1-source.safetensors", "inlier/0/knn-2-source.safetensors"
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


def _within(content: Any, keys: list[str]) -> Any:
    """A part of the manifest; networks are numbered."""
    for key in keys:
        content = content[int(key)] if isinstance(content, list) else content[key]
    return content


def _set(place: str, value: Any) -> Attack:
    """Sets a field of the manifest, such as front_end/segments/overlap."""

    def attack(folder: Path) -> None:
        with _edited(folder) as content:
            *above, last = place.split("/")
            inner = _within(content, above)
            inner[last] = value

    return attack


def _drop(place: str) -> Attack:
    def attack(folder: Path) -> None:
        with _edited(folder) as content:
            *above, last = place.split("/")
            del _within(content, above)[last]

    return attack


def _filter(pass_hz: float, stop_hz: float) -> Attack:
    return _set("front_end/high_pass", {"pass_hz": pass_hz, "stop_hz": stop_hz, "pass_db": 3.0, "stop_db": 40.0})


def _set_file(field: str, value: Any) -> Attack:
    """Sets a field of the network's file, whose name has a slash."""

    def attack(folder: Path) -> None:
        with _edited(folder) as content:
            content["files"][NETWORK][field] = value

    return attack


def _drop_file(name: str) -> Attack:
    def attack(folder: Path) -> None:
        with _edited(folder) as content:
            del content["files"][name]

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


def _header(description: dict[str, Any]) -> bytes:
    """A safetensors file with only a header."""
    text = json.dumps(description).encode()
    return struct.pack("<Q", len(text)) + text


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
        scores = manifest["networks"][0]["scores"]
        scores["../../x"] = scores.pop("knn-2-source")
        manifest["files"]["inlier/0/../../x.safetensors"] = manifest["files"].pop(KNN)


def _newer_inlier(content: bytes) -> bytes:
    return content.replace(b'\\"schema\\": 1', b'\\"schema\\": 9')


def _many_networks(folder: Path) -> None:
    with _edited(folder) as manifest:
        manifest["networks"] *= 100
        for number in range(1, 100):
            for name in (NETWORK, GMM, KNN):
                manifest["files"][name.replace("0", str(number), 1)] = manifest["files"][name]


def _two_networks(folder: Path) -> None:
    """Lists a second network with no score in common with the first."""
    with _edited(folder) as manifest:
        other = {"attribute": None, "flow": False, "scores": {"gmm-4-source": {"mean": 0.0, "std": 1.0}}}
        manifest["networks"].append(other)
        for name, of in (("networks/1.onnx", NETWORK), ("inlier/1/gmm-4-source.safetensors", GMM)):
            manifest["files"][name] = manifest["files"][of]


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
    "newer schema": _set("schema", 4),
    "older schema": _set("schema", 2),
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
    "unknown setting": _set("front_end/hook", "x"),
    "setting of another type": _set("front_end/segments/overlap", "0.5"),
    "a front end without segments": _drop("front_end/segments"),
    "unknown level rule": _set("front_end/standardise", "day"),
    "unknown precision": _set("precision", "float16"),
    "a window that the core does not take": _set("front_end/log_mel/window_s", 0.1),
    "a filter of a million sections": _set(
        "front_end/high_pass", {"pass_hz": 4000.0, "stop_hz": 3999.99, "pass_db": 3.0, "stop_db": 40.0}
    ),
    "a filter beyond half the rate": _set(
        "front_end/high_pass", {"pass_hz": 9000.0, "stop_hz": 3500.0, "pass_db": 3.0, "stop_db": 40.0}
    ),
    "a filter that stops above its pass": _set(
        "front_end/high_pass", {"pass_hz": 3000.0, "stop_hz": 3500.0, "pass_db": 3.0, "stop_db": 40.0}
    ),
    "a recipe of a novel": _set("recipe", {"text": "x" * 100_000}),
    "recipe is a list": _set("recipe", []),
    "recipe is missing": _drop("recipe"),
    "segments of a year": _set("front_end/segments/length_s", 3e7),
    "segments beyond floats": _set("front_end/segments/length_s", 1e308),
    "segments without end": _set("front_end/segments/overlap", 0.9999),
    "a window of an hour": _set("front_end/log_mel/window_s", 3600.0),
    "ten million bands": _set("front_end/log_mel/bands", 10_000_000),
    "rates that differ": _set("front_end/audio/sample_rate_hz", 8000),
    "deviation 0": _set("networks/0/scores/knn-2-source/std", 0.0),
    "negative deviation": _set("networks/0/scores/knn-2-source/std", -1.0),
    "level 0": _set("front_end/level/std", 0.0),
    "no scores": _set("networks/0/scores", {}),
    "scores of a path": _named_by_a_path,
    "no files": _set("files", {}),
    "an absolute path": _absolute,
    "a path that leaves": _rewired,
    "a file too many": _set("files/more.safetensors", {"bytes": 1, "sha256": "0" * 64}),
    "a file too few": _drop_file(NETWORK),
    "hash in capitals": _set_file("sha256", "A" * 64),
    "hash too short": _set_file("sha256", "abc"),
    "negative length": _set_file("bytes", -1),
    "a petabyte": _set_file("bytes", 10**15),
    "length beyond 64 bits": _set_file("bytes", 2**70),
    "length true": _set_file("bytes", True),
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
    "more bands than a window holds": _set("front_end/log_mel/bands", 8192),
    "a deviation of nothing": _set("networks/0/scores/knn-2-source/std", 1e-320),
    "fewer than no recordings": _set("training/recordings", -5),
    "less than no sound": _set("training/seconds", -1.0),
    "an AUC below 0": _set("training/pseudo_anomaly_auc", -7.0),
    "held-out scores out of order": _set("threshold/smallest", 1e300),
    "a machine without a name": _set("machine", ""),
    "more recordings than pieces": _set("training/held_out_recordings", 7),
    "a system of digits": _set("system", "oe2"),
    "a system with an escape sequence": _set("system", "oe\x1b"),
    "no networks": _set("networks", []),
    "networks are an object": _set("networks", {}),
    "a hundred networks": lambda folder: _many_networks(folder),
    "networks with nothing in common": _two_networks,
    "a flow without its score": _set("networks/0/flow", True),
    "a flow's score without a flow": _set("networks/0/scores/flow", {"mean": 0.0, "std": 1.0}),
    "an attribute with an escape sequence": _set("networks/0/attribute", "\x1b[2J"),
    "spectral facts without the detector": _set("spectral", {"statistics": ["mean"], "rank_decay": 0.5}),
    "no join": _set("joined", None),
    "attributes of no head": _set("training/attributes", ["a", "b"]),
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
    "an inlier model as network": lambda folder: _file(NETWORK, (folder / KNN).read_bytes())(folder),
    "a network of other bands": _file(NETWORK, network(bands=64)),
    "a network of other frames": _file(NETWORK, network(frames=7)),
    "inlier model of noise": _file(GMM, random.Random(0).randbytes(1000)),
    "inlier model of a huge shape": _file(KNN, _header(HUGE_SHAPE) + b"\0" * 4),
    "newer inlier model": _file(KNN, _newer_inlier),
    "inlier model of 16 numbers": _file(KNN, nearest(np.random.default_rng(0).standard_normal((20, 16)))),
    "another kind of inlier model": _file(KNN, mixture()),
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
    "other statistics": _set("spectral/statistics", ["mean"]),
    "statistics twice": _set("spectral/statistics", ["mean", "mean", "std"]),
    "no statistics": _set("spectral/statistics", []),
    "unknown statistics": _set("spectral/statistics", ["mode", "mean", "std"]),
    "a decay above 1": _set("spectral/rank_decay", 2.0),
    "spectral facts missing": _set("spectral", None),
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
    with pytest.raises(ModelError) as refused:
        Scorer.open(joined_victim, threads=1)
    message = str(refused.value)
    assert message.startswith(str(joined_victim)), "says which model"
    assert len(message) < 600
    assert "\x1b" not in message


def test_the_copy_of_two_detectors_without_an_attack_is_a_valid_model(joined_victim: Path) -> None:
    with _edited(joined_victim):
        pass
    Scorer.open(joined_victim, threads=1)


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
    with pytest.raises(ModelError) as refused:
        Scorer.open(victim, threads=1)
    message = str(refused.value)
    assert message.startswith(str(victim)), "says which model"
    assert len(message) < 600, "a hostile name does not flood the screen"
    assert "\x1b" not in message
    assert not (tmp_path / "executed").exists()


def test_the_copy_without_an_attack_is_a_valid_model(victim: Path) -> None:
    """Otherwise the attacks would prove nothing. The same holds after signing, which the attacks use."""
    with _edited(victim):
        pass
    _file(NETWORK, network())(victim)
    Scorer.open(victim, threads=1)


def test_every_changed_byte_of_the_manifest_is_noticed(victim: Path) -> None:
    whole = (victim / MANIFEST).read_bytes()
    rng = random.Random(20230601)
    for _ in range(FLIPS):
        place, bit = rng.randrange(len(whole)), 1 << rng.randrange(8)
        _put(victim / MANIFEST, whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
        with pytest.raises(ModelError):
            read_manifest(victim)


def test_a_folder_that_is_not_a_model_is_refused_as_such(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ModelError, match=r"no manifest\.json, so it is not a model"):
            read_manifest(folder)
