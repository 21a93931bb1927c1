"""Laws of the model file: identical scores after loading, identical bytes, and a typed error for anything else."""

import json
import os
import stat
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load, save
from sklearn.exceptions import NotFittedError

from asd_inlier import GaussianMixtureInlier, MahalanobisKNN, ModelFileError, load_inlier_model, save_inlier_model

RNG = np.random.default_rng(0)
TRAINING, QUERIES = RNG.standard_normal((40, 12)), RNG.standard_normal((9, 12))
MODELS = [
    MahalanobisKNN(3),
    MahalanobisKNN(np.int64(2), backend="numpy"),  # type: ignore[arg-type]
    GaussianMixtureInlier(4, regularisation=0.03, max_iter=7, random_state=11),
]


@pytest.fixture(params=MODELS, ids=["KNN", "KNN in NumPy", "GMM"])
def model(request: pytest.FixtureRequest) -> Any:
    return request.param.fit(TRAINING)


def test_a_loaded_model_is_the_saved_one(model: Any, tmp_path: Path) -> None:
    save_inlier_model(model, tmp_path / "model.safetensors")
    loaded = load_inlier_model(tmp_path / "model.safetensors")
    assert type(loaded) is type(model)
    assert loaded.get_params() == model.get_params()
    np.testing.assert_array_equal(loaded.anomaly_score(QUERIES), model.anomaly_score(QUERIES))
    fitted = {name for name in vars(model) if name.endswith("_")}
    assert {name for name in vars(loaded) if name.endswith("_")} == fitted
    for name in fitted:
        np.testing.assert_array_equal(getattr(loaded, name), getattr(model, name))


def test_bytes_are_a_function_of_the_model_and_nothing_is_left_beside(model: Any, tmp_path: Path) -> None:
    first, second = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    save_inlier_model(model, first)
    second.write_bytes(b"old")
    save_inlier_model(load_inlier_model(first), second)
    assert first.read_bytes() == second.read_bytes()
    assert sorted(tmp_path.iterdir()) == [first, second]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o007, 0o660)])
def test_others_may_read_a_model_as_far_as_the_umask_lets_them(
    model: Any, tmp_path: Path, umask: int, mode: int
) -> None:
    before = os.umask(umask)
    try:
        save_inlier_model(model, tmp_path / "model.safetensors")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "model.safetensors").stat().st_mode) == mode


def test_a_failed_write_leaves_the_old_file(model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"old")

    def full_disk(descriptor: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="no space left"):
        save_inlier_model(model, path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_every_truncation_is_refused(model: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_inlier_model(model, path)
    whole = path.read_bytes()
    for length in {*range(0, len(whole), max(1, len(whole) // 50)), len(whole) - 1}:
        path.write_bytes(whole[:length])
        with pytest.raises(ModelFileError, match="whole safetensors file") as caught:
            load_inlier_model(path)
        assert caught.value.path == path


@pytest.mark.parametrize("content", [b"RIFF....WAVEfmt ", b"\x80\x04K\x01.", b"\xff" * 64, b""])
def test_a_foreign_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match="whole safetensors file"):
        load_inlier_model(path)


def test_a_foreign_safetensors_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(save({"weight": np.ones(3)}, metadata={"format": "pt"}))
    with pytest.raises(ModelFileError, match="not an inlier model"):
        load_inlier_model(path)


def test_a_missing_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_inlier_model(tmp_path / "nothing.safetensors")


def tampered(path: Path, change: Callable[[dict[str, Any], dict[str, NDArray[Any]]], Any]) -> None:
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["asd_inlier"])
    arrays = {name: array.copy() for name, array in load(content).items()}
    change(header, arrays)
    path.write_bytes(save(arrays, metadata={"asd_inlier": json.dumps(header)}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda header, _: header.update(schema=2), "newer asd-inlier: schema 2, this one reads 1"),
        (lambda header, _: header.update(schema="1"), "schema must be a whole number"),
        (lambda header, _: header.update(schema=True), "schema must be a whole number"),
        (lambda header, _: header.update({"class": "Pipeline"}), "class must be one of"),
        (lambda header, _: header.update({"class": ["MahalanobisKNN"]}), "class must be one of"),
        (lambda header, _: header.pop("parameters"), "header cannot be read"),
        (lambda header, _: header.update(parameters={"shrink": 1}), "does not hold a valid"),
        (lambda header, _: header["parameters"].update(components=0, neighbours=0), "does not hold a valid"),
        (lambda _, arrays: arrays.pop("location"), "arrays must be"),
        (lambda _, arrays: arrays.update(extra=np.ones(2)), "arrays must be"),
        (lambda _, arrays: arrays.update(location=arrays["location"].astype(np.float32)), "arrays must be"),
        (lambda _, arrays: arrays.update(location=arrays["location"][:-1]), "does not hold a valid"),
        (lambda _, arrays: arrays.update(location=arrays["location"][:0]), "finite numbers"),
        (lambda _, arrays: arrays["location"].fill(np.nan), "finite numbers"),
    ],
)
def test_a_tampered_file_is_refused(model: Any, change: Any, message: str, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_inlier_model(model, path)
    tampered(path, change)
    with pytest.raises(ModelFileError, match=message):
        load_inlier_model(path)


def test_every_tampered_shape_is_refused(model: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_inlier_model(model, path)
    whole = path.read_bytes()
    for name, array in load(whole).items():
        for other in (array[:-1], array[None], np.concatenate([array, array])):
            if name == "training" and other.ndim == 2:
                continue  # fewer or more training vectors are a valid model
            path.write_bytes(whole)
            tampered(path, lambda _, arrays, name=name, other=other: arrays.update({name: other}))  # type: ignore[misc]
            with pytest.raises(ModelFileError):
                load_inlier_model(path)


def test_what_cannot_be_saved_is_named(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="model must be one of"):
        save_inlier_model(object(), tmp_path / "x")  # type: ignore[arg-type]
    with pytest.raises(NotFittedError):
        save_inlier_model(MahalanobisKNN(), tmp_path / "x")
    moving = GaussianMixtureInlier(random_state=np.random.RandomState(0)).fit(TRAINING)
    with pytest.raises(TypeError, match="random_state must be a plain number"):
        save_inlier_model(moving, tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_and_a_name_may_be_as_long_as_a_name_may_be(tmp_path: Path) -> None:
    target, link = tmp_path / ("m" * 255), tmp_path / "link"
    link.symlink_to(target.name)
    save_inlier_model(MahalanobisKNN(3).fit(TRAINING), link)
    assert link.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", target.name]


def test_a_device_is_written_into(tmp_path: Path) -> None:
    (tmp_path / "null").symlink_to("/dev/null")
    save_inlier_model(MahalanobisKNN(3).fit(TRAINING), tmp_path / "null")
    assert (tmp_path / "null").is_symlink()
