"""Measures what a flow sees: the setting `flow.input`.

It is measured anew before each epoch, because the encoder changes: a step that was measured once no longer whitens the
maps some epochs later. The maps are of random crops of the training clips of the target machine, in batches with as
many pseudo-anomalies, by the encoder as it is then, its batch normalisation in training mode. Mixup is left out. The
encoder itself does not change.
"""

import copy
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from asd_models import ChannelWhitening, OutlierExposureNet
from asd_models.outlier_exposure_net import EMBEDDING
from asd_recipes.training.balanced_sampler import epoch_batches
from asd_recipes.training.crops import TrainingCrops
from asd_recipes.waveforms.device_log_mel import DeviceLogMel

FlowInput = Literal["map", "scaled", "whitened"]
_PASSES = 2
"""Crops of each training clip. Few clips of a coarse map give hardly more positions than there are channels."""
_MOST_VECTORS = 50_000
"""Of more positions an even share is taken: a hundred for each channel are enough, and memory ends."""
_SHRINKAGE = 0.1
"""How far the variance of each channel is moved towards their mean: a channel may be 0 in almost all training clips."""


def blank_whitening(kind: FlowInput) -> ChannelWhitening | None:
    """The step before the flow that changes nothing yet, to be measured or loaded; None if there is none."""
    if kind == "map":
        return None
    return ChannelWhitening(
        torch.zeros(EMBEDDING), torch.eye(EMBEDDING) if kind == "whitened" else torch.ones(EMBEDDING)
    )


def measured_whitening(kind: Literal["scaled", "whitened"], vectors: NDArray[np.float32]) -> ChannelWhitening:
    """The step that gives the channels of these maps mean 0 and variance 1, and if `whitened` no correlation.

    Args:
        kind: a scale for each channel, or a matrix.
        vectors: (N, C) channels of the maps at all positions.
    """
    exact = vectors.astype(np.float64)
    mean = exact.mean(axis=0)
    exact -= mean
    weight = _scales(exact) if kind == "scaled" else _matrix(exact)
    return ChannelWhitening(torch.from_numpy(mean).float(), torch.from_numpy(weight).float())


def _scales(centred: NDArray[np.float64]) -> NDArray[np.float64]:
    variance = np.mean(centred**2, axis=0)
    shrunk = (1 - _SHRINKAGE) * variance + _SHRINKAGE * variance.mean()
    return 1 / np.sqrt(shrunk) if shrunk.any() else np.ones_like(variance)


def _matrix(centred: NDArray[np.float64]) -> NDArray[np.float64]:
    """The symmetric root of the inverse of the shrunk covariance (Ledoit and Wolf 2004).

    Of all matrices that whiten, it changes the channels least, so that a latent channel stays near one of the map.
    """
    from asd_inlier.shrunk_whitening import shrunk_whitening  # imports scikit-learn, which other trainings do not need
    from asd_inlier.single_thread import single_thread

    with single_thread():
        factor, _ = shrunk_whitening(centred)  # factor factor^T is that inverse
        axes, roots, _ = np.linalg.svd(factor)
        root: NDArray[np.float64] = (axes * roots) @ axes.T
    return root


@torch.no_grad()
def flow_vectors(
    model: OutlierExposureNet, machine: str, crops: TrainingCrops, log_mel: DeviceLogMel, *, seed: int
) -> NDArray[np.float32]:
    """(N, C) channels of the maps at all positions, by the network as it is.

    Args:
        model: its encoder makes the maps.
        machine: the target machine.
        crops: reads the clips.
        log_mel: makes their spectrograms.
        seed: decides crops and batches.
    """
    encoder = copy.deepcopy(model.encoder).train()  # batch normalisation notes what it sees
    rng = np.random.default_rng(seed)
    target, size = crops.data.training[machine], crops.recipe.training.batch_size
    others = {name: clips for name, clips in crops.data.training.items() if name != machine}
    found = []
    for _ in range(_PASSES):
        for batch in epoch_batches(target, others, batch_size=size, rng=rng):
            with crops.device.autocast():
                maps = encoder(log_mel(crops.read(batch, rng))[:, None]).map[: len(batch.target)]
            found.append(maps.float().permute(0, 2, 3, 1).reshape(-1, maps.shape[1]).cpu().numpy())
    vectors = np.concatenate(found)
    return vectors[:: -(-len(vectors) // _MOST_VECTORS)]
