"""Laws of the pooled statistics."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asd_features import log_mel, spectral_statistics
from asd_features.spectral_statistics import STATISTICS

RNG = np.random.default_rng(12)


def _slow(frames: np.ndarray, rank_decay: float) -> list[float]:
    """All four statistics of one band (F,), number by number."""
    values = [float(value) for value in frames]
    mean = sum(values) / len(values)
    std = (sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5
    steps = [abs(later - earlier) for earlier, later in pairwise(values)]
    difference = sum(steps) / len(steps) if steps else 0.0
    weights = [rank_decay**rank for rank in range(len(values))]
    ranked = sum(w * v for w, v in zip(weights, sorted(values, reverse=True), strict=True)) / sum(weights)
    return [mean, std, difference, ranked]


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    bands=st.integers(1, 5),
    frames=st.integers(1, 40),
    rank_decay=st.floats(0, 1),
)
def test_equals_the_slow_reference(seed: int, bands: int, frames: int, rank_decay: float) -> None:
    spectrogram = np.random.default_rng(seed).normal(-40, 20, (bands, frames))
    found = spectral_statistics(spectrogram, STATISTICS, rank_decay=rank_decay).reshape(4, bands)
    expected = np.array([_slow(band, rank_decay) for band in spectrogram]).T
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)


def test_a_spectrogram_does_not_depend_on_its_company_to_the_bit() -> None:
    many = RNG.normal(-40, 20, (3, 4, 24, 57)).astype(np.float32)
    pooled = spectral_statistics(many, STATISTICS)
    assert pooled.shape == (3, 4, 4 * 24)
    for index in np.ndindex(3, 4):
        np.testing.assert_array_equal(pooled[index], spectral_statistics(many[index].copy(), STATISTICS))


def test_a_gain_moves_the_mean_by_its_decibels_and_nothing_else() -> None:
    wave = RNG.normal(0, 0.05, 16_000).astype(np.float32)
    quiet, loud = (spectral_statistics(log_mel(gain * wave)) for gain in (1.0, 10.0))
    bands = len(quiet) // 3
    np.testing.assert_allclose(loud[:bands] - quiet[:bands], 20.0, atol=1e-3)
    np.testing.assert_allclose(loud[bands:], quiet[bands:], atol=1e-3)


def test_the_order_of_frames_matters_to_the_difference_alone() -> None:
    spectrogram = RNG.normal(-40, 20, (8, 50))
    before = spectral_statistics(spectrogram, STATISTICS).reshape(4, 8)
    after = spectral_statistics(RNG.permutation(spectrogram, axis=1), STATISTICS).reshape(4, 8)
    np.testing.assert_allclose(after[[0, 1, 3]], before[[0, 1, 3]], rtol=1e-12)
    assert (np.abs(after[2] - before[2]) > 1e-3).all()


def test_rank_pooling_goes_from_the_loudest_frame_to_the_mean() -> None:
    spectrogram = RNG.normal(-40, 20, (8, 50))
    np.testing.assert_allclose(spectral_statistics(spectrogram, ["rank"], rank_decay=0), spectrogram.max(axis=1))
    np.testing.assert_allclose(spectral_statistics(spectrogram, ["rank"], rank_decay=1), spectrogram.mean(axis=1))


@pytest.mark.parametrize(
    ("log_mel", "statistics", "rank_decay", "rule"),
    [
        (np.zeros(5), ["mean"], 0.5, r"\(\.\.\., M, F\)"),
        (np.zeros((5, 0)), ["mean"], 0.5, "at least one band and one frame"),
        (np.full((2, 3), np.nan), ["mean"], 0.5, "finite"),
        (np.zeros((2, 3)), [], 0.5, "each once"),
        (np.zeros((2, 3)), ["mean", "mean"], 0.5, "each once"),
        (np.zeros((2, 3)), ["median"], 0.5, "each once"),
        (np.zeros((2, 3)), ["rank"], 1.5, "rank_decay"),
    ],
)
def test_bad_input_names_the_rule(log_mel: np.ndarray, statistics: list[str], rank_decay: float, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        spectral_statistics(log_mel, statistics, rank_decay=rank_decay)


def test_integers_are_refused() -> None:
    with pytest.raises(TypeError, match="float32 or float64"):
        spectral_statistics(np.zeros((2, 3), np.int16))
