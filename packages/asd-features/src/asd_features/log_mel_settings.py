"""The settings of a log-mel spectrogram: the paper's by default; those of the official baseline by name.

Fujimura 2023, Sec. 4.2 gives window, hop, bands and edges. What the paper leaves open is also a field, so that it can
be varied.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from asd_features.sample_rate import check_sample_rate_hz

_FLOAT32_EPSILON = 2.0**-23
_FLOAT64_EPSILON = 2.0**-52


@dataclass(frozen=True, kw_only=True)
class LogMelSettings:
    """How to compute a log-mel spectrogram.

    Attributes:
        sample_rate_hz: rate of the waveform.
        window_s: length of the periodic Hann window, and of the transform.
        hop_s: distance between frames.
        bands: number of mel bands M.
        low_hz: lower edge of the lowest band.
        high_hz: upper edge of the highest band.
        mel_scale: "htk" (O'Shaughnessy's formula) or "slaney" (linear up to 1 kHz).
        area_norm: whether each band's triangle is divided by half its width in hertz (Slaney); otherwise it peaks at 1.
        power: 1.0 sums magnitudes, 2.0 sums powers.
        normalise_window: whether the spectrum is divided by sqrt(sum(window^2)).
        log: decibels, 20 log10 of magnitudes or 10 log10 of powers; False leaves the sums as they are.
        floor: smaller values are raised to it before the logarithm.
        padding: how the clip is continued for the frames at its ends: by its reflection, or by zeros.
    """

    sample_rate_hz: int = 16000
    window_s: float = 0.128
    hop_s: float = 0.016
    bands: int = 224
    low_hz: float = 50.0
    high_hz: float = 7800.0
    mel_scale: Literal["htk", "slaney"] = "htk"
    area_norm: bool = False
    power: float = 1.0
    normalise_window: bool = True
    log: bool = True
    floor: float = _FLOAT32_EPSILON
    padding: Literal["reflect", "zero"] = "reflect"

    def __post_init__(self) -> None:
        check_sample_rate_hz(self.sample_rate_hz)
        for name in ("window_s", "hop_s"):
            value = getattr(self, name)
            if not (math.isfinite(value) and round(value * self.sample_rate_hz) >= 1):
                raise ValueError(f"{name} must be at least one sample at {self.sample_rate_hz} Hz; got {value} s.")
        if self.window_samples % 2:
            raise ValueError(
                f"window_s must be an even number of samples, so that frames are centred; got {self.window_s} s = "
                f"{self.window_samples} samples. Try {(self.window_samples + 1) / self.sample_rate_hz} s."
            )
        if self.bands < 1:
            raise ValueError(f"bands must be at least 1; got {self.bands}.")
        if not 0 <= self.low_hz < self.high_hz <= self.sample_rate_hz / 2:
            raise ValueError(
                f"low_hz and high_hz must satisfy 0 <= low_hz < high_hz <= {self.sample_rate_hz / 2} (half the sample "
                f"rate); got {self.low_hz} and {self.high_hz}."
            )
        if self.mel_scale not in ("htk", "slaney"):
            raise ValueError(f'mel_scale must be "htk" or "slaney"; got {self.mel_scale!r}.')
        if self.power not in (1.0, 2.0):
            raise ValueError(f"power must be 1.0 (magnitudes) or 2.0 (powers); got {self.power}.")
        if not (self.floor > 0 and math.isfinite(self.floor)):
            raise ValueError(f"floor must be positive and finite; got {self.floor}. For no logarithm pass log=False.")
        if self.padding not in ("reflect", "zero"):
            raise ValueError(f'padding must be "reflect" or "zero"; got {self.padding!r}.')

    @classmethod
    def dcase_baseline(cls) -> LogMelSettings:
        """The settings of the official DCASE 2023 baseline, for 16 kHz.

        The baseline calls `librosa.feature.melspectrogram(n_fft=1024, hop_length=512, n_mels=128, power=2.0)`, whose
        ends are padded with zeros since librosa 0.9, and takes 10 log10 above the epsilon of float64.
        """
        return cls(
            window_s=0.064, hop_s=0.032, bands=128, low_hz=0.0, high_hz=8000.0, mel_scale="slaney", area_norm=True,
            power=2.0, normalise_window=False, floor=_FLOAT64_EPSILON, padding="zero",
        )  # fmt: skip

    @property
    def window_samples(self) -> int:
        """Length of window and transform."""
        return round(self.window_s * self.sample_rate_hz)

    @property
    def hop_samples(self) -> int:
        """Distance between frames."""
        return round(self.hop_s * self.sample_rate_hz)

    @property
    def decibels_per_decade(self) -> float:
        """Factor before log10: 20 for magnitudes, 10 for powers."""
        return 20.0 / self.power

    def frames(self, samples: int) -> int:
        """Number of frames F = 1 + T // hop of a waveform of T samples.

        Raises:
            ValueError: if T is at most half a window.
        """
        if samples <= self.window_samples // 2:  # so that each frame contains some of the clip
            raise ValueError(
                f"wave must have more than half a window, {self.window_samples // 2} samples; got {samples}. "
                "Repeat or pad the clip, or choose a smaller window_s."
            )
        return 1 + samples // self.hop_samples
