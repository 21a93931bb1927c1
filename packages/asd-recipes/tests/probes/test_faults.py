"""Probes: a fault is as strong as its level says, whatever the piece, and is drawn once for all levels."""

import numpy as np
import pytest
from numpy.typing import NDArray

from asd_features import LogMelSettings
from asd_recipes.probes.faults import FAULTS, Fault, probed

LOG_MEL = LogMelSettings()
RATE_HZ = 16_000
ROUNDING = 1e-3  # of float32, where the fault is 40 dB below the piece
ADDED = [fault for fault in FAULTS if fault.kind in ("tone", "noise", "clicks")]
OF_A_BAND = [fault for fault in FAULTS if fault.kind in ("missing band", "rise")]


def _piece(seed: int = 0) -> NDArray[np.float32]:
    return (0.05 + 0.1 * np.random.default_rng(seed).standard_normal(3 * RATE_HZ)).astype(np.float32)


def _changes(fault: Fault, piece: NDArray[np.float32], seed: int = 1) -> list[NDArray[np.float64]]:
    return [mixed.astype(np.float64) - piece for mixed in probed(piece, fault, LOG_MEL, seed=seed)]


def _rms(wave: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(np.square(wave))))


def _by_kind(fault: Fault) -> str:
    return fault.kind


def test_there_are_six_kinds_with_seven_rising_levels_each() -> None:
    assert len({fault.kind for fault in FAULTS}) == 6
    for fault in FAULTS:
        assert len(fault.levels_db) == 7, "else a kind with more levels would weigh more"
        assert list(fault.levels_db) == sorted(set(fault.levels_db))


@pytest.mark.parametrize("fault", ADDED, ids=_by_kind)
def test_what_is_added_has_its_level_relative_to_the_piece_about_its_mean(fault: Fault) -> None:
    piece = _piece()
    around_mean = piece.astype(np.float64) - piece.mean(dtype=np.float64)
    for level_db, change in zip(fault.levels_db, _changes(fault, piece), strict=True):
        assert _rms(change) / _rms(around_mean) == pytest.approx(10 ** (level_db / 20), rel=ROUNDING)


def test_modulation_has_its_depth() -> None:
    (fault,) = (fault for fault in FAULTS if fault.kind == "modulation")
    piece = np.tile(np.float32([0.5, -0.5]), 2 * RATE_HZ)
    for level_db, change in zip(fault.levels_db, _changes(fault, piece), strict=True):
        assert np.abs(change).max() / 0.5 == pytest.approx(10 ** (level_db / 20), rel=ROUNDING)


@pytest.mark.parametrize("fault", OF_A_BAND, ids=_by_kind)
def test_an_octave_falls_or_rises_by_the_level_and_the_rest_stays(fault: Fault) -> None:
    piece = _piece()
    before = np.abs(np.fft.rfft(piece.astype(np.float64)))
    sign = -1 if fault.kind == "missing band" else 1
    for level_db, mixed in zip(fault.levels_db, probed(piece, fault, LOG_MEL, seed=1), strict=True):
        gain_db = 20 * np.log10(np.abs(np.fft.rfft(mixed.astype(np.float64))) / before)
        changed = np.abs(gain_db - sign * level_db) < 0.1
        place = np.flatnonzero(changed & (before > 1))
        assert place[-1] / place[0] == pytest.approx(2, rel=0.01)
        untouched = before[np.abs(gain_db) < 0.1]
        assert len(untouched) + changed.sum() >= 0.99 * len(before)


@pytest.mark.parametrize("fault", FAULTS, ids=_by_kind)
def test_levels_of_one_piece_differ_in_strength_alone(fault: Fault) -> None:
    changes = _changes(fault, _piece())
    loudest = changes[-1] / _rms(changes[-1])
    for change in changes[2:]:
        assert np.dot(change / _rms(change), loudest) / len(loudest) == pytest.approx(1, abs=ROUNDING)
    levels = [_rms(change) for change in changes]
    assert levels == sorted(levels)


@pytest.mark.parametrize("fault", FAULTS, ids=_by_kind)
def test_a_seed_gives_the_same_bytes_and_another_seed_another_fault(fault: Fault) -> None:
    first, again, other = (list(probed(_piece(), fault, LOG_MEL, seed=seed)) for seed in (1, 1, 2))
    for one, same, different in zip(first, again, other, strict=True):
        assert one.tobytes() == same.tobytes()
        assert one.tobytes() != different.tobytes()


@pytest.mark.parametrize("fault", FAULTS, ids=_by_kind)
def test_16_bit_samples_and_floats_of_the_same_sound_get_the_same_fault_and_nothing_clips(fault: Fault) -> None:
    integers = np.random.default_rng(0).integers(-32768, 32768, 2 * RATE_HZ).astype(np.int16)
    floats = (integers / 32768).astype(np.float32)
    for one, same in zip(probed(integers, fault, LOG_MEL, seed=3), probed(floats, fault, LOG_MEL, seed=3), strict=True):
        np.testing.assert_array_equal(one, same)
        assert one.dtype == np.float32
    assert fault.kind not in ("tone", "clicks", "noise") or np.abs(one).max() > 1


@pytest.mark.parametrize("fault", FAULTS, ids=_by_kind)
def test_every_recipe_can_be_probed(fault: Fault) -> None:
    """Also one whose spectrograms show less than an octave, or begin at 0 Hz."""
    for low_hz, high_hz in ((0.0, 8000.0), (3000.0, 4000.0)):
        settings = LogMelSettings(low_hz=low_hz, high_hz=high_hz)
        assert all(np.isfinite(mixed).all() for mixed in probed(_piece(), fault, settings, seed=4))
