"""Laws of asd_native.InlierModel beside asd-inlier: equal scores of saved models, equal refusals of damaged ones."""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from asd_inlier import GaussianMixtureInlier, MahalanobisKNN, ModelFileError, load_inlier_model, save_inlier_model
from asd_native import InlierModel

SHAPES = [(2, 1), (7, 1), (40, 2), (60, 7), (60, 8), (60, 9), (300, 33), (40, 64), (30, 512), (700, 130)]


def embeddings(count: int, features: int, *, seed: int = 0) -> NDArray[np.float64]:
    """Correlated, off-centre vectors with variances over three orders, as a ReLU network's embeddings have."""
    mixing = np.random.default_rng(99).standard_normal((features, features)) * np.logspace(0, -1.5, features)[:, None]
    vectors = np.random.default_rng(seed).standard_normal((count, features)) @ mixing + 3
    return np.maximum(vectors, 0)


def queries(training: NDArray[np.float64]) -> NDArray[np.float64]:
    """New ones, training vectors themselves, near coincidences, and ones far out on every scale."""
    new = embeddings(12, training.shape[1], seed=1)
    near = training[:1] + np.array([[1e-6], [1e-4], [1e-2], [1.0]]) * new[:4]
    far = new[:5] * np.array([[1e2], [-1e4], [1e6], [1e9], [-1e12]])
    return np.concatenate([new, training[:5], near, far, np.zeros((1, training.shape[1]))])


def saved(model: Any, folder: Path) -> Path:
    save_inlier_model(model, folder / "model.safetensors")
    return folder / "model.safetensors"


def both(model: Any, folder: Path, rows: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return InlierModel(saved(model, folder)).anomaly_score(rows), model.anomaly_score(rows)


@pytest.mark.parametrize(("count", "features"), SHAPES)
@pytest.mark.parametrize("neighbours", [1, 2, 32, 700])
def test_knn_scores_are_ours(count: int, features: int, neighbours: int, tmp_path: Path, tolerances: Any) -> None:
    training = embeddings(count, features)
    model = MahalanobisKNN(min(neighbours, count)).fit(training)
    got, expected = both(model, tmp_path, queries(training))
    np.testing.assert_allclose(got, expected, rtol=tolerances.native, atol=tolerances.native_absolute)
    np.testing.assert_allclose(got[:12], expected[:12], rtol=tolerances.native)  # where nothing coincides


@pytest.mark.parametrize(("count", "features"), [(7, 1), (60, 8), (40, 64), (700, 130)])
@pytest.mark.parametrize("density", [None, 1, 4])
def test_standardised_and_locally_scaled_scores_are_ours(
    count: int, features: int, density: int | None, tmp_path: Path, tolerances: Any
) -> None:
    training = embeddings(count, features)
    model = MahalanobisKNN(2, standardise=True, local_density=density).fit(training)
    got, expected = both(model, tmp_path, queries(training))
    np.testing.assert_allclose(got, expected, rtol=tolerances.native, atol=tolerances.native_absolute)


@pytest.mark.parametrize(("count", "features"), SHAPES)
@pytest.mark.parametrize("components", [1, 2, 16])
def test_gmm_scores_are_ours(count: int, features: int, components: int, tmp_path: Path, tolerances: Any) -> None:
    training = embeddings(count, features)
    model = GaussianMixtureInlier(min(components, count), max_iter=10).fit(training)
    got, expected = both(model, tmp_path, queries(training))
    np.testing.assert_allclose(got, expected, rtol=tolerances.native, atol=tolerances.native_absolute)


DENSE = MahalanobisKNN(2, standardise=True, local_density=3)


@pytest.mark.parametrize("model", [MahalanobisKNN(2), DENSE, GaussianMixtureInlier(3)], ids=["KNN", "dense KNN", "GMM"])
@pytest.mark.parametrize(
    "training",
    [
        np.ones((5, 4)),
        np.repeat(embeddings(3, 6), 4, axis=0),
        np.column_stack([embeddings(30, 5), np.full(30, 7.0)]),
        embeddings(30, 5) * 1e-9,
        embeddings(30, 5) * 1e9 + 1e12,
    ],
    ids=["all equal", "duplicate rows", "constant feature", "tiny", "huge and far from the origin"],
)
def test_scores_are_ours_on_poor_data(model: Any, training: NDArray[Any], tmp_path: Path, tolerances: Any) -> None:
    model.fit(training)
    rows = np.concatenate([training[:5], training[:5] + training.std() + 0.5 * np.abs(training[:5]), 2 * training[:3]])
    got, expected = both(model, tmp_path, rows)
    np.testing.assert_allclose(got, expected, rtol=tolerances.native, atol=tolerances.native_absolute)


@pytest.mark.parametrize("model", [MahalanobisKNN(5), GaussianMixtureInlier(4)], ids=["KNN", "GMM"])
def test_neither_type_nor_batch_nor_threads_nor_source_change_a_bit(model: Any, tmp_path: Path) -> None:
    training, rows = embeddings(300, 24), embeddings(150, 24, seed=1).astype(np.float32)
    path = saved(model.fit(training), tmp_path)
    opened = InlierModel(path)
    expected = opened.anomaly_score(rows)
    alone = np.concatenate([opened.anomaly_score(row[None]) for row in rows])
    np.testing.assert_array_equal(alone, expected)
    np.testing.assert_array_equal(opened.anomaly_score(rows.astype(np.float64)), expected)
    for threads in (0, 2, 7):
        np.testing.assert_array_equal(opened.anomaly_score(rows, threads=threads), expected)
    np.testing.assert_array_equal(InlierModel(path.read_bytes()).anomaly_score(rows), expected)
    np.testing.assert_array_equal(InlierModel(str(path)).anomaly_score(rows), expected)
    # A new model renamed over it, as save_inlier_model does: what was opened stays what it was.
    saved(type(model)(1).fit(training[:20]), tmp_path)
    np.testing.assert_array_equal(opened.anomaly_score(rows), expected)
    assert not np.array_equal(InlierModel(path).anomaly_score(rows), expected)


def test_the_model_is_described(tmp_path: Path) -> None:
    training = embeddings(40, 6)
    knn = InlierModel(saved(MahalanobisKNN(3).fit(training), tmp_path))
    assert (knn.kind, knn.dimensions, knn.vectors, knn.neighbours, knn.components) == ("MahalanobisKNN", 6, 40, 3, None)
    gmm = InlierModel(saved(GaussianMixtureInlier(4).fit(training), tmp_path))
    assert (gmm.kind, gmm.dimensions, gmm.components) == ("GaussianMixtureInlier", 6, 4)
    assert gmm.vectors is None
    assert gmm.neighbours is None


# Distances are squared in float32; the squares of a likelihood are not.
@pytest.mark.parametrize(("model", "largest"), [(MahalanobisKNN(2), 1e18), (GaussianMixtureInlier(2), 1e25)])
@pytest.mark.parametrize("size", [1e3, 1e18, 1e25, 1e39, 1e300])
def test_both_refuse_the_same_rows_as_too_far_out(
    model: Any, largest: float, size: float, tmp_path: Path, tolerances: Any
) -> None:
    rows = embeddings(3, 8)
    rows[1] = size
    native = InlierModel(saved(model.fit(embeddings(50, 8)), tmp_path))
    if size <= largest:
        np.testing.assert_allclose(native.anomaly_score(rows), model.anomaly_score(rows), rtol=tolerances.native)
        return
    for refusing, message in ((model, r"X\[1\] lies so far"), (native, r"query 1 lies so far .* float32 overflows")):
        with pytest.raises(ValueError, match=message):
            refusing.anomaly_score(rows)


HEADER_CHANGES: list[Callable[[dict[str, Any]], Any]] = [
    lambda header: header.update(schema=2),
    lambda header: header.update(schema=0),
    lambda header: header.update(schema="1"),
    lambda header: header.update(schema=True),
    lambda header: header.update(schema=1.0),
    lambda header: header.update({"class": "Pipeline"}),
    lambda header: header.update({"class": ["MahalanobisKNN"]}),
    lambda header: header.pop("parameters"),
    lambda header: header.pop("class"),
    lambda header: header.update(parameters=None),
    lambda header: header.update(parameters=[]),
    lambda header: header.update(parameters={"shrink": 1}),
    *(
        lambda header, value=value: header["parameters"].update(neighbours=value, components=value)
        for value in (0, -1, 41, 10**30, 1.5, True, "2", None)
    ),
    *(
        lambda header, name=name, value=value: header["parameters"].update({name: value})
        for name, values in {
            "backend": ("gpu", 1, None, ["auto"]),
            "max_iter": (0, 1.0, None, False),
            "regularisation": (0, -1.0, "1", None, []),
        }.items()
        for value in values
    ),
]
TEXT_CHANGES: list[tuple[bytes, bytes]] = [
    (b'"F64"', b'"F16"'),
    (b'"F64"', b'"BF16"'),
    (b'"F64"', b'"F8_E4M3"'),
    (b'"F64"', b'"X"'),
    (b'"F64"', b"64"),
    (b'"dtype":"F64",', b""),
    (b'"dtype":"F64",', b'"dtype":"F64","dtype":"F64",'),
    (b'"shape":[6]', b'"shape":[7]'),
    (b'"shape":[6]', b'"shape":[6,1]'),
    (b'"shape":[6]', b'"shape":[1,6,1]'),
    (b'"shape":[6]', b'"shape":[]'),
    (b'"shape":[6]', b'"shape":[-6]'),
    (b'"shape":[6]', b'"shape":[-0]'),
    (b'"shape":[6]', b'"shape":[6.0]'),
    (b'"shape":[6]', b'"shape":[06]'),
    (b'"shape":[6]', b'"shape":[4611686018427387904,8]'),
    (b'"shape":[6]', b'"shape":[99999999999999999999]'),
    (b'"data_offsets":[0,', b'"data_offsets":[8,'),
    (b'"data_offsets":[0,', b'"data_offsets":[0,0,'),
    (b'"data_offsets":[0,', b'"data_offsets":[9223372036854775807,'),
    (b'"location"', b'"position"'),
    (b'"asd_inlier"', b'"asd_outlier"'),
    (b'"__metadata__":{', b'"__metadata__":{"a":1,'),
    (b'"__metadata__":{', b'"__metadata__":{"a":"\xff",'),
    (b'"__metadata__":{', b'"__metadata__":{"a":"\\ud800",'),
    (b'"__metadata__":{', b'"__metadata__":{"a":"\n",'),
    (b'"__metadata__":{', b'"a":' + b"[" * 5000 + b"]" * 5000 + b',"__metadata__":{'),
    (b'"__metadata__":{', b'"__metadata__":{},"__metadata__":{'),
    (b'"asd_inlier":"{', b'"asd_inlier":"' + b"[" * 100_000 + b"{"),
    (b'"asd_inlier":"{', b'"asd_inlier":"{\\"a\\":' + b"[" * 100_000),
    (b'"asd_inlier":"{', b'"asd_inlier":"{\\"schema\\":1,'),
    (b'"asd_inlier":"{', b'"asd_inlier":"{,'),
    (b'"asd_inlier":"{', b'"asd_inlier":"'),
    (b'\\"schema\\": 1', b'\\"schema\\": NaN'),
    (b'\\"schema\\": 1', b'\\"schema\\": 1e0'),
]  # fmt: skip


def parts(content: bytes) -> tuple[bytes, bytes]:
    (length,) = struct.unpack("<Q", content[:8])
    return content[8 : 8 + length], content[8 + length :]


def joined(header: bytes, data: bytes) -> bytes:
    return struct.pack("<Q", len(header)) + header + data


def with_header(content: bytes, change: Callable[[dict[str, Any]], Any]) -> bytes:
    table, data = parts(content)
    tree = json.loads(table)
    header = json.loads(tree["__metadata__"]["asd_inlier"])
    change(header)
    tree["__metadata__"]["asd_inlier"] = json.dumps(header)
    return joined(json.dumps(tree).encode(), data)


def with_value(content: bytes, name: str, element: int, value: float) -> bytes:
    table, data = parts(content)
    entry = json.loads(table)[name]
    form, width = ("<f", 4) if entry["dtype"] == "F32" else ("<d", 8)
    changed = bytearray(data)
    at = entry["data_offsets"][0] + element * width
    changed[at : at + width] = struct.pack(form, value)
    return joined(table, bytes(changed))


def hostile(content: bytes) -> list[bytes]:
    """Damaged forms of a saved model, each of which neither loader may take."""
    table, data = parts(content)
    changed = [with_header(content, change) for change in HEADER_CHANGES]
    changed += [joined(table.replace(old, new, 1), data) for old, new in TEXT_CHANGES]
    changed += [content[:length] for length in range(0, len(content), 7)] + [content + b"\0"]
    for name, entry in json.loads(table).items():
        if name not in ("__metadata__", "em"):
            changed += [with_value(content, name, 0, value) for value in (np.nan, np.inf, -np.inf)]
        if name in ("scale", "weights", "precisions_cholesky"):
            changed += [with_value(content, name, 0, value) for value in (0.0, -1.0)]
        if name == "whitening":
            changed += [with_value(content, name, entry["shape"][0], 1e-9)]
    return changed


def saved_content(model: Any, folder: Path) -> bytes:
    return saved(model.fit(embeddings(40, 6)), folder).read_bytes()


@pytest.mark.parametrize("model", [MahalanobisKNN(2), GaussianMixtureInlier(2)], ids=["KNN", "GMM"])
def test_both_loaders_refuse_the_same_damaged_files(model: Any, tmp_path: Path) -> None:
    content = saved_content(model, tmp_path)
    path = tmp_path / "damaged.safetensors"
    refused = 0
    for damaged in hostile(content):
        path.write_bytes(damaged)
        if loads(lambda: load_inlier_model(path), ModelFileError):
            # A parameter of the other class, or a text that this file has not: the file is as good as it was.
            assert loads(lambda: InlierModel(path), ValueError), damaged[:400]
            continue
        refused += 1
        for source in (path, damaged):
            with pytest.raises(ValueError, match=r"(damaged.safetensors|bytes): .*: (save|load|pass|this)"):
                InlierModel(source)
    assert refused > 100


def loads(load: Callable[[], object], error: type[Exception]) -> bool:
    try:
        load()
    except error:
        return False
    return True


@pytest.mark.parametrize("model", [MahalanobisKNN(2), GaussianMixtureInlier(2)], ids=["KNN", "GMM"])
@pytest.mark.parametrize("seed", range(3))
def test_what_loads_here_loads_there_with_the_same_scores_whatever_was_damaged(
    model: Any, seed: int, tmp_path: Path, tolerances: Any
) -> None:
    content, rows = saved_content(model, tmp_path), embeddings(3, 6, seed=2)
    path = tmp_path / "damaged.safetensors"
    rng = np.random.default_rng(seed)
    kept = 0
    for _ in range(200):
        damaged = bytearray(content)
        for _ in range(rng.integers(1, 4)):
            damaged[rng.integers(len(damaged))] = rng.choice(list(b'0123456789[]{}",:-x\xff\x00'))
        path.write_bytes(damaged)
        try:
            native = InlierModel(path)
        except ValueError:
            continue
        loaded = load_inlier_model(path)
        kept += 1
        try:
            expected = loaded.anomaly_score(rows)
        except ValueError:
            with pytest.raises(ValueError, match="float32 overflows"):
                native.anomaly_score(rows)
        else:
            np.testing.assert_allclose(
                native.anomaly_score(rows), expected, tolerances.native, tolerances.native_absolute
            )
    assert kept > 20


def test_layout_and_order_of_a_file_do_not_matter(tmp_path: Path, tolerances: Any) -> None:
    content, rows = saved_content(MahalanobisKNN(2), tmp_path), embeddings(3, 6, seed=2)
    expected = InlierModel(content).anomaly_score(rows)
    table, data = parts(content)
    tree = json.loads(table)
    turned = dict(reversed(tree.items()))
    for spaces in range(16):  # arrays at any address
        other = joined(json.dumps(turned, indent=1).encode() + b" " * spaces, data)
        np.testing.assert_array_equal(InlierModel(other).anomaly_score(rows), expected)
        (tmp_path / "other").write_bytes(other)
        np.testing.assert_array_equal(InlierModel(tmp_path / "other").anomaly_score(rows), expected)
        ours = load_inlier_model(tmp_path / "other").anomaly_score(rows)
        np.testing.assert_allclose(ours, expected, rtol=tolerances.native)
