"""Scores stretches of a recording by spectral statistics: a vector for each stretch, its distance to normal ones.

Frames of all audible segments of a stretch are pooled into one vector, as long ones as those that the detector learnt
from. The level of a stretch counts as it does for the network: `FrontEnd.standardise` = "machine" keeps it, otherwise
it is taken away. The score of a recording is the mean over its stretches.

The fewer frames are pooled, the further out even a normal vector lies. So a model knows the scale of normal scores for
each number of hops up to a stretch (`SpectralScorer.scales`), and the score of what is shorter, because the recording
is or because of a gap, is brought from its own scale to that of a whole stretch.

Where to listen: each segment gets the score of the frames that lie in it. These scores only compare the segments of one
stretch.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from asd_features import WaveformStatistics, spectral_statistics
from asd_runtime.model.joined_score import Scale
from asd_runtime.model.manifest import SpectralFacts
from asd_runtime.sound.front_end import FrontEnd
from asd_runtime.sound.hops import whole_hops
from asd_runtime.sound.samples import Samples
from asd_runtime.sound.standardised_segments import Standardise, level_of, one_segment, standardised_segments

Float32Array = NDArray[np.float32]
Float64Array = NDArray[np.float64]
LogMel = Callable[[Float32Array], Float32Array]
"""Spectrograms (S, M, F) of standardised parts (S, T)."""


class Distance(Protocol):
    """How far vectors lie from normal ones."""

    def anomaly_score(self, queries: Float64Array, /) -> Float64Array:
        """(N,) of vectors (N, D)."""
        ...


@dataclass(frozen=True)
class SpectralVectors:
    """What turns sound into a vector."""

    front_end: FrontEnd
    statistics: SpectralFacts
    log_mel: LogMel

    def of_segments(self, segments: Float32Array) -> Float64Array:
        """(S, D) of standardised segments (S, T)."""
        return self.pooled(self.log_mel(segments))

    def of_piece(self, wave: Samples) -> Float64Array:
        """(D,) of a piece (T,), which is scored as one stretch."""
        return self.pooled(self.frames([wave], self.rule(wave)))

    def of_beginnings(self, wave: Samples, lengths: Sequence[int]) -> list[Float64Array]:
        """(D,) of the first samples of a piece (T,), for each length, but for the last frame as `of_piece` of these.

        The spectrogram is computed once; the level of a beginning is taken away by its own rule.
        """
        frames = self.frames([wave], self.rule(wave))
        hop = self.front_end.log_mel.hop_samples
        deviation = float(wave.std(dtype=np.float64))
        return [self.pooled(self._louder(frames[:, : 1 + n // hop], self._gain(wave, deviation, n))) for n in lengths]

    def _gain(self, wave: Samples, whole: float, samples: int) -> float:
        """What brings a beginning to deviation 1 in a piece standardised by its own, `whole`; 1 if it is silent."""
        if self.front_end.standardise == "machine":
            return 1.0
        beginning = float(wave[:samples].std(dtype=np.float64))
        return whole / beginning if beginning > 0 else 1.0

    def _louder(self, frames: Float32Array, gain: float) -> Float32Array:
        settings = self.front_end.log_mel
        louder: Float32Array = (
            frames + np.float32(20 * math.log10(gain)) if settings.log else frames * np.float32(gain**settings.power)
        )
        return louder

    def rule(self, wave: Samples) -> tuple[Standardise, WaveformStatistics]:
        """What removes the level from parts of a recording (T,)."""
        by = self.front_end.standardise
        return ("machine", level_of(wave, "clip", self.front_end.level)) if by == "clip" else (by, self.front_end.level)

    def frames(self, parts: Sequence[Samples], rule: tuple[Standardise, WaveformStatistics]) -> Float32Array:
        """(M, F) frames of parts (T,), one after the other."""
        spectrograms = []
        for part in parts:
            cut = standardised_segments(part, one_segment(part, self.front_end.segments), *rule)
            spectrograms.append(self.log_mel(cut(part))[0])
        return np.concatenate(spectrograms, axis=1)

    def pooled(self, frames: Float32Array) -> Float64Array:
        """(..., D) of spectrograms (..., M, F)."""
        facts = self.statistics
        return spectral_statistics(frames, facts.statistics, rank_decay=facts.rank_decay)


@dataclass(frozen=True)
class SpectralScorer:
    """The spectral statistics of a model, ready to score.

    Attributes:
        scales: of normal scores of one hop, two hops, ... up to a whole stretch; empty: all scores stay as they are.
    """

    vectors: SpectralVectors
    model: Distance
    scales: tuple[Scale, ...] = ()

    def score_pieces(self, waves: Sequence[Samples]) -> Float64Array:
        """(N,) scores of pieces that are one stretch each."""
        return self.model.anomaly_score(np.stack([self.vectors.of_piece(wave) for wave in waves]))

    def score_segments(self, log_mel: Float32Array) -> Float64Array:
        """(S,) scores of segments that are a recording each, on the scale of a whole stretch.

        Args:
            log_mel: (S, M, F) of the segments, standardised by their own level or the machine's.
        """
        length = self.vectors.front_end.segments.length_samples
        return self._as_whole(self.model.anomaly_score(self.vectors.pooled(log_mel)), length)

    def score_stretch(
        self, wave: Samples, starts: NDArray[np.int64], rule: tuple[Standardise, WaveformStatistics]
    ) -> tuple[float, Float64Array]:
        """The score of a stretch, and those of its segments (S,), on the scale of a whole stretch.

        Args:
            wave: the recording (T,).
            starts: (S,) first samples of the audible segments of the stretch, in order.
            rule: of the recording.
        """
        log_mel, length = self.vectors.front_end.log_mel, self.vectors.front_end.segments.length_samples
        vectors = []
        runs = np.split(starts, np.flatnonzero(np.diff(starts) > length) + 1)  # a gap ends a run
        parts = [wave[run[0] : run[-1] + length] for run in runs]
        spectrograms = [self.vectors.frames([part], rule) for part in parts]
        for run, frames in zip(runs, spectrograms, strict=True):
            for start in run - run[0]:
                first = min(start // log_mel.hop_samples, frames.shape[1] - 1)
                end = max(first + 1, (start + length) // log_mel.hop_samples)
                vectors.append(self.vectors.pooled(frames[:, first:end]))
        vectors.append(self.vectors.pooled(np.concatenate(spectrograms, axis=1)))
        scores = self.model.anomaly_score(np.stack(vectors))
        heard = sum(map(len, parts))
        return float(self._as_whole(scores[-1:], heard)[0]), self._as_whole(scores[:-1], length)

    def _as_whole(self, scores: Float64Array, samples: int) -> Float64Array:
        """Scores of so many samples, brought to the scale of a whole stretch."""
        hops = whole_hops(samples, self.vectors.front_end.segments)
        if hops >= len(self.scales):
            return scores
        own, whole = self.scales[hops - 1], self.scales[-1]
        return (scores - own.mean) / own.std * whole.std + whole.mean
