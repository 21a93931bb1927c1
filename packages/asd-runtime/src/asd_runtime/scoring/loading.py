"""Loads a model's files as its detectors."""

import os
from functools import partial
from pathlib import Path
from typing import Literal

from asd_native import InlierModel
from asd_runtime.counted import counted
from asd_runtime.errors import ModelError
from asd_runtime.model.joined_score import SPECTRAL, Scale
from asd_runtime.model.manifest import SPECTRAL_FILE, Manifest, NetworkFacts, Precision, inlier_file, network_file
from asd_runtime.model.onnx_check import check_network
from asd_runtime.model.reading import read_file
from asd_runtime.scoring.engine import EngineError, Network
from asd_runtime.scoring.network_scorer import NetworkScorer, SystemScorer
from asd_runtime.scoring.spectral_scorer import SpectralScorer, SpectralVectors

EMBEDDING = 512
"""Numbers of a network's embedding."""
_KINDS = {"knn": "MahalanobisKNN", "gmm": "GaussianMixtureInlier"}


def threads_of(threads: int | None) -> int:
    """The number of threads that a scorer uses: the one asked for, or as many as there are cores for this process.

    Raises:
        ValueError: a number below 1, or far beyond any machine's.
    """
    if threads is None:
        return len(os.sched_getaffinity(0))
    if not 1 <= threads <= 1024:
        raise ValueError(f"threads must be 1 to 1024, or None for all cores; got {threads}.")
    return threads


def load_detectors(
    folder: Path, manifest: Manifest, *, precision: Precision | Literal["auto"], threads: int
) -> tuple[str, SystemScorer | None, SpectralScorer | None]:
    """What computes, in words; the networks' scorer and the spectral statistics' one, where the model has them.

    Raises:
        ModelError: a file is missing, damaged, or not what it should be.
    """
    chosen = manifest.precision if precision == "auto" else precision
    if (chosen == "int8") != (manifest.precision == "int8") and manifest.networks:
        made = "Score in int8, or with the model that it was made from."
        other = f"Score in {manifest.precision}, or make one in int8: asd export MODEL --precision int8."
        raise EngineError(f"{folder}: its networks compute in {manifest.precision}, not in {chosen}. "
                          f"{made if manifest.precision == 'int8' else other}")  # fmt: skip
    networks = [
        _network_scorer(folder, manifest, number, facts, precision=chosen, threads=threads)
        for number, facts in enumerate(manifest.networks)
    ]
    description = networks[0].network.description if networks else f"no network, {counted(threads, 'thread')}"
    system = SystemScorer(manifest.front_end, networks, threads) if networks else None
    return description, system, _spectral_scorer(folder, manifest, threads)


def _network_scorer(
    folder: Path, manifest: Manifest, number: int, facts: NetworkFacts, *, precision: Precision, threads: int
) -> NetworkScorer:
    front_end, name = manifest.front_end, network_file(number)
    content, bands, frames = read_file(folder, name, manifest), front_end.log_mel.bands, front_end.frames
    try:
        check_network(content, bands=bands, frames=frames, flow=facts.flow, integers=manifest.precision == "int8")
    except ValueError as error:
        raise ModelError(folder / name, f"is not a network of a model: {error}") from error
    return NetworkScorer(
        network=Network.load(content, bands=bands, frames=frames, precision=precision, threads=threads),
        models={model: _inlier_model(folder, number, model, manifest) for model in facts.inlier_models},
        scales=facts.scores,
        threads=threads,
    )


def _spectral_scorer(folder: Path, manifest: Manifest, threads: int) -> SpectralScorer | None:
    front_end, facts = manifest.front_end, manifest.spectral
    if facts is None:
        return None
    dimensions = len(facts.statistics) * front_end.log_mel.bands
    model = _checked_model(folder, SPECTRAL_FILE, manifest, kind="MahalanobisKNN", dimensions=dimensions)
    scale = manifest.joined.detectors[SPECTRAL]
    scales = (*scale.shorter, Scale(scale.mean, scale.std))
    return SpectralScorer(
        SpectralVectors(front_end, facts, partial(front_end.spectrograms, threads=threads)), model, scales
    )


def _inlier_model(folder: Path, number: int, name: str, manifest: Manifest) -> InlierModel:
    kind = _KINDS[name.partition("-")[0]]
    return _checked_model(folder, inlier_file(number, name), manifest, kind=kind, dimensions=EMBEDDING)


def _checked_model(folder: Path, name: str, manifest: Manifest, *, kind: str, dimensions: int) -> InlierModel:
    path = folder / name
    try:
        model = InlierModel(read_file(folder, name, manifest))
    except ModelError:
        raise
    except ValueError as error:
        raise ModelError(path, f"is not an inlier model that can be scored ({error}).") from error
    if model.kind != kind or model.dimensions != dimensions:
        raise ModelError(path, f"is not a {kind} of {dimensions} numbers.")
    return model
