"""Probes: six known faults, mixed into a normal piece at several levels.

A fault is a change of the piece that is added with a strength, and the level gives the strength. Frequency, rate and
noise are drawn once for a piece, so that its levels differ in nothing else. docs/few_recordings.md has the table of
kinds and levels; it was fixed before a real fault was scored.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_features import LogMelSettings
from asd_features.waveform_blocks import INT16_SCALE
from asd_runtime.model.joined_score import Kind

Float64Array = NDArray[np.float64]

_CLICK_S = 0.002
"""A click is a burst of noise that decays by a factor e in this time."""
_LOWEST_HZ = 20.0


@dataclass(frozen=True)
class _Piece:
    """Samples (T,) without their mean, and what a fault is drawn from."""

    wave: Float64Array
    log_mel: LogMelSettings
    rng: np.random.Generator

    def uniform_octaves(self, low: float, high: float) -> float:
        """A number from low to high, each octave as likely as the others."""
        return float(np.exp(self.rng.uniform(np.log(low), np.log(high))))

    def frequency_hz(self) -> float:
        """The middle of an octave that the spectrograms show."""
        lowest, highest = max(self.log_mel.low_hz, _LOWEST_HZ) * 2**0.5, self.log_mel.high_hz / 2**0.5
        return self.uniform_octaves(min(lowest, highest), highest)

    def time_s(self) -> Float64Array:
        return np.arange(len(self.wave)) / self.log_mel.sample_rate_hz

    def as_loud(self, change: Float64Array) -> Float64Array:
        """The change with the root mean square of the piece."""
        loud: Float64Array = change * np.sqrt(np.mean(self.wave**2) / np.mean(change**2))
        return loud

    def band_of(self, wave: Float64Array, octaves: float) -> Float64Array:
        """The part of a wave that lies in a band of so many octaves around a frequency that is drawn."""
        half = 2 ** (octaves / 2)
        middle_hz = self.frequency_hz()
        spectrum = np.fft.rfft(wave)
        hz = np.fft.rfftfreq(len(wave), 1 / self.log_mel.sample_rate_hz)
        spectrum[(hz < middle_hz / half) | (hz > middle_hz * half)] = 0
        return np.fft.irfft(spectrum, len(wave))


@dataclass(frozen=True)
class Fault:
    """A kind of probe.

    Attributes:
        levels_db: from faint to strong.
        change: what is added to a piece with strength 1.
        strength: at a level.
    """

    kind: Kind
    levels_db: tuple[float, ...]
    change: Callable[[_Piece], Float64Array]
    strength: Callable[[float], float]


def _ratio(level_db: float) -> float:
    return float(10 ** (level_db / 20))


def _tone(piece: _Piece) -> Float64Array:
    phase = piece.rng.uniform(0, 2 * np.pi)
    return piece.as_loud(np.sin(2 * np.pi * piece.frequency_hz() * piece.time_s() + phase))


def _noise(piece: _Piece) -> Float64Array:
    return piece.as_loud(piece.band_of(piece.rng.standard_normal(len(piece.wave)), 1 / 3))


def _clicks(piece: _Piece) -> Float64Array:
    rate_hz, samples = piece.uniform_octaves(1, 8), len(piece.wave)
    clicks, length_s = np.zeros(samples), samples / piece.log_mel.sample_rate_hz
    burst = np.exp(
        -np.arange(round(5 * _CLICK_S * piece.log_mel.sample_rate_hz)) / piece.log_mel.sample_rate_hz / _CLICK_S
    )
    for start in piece.rng.integers(samples, size=max(1, round(rate_hz * length_s))):
        part = clicks[start : start + len(burst)]
        part += burst[: len(part)] * piece.rng.standard_normal(len(part))
    return piece.as_loud(clicks)


def _modulation(piece: _Piece) -> Float64Array:
    rate_hz, phase = piece.uniform_octaves(1, 16), piece.rng.uniform(0, 2 * np.pi)
    return piece.wave * np.sin(2 * np.pi * rate_hz * piece.time_s() + phase)


def _octave(piece: _Piece) -> Float64Array:
    return piece.band_of(piece.wave, 1)


_OF_THE_PIECE = (-30.0, -24.0, -18.0, -12.0, -6.0, 0.0, 6.0)
_DEPTHS = (-36.0, -30.0, -24.0, -18.0, -12.0, -6.0, 0.0)
_OF_A_BAND = (1.5, 3.0, 6.0, 9.0, 12.0, 18.0, 24.0)

FAULTS = (
    Fault("tone", _OF_THE_PIECE, _tone, _ratio),
    Fault("noise", _OF_THE_PIECE, _noise, _ratio),
    Fault("clicks", _OF_THE_PIECE, _clicks, _ratio),
    Fault("modulation", _DEPTHS, _modulation, _ratio),
    Fault("missing band", _OF_A_BAND, _octave, lambda fall_db: _ratio(-fall_db) - 1),
    Fault("rise", _OF_A_BAND, _octave, lambda rise_db: _ratio(rise_db) - 1),
)
"""Levels of the first three: root mean square of what is added, relative to the piece's. Of the modulation: its depth.
Of the last two: by how much an octave falls or rises."""


def probed(
    wave: NDArray[np.int16] | NDArray[np.float32], fault: Fault, log_mel: LogMelSettings, *, seed: int
) -> Iterator[NDArray[np.float32]]:
    """A piece (T,) with a fault, at each of the fault's levels: (T,) float32, on the scale where int16 is [-1, 1)."""
    normal = wave.astype(np.float64) / (INT16_SCALE if wave.dtype == np.int16 else 1)
    change = fault.change(_Piece(normal - normal.mean(), log_mel, np.random.default_rng(seed)))
    for level_db in fault.levels_db:
        yield (normal + fault.strength(level_db) * change).astype(np.float32)
