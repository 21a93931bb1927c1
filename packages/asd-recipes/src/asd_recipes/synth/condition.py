"""The running condition of one clip: the machine's attributes, its fault if any, and its random generators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_recipes.dataset.dcase2023_facts import SAMPLE_RATE_HZ
from asd_recipes.recipe.seeding import keyed_generator

Float32Array = NDArray[np.float32]
Float64Array = NDArray[np.float64]


@dataclass(frozen=True)
class Condition:
    """What a machine model needs to render one clip.

    Attributes:
        seed: seed of the data set; it also fixes the individual machine (its resonances, its worn spots).
        attributes: (item, value) pairs in the order of the file name.
        fault: name of the fault, or None for a normal clip.
        severity: 0 (normal) or in SEVERITY (anomalous).
        samples: T, clip length at 16 kHz.
        rng: the clip's own generator.
    """

    seed: int
    machine: str
    attributes: tuple[tuple[str, str], ...]
    fault: str | None
    severity: float
    samples: int
    rng: np.random.Generator

    def value(self, item: str) -> str:
        return dict(self.attributes)[item]

    def unit(self, *names: str) -> np.random.Generator:
        """A generator that is the same for all clips of this individual machine (or of its part, model or session)."""
        return keyed_generator(self.seed, "unit", self.machine, *names)

    def fault_gain(self, fault: str, *, faint_db: float, strong_db: float) -> float:
        """Linear amplitude of a fault's sound relative to the healthy machine's: 0 unless this clip has the fault.

        Severity 0 corresponds to faint_db and severity 1 to strong_db, linear in decibels in between.
        """
        if self.fault != fault:
            return 0.0
        return float(10.0 ** ((faint_db + (strong_db - faint_db) * self.severity) / 20.0))

    def degree(self, fault: str) -> float:
        """Severity if this clip has the fault, else 0: for faults that change a depth, a rate or a probability."""
        return self.severity if self.fault == fault else 0.0


@dataclass(frozen=True)
class MachineModel:
    """One machine type of the data set.

    Attributes:
        faults: names that `render` knows; each anomalous clip has one.
        background_db: RMS of the background alone, dB re full scale (set from the real data set's clips).
        snr_db: range of machine over background for the machine at its reference speed and load.
        microphone_item: attribute item that says where or which the microphone was, or None.
        session_depth_db: how much the background's spectrum differs between recording sessions (standard deviation).
        render: the machine's sound, (T,) float32; healthy at its reference condition it has RMS 1.
        loudness: RMS of the healthy machine at this condition relative to the reference condition.
    """

    machine: str
    faults: tuple[str, ...]
    background_db: float
    snr_db: tuple[float, float]
    render: Callable[[Condition], Float32Array]
    loudness: Callable[[Condition], float]
    microphone_item: str | None = None
    session_depth_db: float = 0.8


def root_mean_square(wave: Float32Array) -> float:
    """RMS by NumPy's pairwise sum: exact to 1e-6 in float32 and, unlike BLAS, the same for any number of threads."""
    return float(np.sqrt(np.mean(wave * wave)))


def unit_rms(wave: Float32Array) -> Float32Array:
    """The wave scaled to RMS 1 (silence stays silence)."""
    rms = root_mean_square(wave)
    return wave if rms == 0.0 else wave * np.float32(1.0 / rms)


def seconds(count: float) -> int:
    return round(count * SAMPLE_RATE_HZ)
