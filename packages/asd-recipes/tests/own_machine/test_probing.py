"""The network hears a piece with a probe from its first second to its last."""

import numpy as np
import pytest
from numpy.typing import NDArray

from asd_features import LogMelSettings, SegmentSettings, WaveformStatistics
from asd_inlier import MahalanobisKNN
from asd_recipes.own_machine.probing import NetworkHearing, Probing
from asd_recipes.reproduction.run_store import RunError
from asd_runtime.model.joined_score import Scale
from asd_runtime.scoring.network_scorer import SystemScorer
from asd_runtime.sound.audio import Audio
from asd_runtime.sound.front_end import FrontEnd

RATE_HZ = 16_000
FRONT_END = FrontEnd(
    audio=Audio(),
    segments=SegmentSettings(length_s=2.0),
    log_mel=LogMelSettings(bands=16),
    standardise="segment",
    level=WaveformStatistics(0.0, 0.1),
    high_pass=None,
)


class _Spectrum:
    """In the network's place: the mean spectrum of each segment, and its distance to normal ones."""

    def __init__(self, normal: NDArray[np.float32]) -> None:
        self._model = MahalanobisKNN().fit(self._spectra(normal))
        self.scales = {"knn-1-source": Scale(0.5, 0.5)}

    def of_segments(self, log_mel: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
        return {"knn-1-source": self._model.anomaly_score(log_mel.mean(-1))}

    @staticmethod
    def _spectra(wave: NDArray[np.float32]) -> NDArray[np.float32]:
        mean: NDArray[np.float32] = FRONT_END.spectrograms(FRONT_END.cut(wave), threads=1).mean(-1)
        return mean


def _noise(seconds: float, seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0, 0.1, round(RATE_HZ * seconds)).astype(np.float32)


def _hearing() -> NetworkHearing:
    return NetworkHearing(SystemScorer(FRONT_END, [_Spectrum(_noise(20.0, 1))]))


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


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_a_score_that_is_not_finite_ends_the_fit_with_a_reason(value: float) -> None:
    probing = Probing(None, None, None, {"oe": lambda waves: np.array([1.0, value])})  # type: ignore[arg-type]  # not read
    with pytest.raises(RunError, match="by oe is infinite or no number"):
        probing._scores([[], []], lambda more: None)
