"""What the tests of asd-features share: the tolerances, each with its reason, and the folder of real recordings."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Tolerances:
    """All tolerances of these tests."""

    # Two float64 routes to the same spectrogram differ by rounding of the transform, and the result is float32 (6e-8).
    same_arithmetic: float = 1e-6
    # The project's goal: relative agreement with librosa and of torch with NumPy. Torch is float32: it sums 2,048
    # products of rounding 6e-8 each, measured 2.5e-6 on noise and 3.2e-5 on real clips, whose bands differ more.
    spectrogram: float = 1e-4
    # A float32 transform is exact to about 1e-7 of its loudest bin, whatever is in the quiet ones.
    of_the_loudest_bin: float = 1e-6
    # 20 log10 c is added in float32 to values up to 140 dB: half a unit in the last place is 8e-6 dB.
    decibels: float = 2e-5
    # The native kernel's goal. Measured 8e-6 on real clips, 1.4e-5 beside a pure tone: its sums and decibels are
    # float32, whose unit in the last place at 140 dB is 1.5e-5.
    exact_decibels: float = 1e-4
    # Sums of float64 in another order.
    float64: float = 1e-12
    # Waveforms scaled by c in float32 keep 24 bits, and the power squares them.
    scaled_power: float = 1e-6
    # Weight that a tone burst may leave in segments of digital silence: the filter's ringing next to it.
    silence: float = 1e-6


@pytest.fixture(scope="session")
def tolerances() -> Tolerances:
    return Tolerances()


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder `data` of real recordings, or a skip."""
    project = Path(__file__).resolve().parents[3]
    shared = Path(os.environ.get("ASD_SHARED", project.parent / "shared"))
    folder = shared / "data"
    if not folder.is_dir():
        pytest.skip(f"no real recordings at {folder}: set ASD_SHARED to the folder that holds data/")
    return folder
