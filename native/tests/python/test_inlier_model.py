"""InlierModel scores as the model file says, refuses other files by name, and holds no lock while it scores.

That its scores are asd-inlier's is tested there; here the files are made by hand.
"""

import json
import os
import struct
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from other_threads import others_run_during

import asd_native

RNG = np.random.default_rng(0)
DIMENSIONS, VECTORS, NEIGHBOURS, COMPONENTS = 6, 30, 4, 3
TYPES = {"float32": "F32", "float64": "F64", "int64": "I64"}
QUERIES = RNG.standard_normal((10, DIMENSIONS))


def model_file(name: str, parameters: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> bytes:
    header = json.dumps({"class": name, "parameters": parameters, "schema": 1})
    table: dict[str, Any] = {"__metadata__": {"asd_inlier": header}}
    data = b""
    for key, array in arrays.items():
        offsets = [len(data), len(data) + array.nbytes]
        table[key] = {"dtype": TYPES[str(array.dtype)], "shape": list(array.shape), "data_offsets": offsets}
        data += array.tobytes()
    text = json.dumps(table).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def knn_file(dimensions: int = DIMENSIONS, vectors: int = VECTORS) -> tuple[bytes, dict[str, NDArray[Any]]]:
    arrays: dict[str, NDArray[Any]] = {
        "location": RNG.standard_normal(dimensions),
        "shrinkage": np.array([0.1]),
        "whitening": np.triu(RNG.standard_normal((dimensions, dimensions))),
        "training": RNG.standard_normal((vectors, dimensions)).astype(np.float32),
    }
    return model_file("MahalanobisKNN", {"backend": "auto", "neighbours": NEIGHBOURS}, arrays), arrays


def gmm_file() -> tuple[bytes, dict[str, NDArray[Any]]]:
    factors = np.triu(RNG.standard_normal((COMPONENTS, DIMENSIONS, DIMENSIONS))).astype(np.float32)
    factors[:, range(DIMENSIONS), range(DIMENSIONS)] = RNG.uniform(0.5, 2, (COMPONENTS, DIMENSIONS))
    arrays: dict[str, NDArray[Any]] = {
        "em": np.array([9, 1]),
        "location": RNG.standard_normal(DIMENSIONS),
        "scale": np.array([1.7]),
        "weights": np.array([0.2, 0.5, 0.3]),
        "means": RNG.standard_normal((COMPONENTS, DIMENSIONS)).astype(np.float32),
        "precisions_cholesky": factors[:, *np.triu_indices(DIMENSIONS)],
    }
    content = model_file("GaussianMixtureInlier", {"components": COMPONENTS, "random_state": None}, arrays)
    return content, {**arrays, "factors": factors}


def knn_score(arrays: dict[str, NDArray[Any]], queries: NDArray[np.float64]) -> NDArray[np.float64]:
    whitened = (queries - arrays["location"]) @ arrays["whitening"]
    distances = np.linalg.norm(whitened[:, None] - arrays["training"].astype(np.float64), axis=2)
    scores: NDArray[np.float64] = np.sort(distances, axis=1)[:, :NEIGHBOURS].mean(axis=1)
    return scores


def gmm_score(arrays: dict[str, NDArray[Any]], queries: NDArray[np.float64]) -> NDArray[np.float64]:
    density = np.zeros(len(queries))
    for weight, mean, factor in zip(arrays["weights"], arrays["means"], arrays["factors"], strict=True):
        factor = factor.astype(np.float64) / arrays["scale"]
        whitened = (queries - arrays["location"] - mean.astype(np.float64) * arrays["scale"]) @ factor
        peak = np.abs(np.linalg.det(factor)) / (2 * np.pi) ** (DIMENSIONS / 2)
        density += weight * peak * np.exp(-0.5 * (whitened**2).sum(axis=1))
    scores: NDArray[np.float64] = -np.log(density)
    return scores


CASES = [pytest.param(knn_file, knn_score, id="KNN"), pytest.param(gmm_file, gmm_score, id="GMM")]


@pytest.mark.parametrize(("make", "reference"), CASES)
def test_scores_are_the_formulas(make: Any, reference: Any, tmp_path: Path) -> None:
    content, arrays = make()
    (tmp_path / "model").write_bytes(content)
    expected = reference(arrays, QUERIES)
    for source in (content, tmp_path / "model", str(tmp_path / "model")):
        model = asd_native.InlierModel(source)
        scores = model.anomaly_score(QUERIES)
        assert scores.dtype == np.float64
        np.testing.assert_allclose(scores, expected, rtol=1e-6)  # float32 differences and whitened vectors
        out = np.empty(len(QUERIES))
        assert model.anomaly_score(QUERIES[::-1], out=out) is out
        np.testing.assert_array_equal(out[::-1], scores)
    assert model.anomaly_score(QUERIES[:0]).shape == (0,)


def test_a_model_says_what_it_is() -> None:
    knn, gmm = asd_native.InlierModel(knn_file()[0]), asd_native.InlierModel(gmm_file()[0])
    assert repr(knn) == "<asd_native.InlierModel: MahalanobisKNN, neighbours=4, dimensions=6>"
    assert repr(gmm) == "<asd_native.InlierModel: GaussianMixtureInlier, components=3, dimensions=6>"
    assert (knn.kind, knn.dimensions, knn.vectors, knn.neighbours, knn.components) == ("MahalanobisKNN", 6, 30, 4, None)


@pytest.mark.parametrize(
    ("queries", "options", "error", "message"),
    [
        (QUERIES.tolist(), {}, TypeError, "queries must be a numpy array"),
        (QUERIES.astype(int), {}, TypeError, "queries must be float32 or float64; got int64"),
        (QUERIES[0], {}, ValueError, r"queries must be \(N, D\).*for one embedding pass queries\[None, :\]"),
        (QUERIES[None], {}, ValueError, r"queries must be \(N, D\)"),
        (QUERIES[:, :5], {}, ValueError, "dimensions must be the model's, 6; got 5"),
        (
            np.where(np.arange(6) == 4, np.nan, QUERIES),
            {},
            ValueError,
            "queries must be finite; query 0 holds nan at 4",
        ),
        (QUERIES * [[1]] * 9 + [[1e300]], {}, ValueError, "query 0 lies so far .* float32 overflows"),
        (QUERIES, {"threads": -1}, ValueError, "threads must be"),
        (QUERIES, {"out": np.empty(9)}, ValueError, r"out must have shape \(10,\)"),
        (QUERIES, {"out": QUERIES.reshape(-1)[:10]}, ValueError, "out must not share memory"),
    ],
)
@pytest.mark.parametrize("make", [knn_file, gmm_file])
def test_wrong_queries_are_refused_by_name(make: Any, queries: Any, options: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        asd_native.InlierModel(make()[0]).anomaly_score(queries, **options)


def test_what_is_no_model_is_refused_by_its_place(tmp_path: Path) -> None:
    content = knn_file()[0]
    with pytest.raises(ValueError, match=r"^bytes: not a whole safetensors file .*: save the model again$"):
        asd_native.InlierModel(content[:-1])
    names = {"a" * 200: "..." + "a" * 160, "größer": "größer"}
    if sys.platform == "linux":
        names[os.fsdecode(b"\xff\xfe")] = "\ufffd\ufffd"  # no text, so not to be shown
    for name, text in names.items():
        path = tmp_path / name
        path.write_bytes(content[:-1])
        with pytest.raises(ValueError, match=f"{text}: not a whole safetensors file"):
            asd_native.InlierModel(path)
        path.write_bytes(content)
        asd_native.InlierModel(path)
    with pytest.raises(FileNotFoundError) as missing:
        asd_native.InlierModel(tmp_path / "nothing")
    assert missing.value.filename == tmp_path / "nothing"
    with pytest.raises(IsADirectoryError):
        asd_native.InlierModel(tmp_path)
    with pytest.raises(TypeError):
        asd_native.InlierModel(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="null byte"):
        asd_native.InlierModel("a\0b")


def test_any_number_of_threads_scores_with_one_model_at_once() -> None:
    model = asd_native.InlierModel(gmm_file()[0])
    expected = model.anomaly_score(QUERIES)
    wrong: list[int] = []

    def work() -> None:
        for _ in range(200):
            if not np.array_equal(model.anomaly_score(QUERIES, threads=2), expected):
                wrong.append(1)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


@pytest.mark.timed
def test_other_threads_run_while_a_model_scores() -> None:
    model = asd_native.InlierModel(knn_file(256, 4000)[0])
    queries = RNG.standard_normal((400, 256))
    assert others_run_during(lambda: model.anomaly_score(queries))
