"""Loads a model's folder as a scorer of recordings; imports torch.

The native core reads and scores the inlier models; it agrees with asd-inlier to 1e-4. Importing scikit-learn and FAISS
would take longer than everything else here.
"""

import math
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load

from asd_eval import ScoreEnsemble, ZScoreStandardiser
from asd_features import WaveformStatistics
from asd_models import OutlierExposureNet
from asd_models.outlier_exposure_net import EMBEDDING
from asd_native import InlierModel
from asd_recipes.bundle.errors import BundleError
from asd_recipes.bundle.manifest import NETWORK, NORMAL, SPECTRAL_FILE, Manifest, inlier_file
from asd_recipes.bundle.reading import read_file, read_manifest
from asd_recipes.counted import counted
from asd_recipes.probes.joined_score import OE, SPECTRAL, Scale
from asd_recipes.scoring.clip_scorer import ClipScorer, NetworkScorer
from asd_recipes.scoring.embedding import ClipEmbedder
from asd_recipes.scoring.spectral_scorer import SpectralScorer, SpectralVectors
from asd_recipes.waveforms.device_choice import Device, choose_device, threads_here


def load_bundle(folder: Path, *, device: str = "auto", manifest: Manifest | None = None) -> ClipScorer:
    """The scorer of a model.

    Args:
        folder: a model of `asd fit`.
        device: auto, cpu or cuda. Precision and threads are those of the training, so that processors of one kind
            give the same scores to the last bit. Only where the training had more threads than this machine may use
            (its cores, or eight) may the last bits differ.
        manifest: the folder's manifest, if it is already read.

    Raises:
        BundleError: not a model, or a damaged, altered or newer one.
        DeviceError: the device is not available.
    """
    manifest = read_manifest(folder) if manifest is None else manifest
    recipe = manifest.recipe
    chosen = choose_device(device, recipe.training.precision, threads=threads_here(recipe.threads))
    level = WaveformStatistics(manifest.level.mean, manifest.level.std)
    return ClipScorer(
        recipe=recipe,
        machine=manifest.machine,
        networks=[_network_scorer(folder, manifest, level, chosen)] if OE in manifest.detectors else [],
        synthetic=manifest.synthetic,
        stretch_s=manifest.threshold.stretch_s,
        threshold=manifest.threshold.value,
        spectral=_spectral_scorer(folder, manifest, level, chosen) if SPECTRAL in manifest.detectors else None,
        joined=manifest.joined,
    )


def _network_scorer(folder: Path, manifest: Manifest, level: WaveformStatistics, device: Device) -> NetworkScorer:
    network = _network(folder, manifest).to(device.torch_device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return NetworkScorer(
        recipe=manifest.recipe,
        machine=NORMAL,
        embedder=ClipEmbedder.of(network.eval(), manifest.recipe, level, device),
        models={name: _inlier_model(folder, name, manifest) for name in manifest.scores},
        ensemble=ScoreEnsemble({name: _standardiser(scores) for name, scores in manifest.scores.items()}),
    )


def _spectral_scorer(folder: Path, manifest: Manifest, level: WaveformStatistics, device: Device) -> SpectralScorer:
    dimensions = len(manifest.recipe.spectral.statistics) * manifest.recipe.log_mel.bands
    model = _checked_model(folder, SPECTRAL_FILE, manifest, kind="MahalanobisKNN", dimensions=dimensions)
    scale = manifest.joined.detectors[SPECTRAL]  # type: ignore[union-attr]  # only a joined model has it
    scales = (*scale.shorter, Scale(scale.mean, scale.std))
    return SpectralScorer(SpectralVectors(manifest.recipe, level, device), model, scales)


def _network(folder: Path, manifest: Manifest) -> OutlierExposureNet:
    path = folder / NETWORK
    try:
        tensors = load(read_file(folder, NETWORK, manifest))
    except SafetensorError as error:
        raise BundleError(path, f"is not a whole safetensors file ({error}).") from error
    head = tensors.get("attribute_head.weight")
    classes = head.shape[0] if head is not None and head.dim() else 0
    if classes != len(manifest.training.attributes):
        raise BundleError(path, f"has {counted(classes, 'attribute value')}; its manifest lists another number.")
    with torch.device("meta"):  # drawing random weights takes longer than reading the real ones
        network = OutlierExposureNet(classes)
    expected = {name: (tensor.dtype, tensor.shape) for name, tensor in network.state_dict().items()}
    if {name: (tensor.dtype, tensor.shape) for name, tensor in tensors.items()} != expected:
        raise BundleError(path, "is not the network of this system: names, shapes or types of its weights differ.")
    for name, tensor in tensors.items():
        least, largest = (extreme.item() for extreme in tensor.aminmax())  # NaN is both, and nothing is copied
        if not math.isfinite(least + largest) or (name.endswith("running_var") and least < 0):
            raise BundleError(path, f"{name} holds NaN, infinity, or a negative variance.")
    network.load_state_dict(tensors, assign=True)
    return network


def _inlier_model(folder: Path, name: str, manifest: Manifest) -> InlierModel:
    kind = {"knn": "MahalanobisKNN", "gmm": "GaussianMixtureInlier"}[name.partition("-")[0]]
    return _checked_model(folder, inlier_file(name), manifest, kind=kind, dimensions=EMBEDDING)


def _checked_model(folder: Path, name: str, manifest: Manifest, *, kind: str, dimensions: int) -> InlierModel:
    path = folder / name
    try:
        model = InlierModel(read_file(folder, name, manifest))
    except BundleError:
        raise
    except ValueError as error:
        raise BundleError(path, f"is not an inlier model that can be scored ({error}).") from error
    if model.kind != kind or model.dimensions != dimensions:
        raise BundleError(path, f"is not a {kind} of {dimensions} numbers.")
    return model


def _standardiser(scores: Scale) -> ZScoreStandardiser:
    standardiser = ZScoreStandardiser()
    standardiser.mean_, standardiser.std_ = scores.mean, scores.std
    return standardiser
