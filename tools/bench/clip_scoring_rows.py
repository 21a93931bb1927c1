"""Scoring test clips with a model, beside what a user writes with torch and scikit-learn.

One untrained network with a flow at the paper's sizes, and five GMM and five KNN on random embeddings: the time of
scoring does not depend on what was learnt. Ours is asd-runtime's chain, from samples to the system's score. The plain
version passes one clip after another through torch.stft, the network and the flow, in float32 and in the default memory
layout, and scores with scikit-learn in float64. ONNX Runtime runs the same network in place of OpenVINO, as a check.
"""

import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import measure
import numpy as np
import onnxruntime
import torch
from features_rows import stft_log_mel
from inlier_rows import embeddings
from measure import Row, median_s
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors

from asd_features import WaveformStatistics
from asd_inlier import save_inlier_model
from asd_models import OutlierExposureNet, flow_score_map, network_onnx
from asd_native import InlierModel
from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.system_variants import variant_of
from asd_recipes.scoring.front_end import front_end_of
from asd_recipes.scoring.inlier_candidates import Candidate
from asd_recipes.scoring.network_in_int8 import network_in_int8
from asd_recipes.training.network_building import build_network
from asd_runtime.model.joined_score import Scale
from asd_runtime.model.manifest import FLOW, Precision
from asd_runtime.scoring.engine import EngineError, Network, NetworkOutput
from asd_runtime.scoring.network_scorer import NetworkScorer, SystemScorer

Float64Array = NDArray[np.float64]
Clips = list[NDArray[np.int16]]

RECIPE, MACHINE = Recipe(), "fan"
LEVEL = WaveformStatistics(mean=0.0, std=0.06)
SIZES = (1, 2, 4, 16, 32)
REACH_S: dict[Precision, float | None] = {"float32": None, "bfloat16": 14.5, "int8": 9.0}
CHECKED = 20
"""Clips whose scores are compared: with ONNX Runtime, and with float32."""


def rows(threads: int) -> Iterator[Row]:
    """Times and scores of both, in each arithmetic that this processor has."""
    count = 4 if measure.quick else 200
    rng = np.random.default_rng(5)
    clips = [np.rint(2000 * rng.standard_normal(160_000)).astype(np.int16) for _ in range(count)]
    (training,) = embeddings(500 if measure.quick else 5_000)
    torch.manual_seed(0)
    network = build_network(variant_of("oe-flow"), RECIPE, classes=0).eval()
    onnx = network_onnx(network, bands=RECIPE.log_mel.bands, frames=_frames())
    reference = _scaled(_System.of(onnx, training, "float32", threads), clips[:CHECKED])
    checked = reference.scores(clips[:CHECKED])
    by_onnx_runtime = reference.by(_OnnxRuntime(onnx)).scores(clips[:CHECKED])
    plain = _Plain.fitted(network, training)
    theirs_s = median_s(lambda: plain.scores(clips), runs=1, warm_up=False)
    files: dict[Precision, bytes] = {"int8": network_in_int8(onnx, reference.spectrograms(clips[:CHECKED]))}
    for precision, reach_s in REACH_S.items():
        try:
            content = files.get(precision, onnx)
            system = reference.by(Network.load(content, **_size(), precision=precision, threads=threads))
        except EngineError as error:
            print(f"(no row of scoring in {precision}: {error})")
            continue
        beside = by_onnx_runtime if precision == "float32" else checked
        difference = np.abs(system.scores(clips[:CHECKED]) - beside).max()
        yield Row(
            step=f"scoring {count} clips of 10 s in {precision}, 5 KNN + 5 GMM + flow, {threads} threads",
            tool="torch.stft, plain PyTorch float32, scikit-learn float64",
            ours_s=median_s(partial(system.scores, clips), runs=3, warm_up=False),
            theirs_s=theirs_s,
            error=f"scores of {len(checked)} clips: {difference:.1e} standard deviations of "
            + ("ONNX Runtime's" if precision == "float32" else "those in float32 (of an untrained network)"),
            reach_s=reach_s,
            audio_s=10.0 * count,
        )


def _frames() -> int:
    return RECIPE.log_mel.frames(RECIPE.segments.length_samples)


def _size() -> dict[str, int]:
    return {"bands": RECIPE.log_mel.bands, "frames": _frames()}


class _OnnxRuntime:
    """The same network, run by another library."""

    def __init__(self, onnx: bytes) -> None:
        self._session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])

    def __call__(self, log_mel: NDArray[np.float32]) -> NetworkOutput:
        return NetworkOutput(*self._session.run(["embedding", "score_map"], {"log_mel": log_mel}))


@dataclass(frozen=True)
class _System:
    """What asd-runtime scores with, without the reading of files."""

    scorer: SystemScorer

    @staticmethod
    def of(onnx: bytes, training: NDArray[np.float32], precision: Precision, threads: int) -> "_System":
        network = Network.load(onnx, **_size(), precision=precision, threads=threads)
        models = _fitted(training)
        scales = dict.fromkeys([*models, FLOW], Scale(0.0, 1.0))
        of_network = NetworkScorer(network, models, scales, threads)
        return _System(SystemScorer(front_end_of(RECIPE, MACHINE, LEVEL), [of_network], threads))

    @property
    def network(self) -> NetworkScorer:
        (network,) = self.scorer.networks
        assert isinstance(network, NetworkScorer), "made by `of`"
        return network

    def by(self, network: Network | _OnnxRuntime) -> "_System":
        """The same with another network."""
        made = replace(self.network, network=network)  # type: ignore[arg-type]  # called in the same way
        return _System(replace(self.scorer, networks=[made]))

    def spectrograms(self, clips: Clips) -> Iterator[NDArray[np.float32]]:
        """(S, M, F) of each clip."""
        front_end, threads = self.scorer.front_end, self.scorer.threads
        return (front_end.spectrograms(front_end.cut(clip), threads=threads) for clip in clips)

    def scores(self, clips: Clips) -> Float64Array:
        """(N,)"""
        every = [range(RECIPE.segments.count(len(clips[0])))]
        return np.array([self.scorer.score_wave(clip, every, lambda steps: None)[0][0] for clip in clips])


def _scaled(system: _System, clips: Clips) -> _System:
    """With the scales of these clips, as a model has those of its held-out pieces."""
    network = system.network
    of_clips = [network.of_segments(log_mel) for log_mel in system.spectrograms(clips)]
    means = {name: np.array([scores[name].mean() for scores in of_clips]) for name in network.scales}
    scales = {name: Scale(float(of_all.mean()), float(of_all.std())) for name, of_all in means.items()}
    return _System(replace(system.scorer, networks=[replace(network, scales=scales)]))


def _fitted(training: NDArray[np.float32]) -> dict[str, InlierModel]:
    grid = [Candidate(kind, size, "source") for kind in ("knn", "gmm") for size in SIZES]
    models = {}
    with tempfile.TemporaryDirectory() as folder:
        for candidate in grid:
            model, path = candidate.build(seed=0, search="auto"), Path(folder) / candidate.name
            if "max_iter" in model.get_params():
                model.set_params(max_iter=2)
            save_inlier_model(model.fit(training), path)
            models[candidate.name] = InlierModel(path.read_bytes())
    return models


@dataclass(frozen=True)
class _Plain:
    network: OutlierExposureNet
    whiten: Float64Array
    neighbours: list[NearestNeighbors]
    mixtures: list[GaussianMixture]

    @staticmethod
    def fitted(network: OutlierExposureNet, training: NDArray[np.float32]) -> "_Plain":
        vectors = training.astype(np.float64)
        whiten = np.linalg.cholesky(LedoitWolf().fit(vectors).precision_)
        knn = [NearestNeighbors(n_neighbors=size, algorithm="brute").fit(vectors @ whiten) for size in SIZES]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            gmm = [GaussianMixture(size, reg_covar=1e-2, max_iter=1, random_state=0).fit(vectors) for size in SIZES]
        copied = build_network(variant_of("oe-flow"), RECIPE, classes=0).eval()
        copied.load_state_dict(network.state_dict())
        return _Plain(copied, whiten, knn, gmm)

    @torch.inference_mode()
    def scores(self, clips: Clips) -> dict[str, Float64Array]:
        assert self.network.flow is not None, "made with a flow"
        log_mel = stft_log_mel(torch.float32)
        vectors, flow = [], []
        for clip in clips:
            wave = (torch.from_numpy(clip).float() / 32768 - LEVEL.mean) / LEVEL.std
            cut = wave.unfold(0, RECIPE.segments.length_samples, RECIPE.segments.hop_samples)
            output = self.network(log_mel(cut))
            vectors.append(output.embedding.numpy().astype(np.float64))
            flow.append(flow_score_map(self.network.flow(output.map).latent).mean().item())
        rows = np.concatenate(vectors)
        by_model = [model.kneighbors(rows @ self.whiten)[0].mean(axis=1) for model in self.neighbours]
        by_model += [-model.score_samples(rows) for model in self.mixtures]
        of_clips = [values.reshape(len(clips), -1).mean(axis=1) for values in by_model]
        return {str(place): values for place, values in enumerate(of_clips)} | {"flow": np.array(flow)}
