"""Models that were not trained, from small arrays and an ONNX file of a few nodes, with everything a model can hold."""

import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from asd_features import LogMelSettings, SegmentSettings, WaveformStatistics
from asd_runtime.model.joined_score import Joined, JoinedDetector, ProbeShare, Scale
from asd_runtime.model.manifest import (
    FLOW,
    SPECTRAL_FILE,
    Manifest,
    NetworkFacts,
    SpectralFacts,
    Threshold,
    Training,
    inlier_file,
    network_file,
)
from asd_runtime.model.writing import write_model
from asd_runtime.sound.audio import Audio
from asd_runtime.sound.front_end import FrontEnd

BANDS, EMBEDDING = 32, 512
SHORTER = tuple(Scale(1.2 + missing, 0.3 + missing / 4) for missing in range(11, 0, -1))
"""Of 0.25 s, 0.5 s, ..., 2.75 s; a stretch has 3 s."""
FRONT_END = FrontEnd(
    audio=Audio(channel="mean", resample=True),
    segments=SegmentSettings(length_s=1.0),
    log_mel=LogMelSettings(bands=BANDS, hop_s=0.032),
    standardise="segment",
    level=WaveformStatistics(mean=-0.0001, std=0.1),
    high_pass=None,
)


def network(*, bands: int = BANDS, frames: int = FRONT_END.frames, flow: bool = False, seed: int = 0) -> bytes:
    """An ONNX file: one convolution, whose map's mean is the embedding, and whose channels' mean is the score map."""
    weight = np.random.default_rng(seed).standard_normal((EMBEDDING, 1, 3, 3)).astype(np.float32) / 30
    nodes = [
        helper.make_node("Unsqueeze", ["log_mel", "axis"], ["image"], name="image"),
        helper.make_node(
            "Conv", ["image", "w"], ["map"], name="map", kernel_shape=[3, 3], strides=[32, 32], pads=[1] * 4
        ),
        helper.make_node("ReduceMean", ["map"], ["embedding"], name="embedding", axes=[2, 3], keepdims=0),
    ]
    outputs = [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", EMBEDDING])]
    if flow:
        nodes.append(helper.make_node("ReduceMean", ["map"], ["score_map"], name="score_map", axes=[1], keepdims=0))
        size = ["batch", -(-bands // 32), -(-frames // 32)]
        outputs.append(helper.make_tensor_value_info("score_map", TensorProto.FLOAT, size))
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("log_mel", TensorProto.FLOAT, ["batch", bands, frames])],
        outputs,
        [numpy_helper.from_array(np.array([1], np.int64), "axis"), numpy_helper.from_array(weight, "w")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(made)
    content: bytes = made.SerializeToString()
    return content


def nearest(vectors: NDArray[Any], *, neighbours: int = 1, local_density: int | None = None) -> bytes:
    """A MahalanobisKNN of vectors (N, D) without whitening, as asd-inlier would write it."""
    dimensions = vectors.shape[1]
    arrays = {
        "location": np.zeros(dimensions),
        "shrinkage": np.zeros(1),
        "training": vectors.astype(np.float32),
        "whitening": np.eye(dimensions),
    }
    parameters: dict[str, Any] = {"backend": "auto", "neighbours": neighbours}
    if local_density is not None:
        distances = np.sort(np.linalg.norm(vectors[:, None] - vectors[None], axis=2), axis=1)
        arrays["local_distance"] = distances[:, 1 : local_density + 1].mean(axis=1).astype(np.float32)
        parameters["local_density"] = local_density
    return _inlier_file("MahalanobisKNN", parameters, arrays)


def mixture(dimensions: int = EMBEDDING) -> bytes:
    """A Gaussian mixture of one component."""
    identity = np.eye(dimensions, dtype=np.float32)[np.triu_indices(dimensions)]
    arrays = {
        "em": np.array([1, 1], np.int64),
        "location": np.zeros(dimensions),
        "means": np.zeros((1, dimensions), np.float32),
        "precisions_cholesky": identity[None],
        "scale": np.ones(1),
        "weights": np.ones(1),
    }
    parameters = {"components": 1, "max_iter": 100, "random_state": 0, "regularisation": 1e-3}
    return _inlier_file("GaussianMixtureInlier", parameters, arrays)


def _inlier_file(kind: str, parameters: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> bytes:
    header = {"class": kind, "parameters": parameters, "schema": 1}
    return safetensors(arrays, {"asd_inlier": json.dumps(header, sort_keys=True)})


def safetensors(arrays: dict[str, NDArray[Any]], metadata: dict[str, str]) -> bytes:
    """Arrays in the safetensors format."""
    names = {np.dtype(np.float64): "F64", np.dtype(np.float32): "F32", np.dtype(np.int64): "I64"}
    description: dict[str, Any] = {"__metadata__": metadata}
    content = b""
    for name, array in arrays.items():
        data = np.ascontiguousarray(array).tobytes()
        place = [len(content), len(content) + len(data)]
        description[name] = {"dtype": names[array.dtype], "shape": list(array.shape), "data_offsets": place}
        content += data
    text = json.dumps(description).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + content


def raw_joined(*names: str) -> Joined:
    """Detectors of equal weight whose scores stay as they are."""
    detectors = {name: JoinedDetector(1 / len(names), 0.0, 0.0, 1 / len(names)) for name in names}
    return Joined(detectors, 0.0, 1.0, 0 if len(names) == 1 else 1, ())


def made_up_joined() -> Joined:
    """Two detectors; a tone is heard from -12 dB on, clicks are not heard."""
    shares = {
        ("tone", -18.0): 0.4,
        ("tone", -12.0): 0.6,
        ("tone", -6.0): 1.0,
        ("clicks", -6.0): 0.8,
        ("clicks", 0.0): 0.2,
    }
    return Joined(
        detectors={"oe": JoinedDetector(0.25, 0.9, 0.1, 0.8), "spectral": JoinedDetector(0.75, 1.7, 1.2, 0.3, SHORTER)},
        mean=0.05,
        std=0.7,
        probed_pieces=6,
        probes=tuple(
            ProbeShare(kind, level_db, share, {"oe": 0.0, "spectral": share})  # type: ignore[arg-type]  # of FAULTS
            for (kind, level_db), share in shares.items()
        ),
    )


def made_up_manifest() -> Manifest:
    """A manifest of one network, without its files."""
    return Manifest(
        machine="pump7",
        system="oe",
        synthetic=True,
        precision="float32",
        front_end=FRONT_END,
        networks=(
            NetworkFacts(None, flow=False, scores={"gmm-1-source": Scale(1.5, 0.25), "knn-2-source": Scale(20.0, 4.0)}),
        ),
        spectral=None,
        joined=Joined({"oe": JoinedDetector(1.0, 0.0, 0.1, 0.8)}, 0.05, 0.7, 0, ()),
        threshold=Threshold(1.25, 3.0, "largest", 0.1, -0.5, 0.1, 1.25),
        training=Training(
            recordings=3,
            seconds=31.25,
            left_out=1,
            pieces=3,
            held_out_pieces=6,
            held_out="time",
            held_out_recordings=3,
            pseudo_anomalies=("fan", "valve"),
            synthetic_pseudo_anomalies=True,
            attributes=(),
            pseudo_anomaly_auc=0.75,
            data_sha256="0" * 64,
        ),
        device="cpu (1 threads), float32",
        versions={"torch": "2.13.0"},
        files={},
        recipe={"seed": 7, "log_mel": {"bands": BANDS}},
        exported=None,
    )


def joined_manifest() -> Manifest:
    """A manifest of a network and spectral statistics, without its files."""
    facts = SpectralFacts(("mean", "std", "difference"), 0.99)
    return replace(made_up_manifest(), joined=made_up_joined(), spectral=facts)


def files_of(manifest: Manifest) -> dict[str, bytes]:
    """A content for each file of a manifest."""
    rng, files = np.random.default_rng(0), {}
    for number, facts in enumerate(manifest.networks):
        front_end = manifest.front_end
        files[network_file(number)] = network(
            bands=front_end.log_mel.bands, frames=front_end.frames, flow=facts.flow, seed=number
        )
        for name in facts.inlier_models:
            kind, size = name.split("-")[:2]
            normal = rng.normal(0, 10, (64, EMBEDDING))
            files[inlier_file(number, name)] = mixture() if kind == "gmm" else nearest(normal, neighbours=int(size))
    if manifest.spectral is not None:
        dimensions = len(manifest.spectral.statistics) * manifest.front_end.log_mel.bands
        files[SPECTRAL_FILE] = nearest(rng.normal(0, 3, (12, dimensions)), local_density=2)
    return files


def flow_manifest(*, networks: int = 1, high_pass: Any = None) -> Manifest:
    """A system of so many networks, each with an inlier model and the flow's score."""
    facts = NetworkFacts("vel", flow=True, scores={"knn-1-source": Scale(2.0, 0.5), FLOW: Scale(0.1, 0.2)})
    front_end = replace(FRONT_END, high_pass=high_pass)
    return replace(
        made_up_manifest(), system="oe-flow", networks=(facts,) * networks, joined=raw_joined("oe"), front_end=front_end
    )


def write_made_up(folder: Path, manifest: Manifest) -> Path:
    """Writes a model with made-up files."""
    write_model(folder, manifest, files_of(manifest))
    return folder
