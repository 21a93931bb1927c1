"""The network hears a piece with a probe from its first second to its last."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from asd_eval import ScoreEnsemble
from asd_features import WaveformStatistics
from asd_inlier import MahalanobisKNN
from asd_recipes.own_machine.probing import NetworkHearing
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.scoring.embedding import ClipEmbedder
from asd_recipes.waveforms.device_choice import Device

RATE_HZ = 16_000
RECIPE = load_recipe("own", settings=["log_mel.bands=16"])


def _spectrum(log_mel: torch.Tensor) -> Any:
    """In the network's place: the mean spectrum of each segment."""
    return SimpleNamespace(embedding=log_mel.mean(-1).flatten(1))


def _noise(seconds: float, seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0, 0.1, round(RATE_HZ * seconds)).astype(np.float32)


def _hearing() -> NetworkHearing:
    device = Device("cpu", "float32", "1 thread")
    embedder = ClipEmbedder.of(_spectrum, RECIPE, WaveformStatistics(0.0, 0.1), device)  # type: ignore[arg-type]
    normal = embedder.embed([_noise(20.0, 1)], lambda steps: None).vectors
    return NetworkHearing(
        RECIPE, embedder, ScoreEnsemble.fit({"knn": np.array([0.0, 1.0])}), {"knn": MahalanobisKNN().fit(normal)}
    )


@pytest.mark.parametrize("seconds", [2.0, 3.0, 4.0, 5.5])
def test_a_fault_in_any_half_second_changes_a_probe_s_score(seconds: float) -> None:
    hearing, wave = _hearing(), _noise(seconds, 2)
    (healthy,) = hearing.scores([wave])
    for start in range(0, len(wave), RATE_HZ // 2):
        faulty = wave.copy()
        faulty[start : start + RATE_HZ // 2] += np.sin(np.arange(RATE_HZ // 2)).astype(np.float32)
        assert hearing.scores([faulty])[0] > healthy, f"a fault from {start / RATE_HZ} s on"


def test_a_piece_s_score_does_not_depend_on_the_other_pieces() -> None:
    hearing, waves = _hearing(), [_noise(3.0, 3), _noise(4.0, 4)]
    together = hearing.scores(waves)
    assert together == pytest.approx([hearing.scores([wave])[0] for wave in waves], rel=1e-6)
