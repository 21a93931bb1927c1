"""Spectral statistics as a recipe asks for them, and the distance to normal ones."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from asd_features import WaveformStatistics
from asd_recipes.recipe.settings import Recipe, SpectralStatistics
from asd_recipes.waveforms.device_choice import Device
from asd_recipes.waveforms.device_log_mel import device_log_mel
from asd_runtime.model.manifest import SpectralFacts
from asd_runtime.scoring.spectral_scorer import SpectralVectors
from asd_runtime.sound.front_end import FrontEnd

if TYPE_CHECKING:
    from asd_inlier import MahalanobisKNN


def fitted_model(vectors: NDArray[np.float64], settings: SpectralStatistics) -> "MahalanobisKNN":
    """The distance to normal vectors (N, D), N at least 2; few vectors have fewer neighbours."""
    from asd_inlier import MahalanobisKNN  # imports scikit-learn, which takes a second

    density = min(settings.local_density, len(vectors) - 1)
    model = MahalanobisKNN(
        min(settings.neighbours, len(vectors)), standardise=settings.standardise, local_density=density or None
    )
    return model.fit(vectors)


def spectral_facts(settings: SpectralStatistics) -> SpectralFacts:
    """What frames are pooled to."""
    return SpectralFacts(settings.statistics, settings.rank_decay)  # type: ignore[arg-type]  # checked by the recipe


def spectral_vectors(recipe: Recipe, level: WaveformStatistics, device: Device) -> SpectralVectors:
    """What turns a machine's sound into vectors, on its machine's scale, with spectrograms computed on the device."""
    on_device = device_log_mel(recipe.log_mel, device)

    def log_mel(segments: NDArray[np.float32]) -> NDArray[np.float32]:
        spectrograms: NDArray[np.float32] = on_device(torch.from_numpy(segments).to(device.torch_device)).cpu().numpy()
        return spectrograms

    front_end = FrontEnd(recipe.audio, recipe.segments, recipe.log_mel, "machine", level, high_pass=None)
    return SpectralVectors(front_end, spectral_facts(recipe.spectral), log_mel)
