"""Scoring test clips: the second step of a system, beside what a user writes with torch and scikit-learn.

One untrained network with a flow at the paper's sizes, and five GMM and five KNN on random embeddings: the time of
scoring does not depend on what was learnt. The plain version passes one clip after another through torch.stft, the
network and the flow, in float32 and in the default memory layout, and scores with scikit-learn in float64.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import measure
import numpy as np
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
from asd_inlier import GaussianMixtureInlier, MahalanobisKNN
from asd_models import OutlierExposureNet, flow_score_map
from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.system_variants import variant_of
from asd_recipes.scoring.embedding import ClipEmbedder
from asd_recipes.scoring.inlier_candidates import Candidate
from asd_recipes.scoring.segment_means import flow_scores, score_clips
from asd_recipes.training.network_building import build_network
from asd_recipes.waveforms.device_choice import choose_device

Float64Array = NDArray[np.float64]
Clips = list[NDArray[np.int16]]
InlierModel = GaussianMixtureInlier | MahalanobisKNN

RECIPE, MACHINE = Recipe(), "fan"
LEVEL = WaveformStatistics(mean=0.0, std=0.06)
SIZES = (1, 2, 4, 16, 32)


def rows(threads: int) -> Iterator[Row]:
    """Times and scores of both."""
    count = 4 if measure.quick else 200
    rng = np.random.default_rng(5)
    clips = [np.rint(2000 * rng.standard_normal(160_000)).astype(np.int16) for _ in range(count)]
    (training,) = embeddings(500 if measure.quick else 5_000)
    torch.manual_seed(0)
    network = build_network(variant_of("oe-flow"), RECIPE, classes=0).eval()
    plain = _Plain.fitted(network, training)
    ours = partial(_ours, clips, network, _fitted(training), threads)
    ours()  # once, to convert the layout of the weights; the plain version does not need this
    ours_s = median_s(ours, runs=3, warm_up=False)
    first = plain.scores(clips[:2])["flow"]
    difference = np.abs(_ours(clips[:2], network, {}, threads)["flow"] / first - 1).max()
    precision = choose_device("cpu", "auto", threads=threads).precision
    torch.use_deterministic_algorithms(False)  # the plain version need not pay for it
    theirs_s = median_s(lambda: plain.scores(clips), runs=1, warm_up=False)
    yield Row(
        step=f"scoring {count} clips of 10 s, 5 KNN + 5 GMM + flow, {threads} threads",
        tool="torch.stft, plain PyTorch float32, scikit-learn float64",
        ours_s=ours_s,
        theirs_s=theirs_s,
        error=f"ours in {precision}: max relative {difference:.1e} of the flow's scores",
        reach_s=17.0,
        audio_s=10.0 * count,
    )


def _fitted(training: NDArray[np.float32]) -> dict[str, InlierModel]:
    grid = [Candidate(kind, size, "source") for kind in ("knn", "gmm") for size in SIZES]
    models = {candidate.name: candidate.build(seed=0) for candidate in grid}
    for model in models.values():
        if "max_iter" in model.get_params():
            model.set_params(max_iter=2)
        model.fit(training)
    return models


def _ours(
    clips: Clips, network: OutlierExposureNet, models: dict[str, InlierModel], threads: int
) -> dict[str, Float64Array]:
    """The way `asd reproduce` scores a machine's test clips."""
    device = choose_device("cpu", "auto", threads=threads)
    embedder = ClipEmbedder.of(network.to(memory_format=torch.channels_last), RECIPE, LEVEL, device)
    embedded = embedder.embed(clips, lambda steps: None, score_maps=True)
    scores = {name: score_clips(model, embedded, None) for name, model in models.items()}
    torch.use_deterministic_algorithms(False)  # the plain version need not pay for it
    return scores | {"flow": flow_scores(MACHINE, clips, embedded, RECIPE)}


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
