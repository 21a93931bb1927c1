"""The front end of a model: from samples to what its network hears, and the weight of each segment."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_features import HighPassSettings, LogMelSettings, SegmentSettings, WaveformStatistics, log_mel, power_weights
from asd_runtime.sound.audio import Audio
from asd_runtime.sound.samples import Samples
from asd_runtime.sound.segment_batches import segment_batches
from asd_runtime.sound.standardised_segments import Standardise

Float32Array = NDArray[np.float32]


@dataclass(frozen=True)
class FrontEnd:
    """All settings of a model's front end.

    Attributes:
        level: mean and standard deviation of all training samples; full scale is 1.
        high_pass: the filter behind the weights of segments (Fujimura 2023, Sec. 3.2); None: all weigh alike.
    """

    audio: Audio
    segments: SegmentSettings
    log_mel: LogMelSettings
    standardise: Standardise
    level: WaveformStatistics
    high_pass: HighPassSettings | None

    @property
    def frames(self) -> int:
        """Frames of a segment's spectrogram."""
        return self.log_mel.frames(self.segments.length_samples)

    def batches(self, wave: Samples) -> Iterator[Float32Array]:
        """The standardised segments of a recording (T,), in order, (S, L) at a time.

        Raises:
            UnscorableError: a standardised sample exceeds the range of float32.
        """
        return segment_batches(wave, self.segments, self.standardise, self.level)

    def cut(self, wave: Samples) -> Float32Array:
        """All standardised segments of a recording (T,): (S, L)."""
        return np.concatenate(list(self.batches(wave)))

    def spectrograms(self, segments: Float32Array, *, threads: int) -> Float32Array:
        """(S, M, F) of standardised segments (S, L), computed in float64; the result does not depend on threads."""
        return log_mel(segments, self.log_mel, threads=threads)

    def weights(self, wave: Samples, *, bins: int = 1) -> NDArray[np.float64] | None:
        """(S * bins,) weights of segments, or of their time bins, by power; None if all weigh alike."""
        if self.high_pass is None:
            return None
        return power_weights(wave, self.segments, bins=bins, high_pass=self.high_pass).reshape(-1)
