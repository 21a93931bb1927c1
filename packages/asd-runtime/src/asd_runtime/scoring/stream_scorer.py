"""Scores the segments and the stretches of streams, by the arithmetic of recordings.

The score of a segment is that of a recording of this segment alone. For a stretch, what the networks said about its
segments is kept, so that each segment goes through them once.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from asd_runtime.errors import UnscorableError
from asd_runtime.model.joined_score import OE, SPECTRAL, Scale
from asd_runtime.model.manifest import Manifest
from asd_runtime.scoring.finite_output import check_scores
from asd_runtime.scoring.network_scorer import SystemScorer, WeightsOf, standardised
from asd_runtime.scoring.recent_samples import RecentSamples
from asd_runtime.scoring.spectral_scorer import SpectralScorer
from asd_runtime.scoring.stream_segments import filter_margin
from asd_runtime.scoring.stretches import Cut, Stretch, judged_stretch
from asd_runtime.sound.samples import Samples

Float32Array = NDArray[np.float32]
Float64Array = NDArray[np.float64]
GAP = "gap"
"""The fault of a segment that touches a gap."""


@dataclass(frozen=True)
class HeardSegment:
    """A segment of a stream.

    Attributes:
        start: its first sample.
        fault: why it has no score; empty if it has one.
        score, by_detector: joined, and each detector's own on its scale.
        of_networks: its scores by each network, not on their scales: (1,) or (1, bins) by name.
    """

    start: int
    fault: str = ""
    score: float | None = None
    by_detector: Mapping[str, float] = field(default_factory=dict)
    of_networks: Sequence[Mapping[str, Float64Array]] = ()


class StreamScorer:
    """What all streams of a scorer share; many threads may use it at once."""

    def __init__(self, manifest: Manifest, system: SystemScorer | None, spectral: SpectralScorer | None) -> None:
        self.manifest, self._joined, self._front_end = manifest, manifest.joined, manifest.front_end
        self._scales = {name: Scale(each.mean, each.std) for name, each in self._joined.detectors.items()}
        self._system, self._spectral = system, spectral
        self._margin = filter_margin(self._front_end)

    def of_segments(self, waves: Sequence[Samples], starts: Sequence[int]) -> list[HeardSegment]:
        """Scores of S segments (L,) with first samples (S,); one without a score costs the others nothing."""
        if not starts:
            return []
        try:
            return self._together(waves, starts)
        except UnscorableError as error:
            if len(starts) == 1:
                return [HeardSegment(starts[0], fault=str(error))]
            return [self.of_segments([wave], [start])[0] for wave, start in zip(waves, starts, strict=True)]

    def of_stretch(self, samples: RecentSamples, segments: Sequence[HeardSegment]) -> Stretch:
        """A stretch of these segments; it has no score if one of them cannot be scored, or all touch a gap.

        Args:
            samples: of the stream; they reach back to the stretch, and the filter's margin before it.
        """
        settings, starts = self._front_end.segments, np.array([segment.start for segment in segments])
        audible = np.flatnonzero([segment.fault != GAP for segment in segments])
        heard = [segment for segment in segments if segment.fault != GAP]
        cut = Cut(settings, samples.count, starts, np.isin(np.arange(len(starts)), audible), ())
        judged = partial(judged_stretch, cut, range(len(starts)), audible.tolist())
        if not heard or any(segment.fault for segment in heard):
            return judged(None, None)
        before = math.ceil(self._margin / settings.hop_samples)
        begin = max(0, int(starts[0]) - before * settings.hop_samples)
        wave = samples.between(begin, min(samples.count, int(starts[-1]) + settings.length_samples + self._margin))
        places = (int(starts[0]) - begin) // settings.hop_samples + np.arange(len(starts))
        whole, alone = self._by_detector(wave, starts[audible] - begin, heard, self._weights(wave, places[audible]))
        (score,) = self._joined.score(whole)
        if not math.isfinite(score):
            return judged(None, None)
        return judged((float(score), self._joined.score(alone)), self._weights(wave, places)(1))

    def _together(self, waves: Sequence[Samples], starts: Sequence[int]) -> list[HeardSegment]:
        log_mel = self._spectrograms(np.concatenate([self._front_end.cut(wave) for wave in waves]))
        by_detector, of_networks, every = {}, [], np.arange(len(waves))
        if self._system is not None:
            of_networks = [network.of_segments(log_mel) for network in self._system.networks]
            weights = self._weights_alone(waves)
            by_detector[OE] = self._system.means(of_networks, weights, every, np.ones_like(every))
        if self._spectral is not None:
            by_detector[SPECTRAL] = self._spectral.score_segments(log_mel)
        scores = self._joined.score(by_detector)
        check_scores(scores)
        on_scale = standardised({name: by_detector[name] for name in self._joined.voices}, self._scales)
        return [
            HeardSegment(
                start,
                score=float(scores[place]),
                by_detector={name: float(of_one[place]) for name, of_one in on_scale.items()},
                of_networks=[{name: of_all[[place]] for name, of_all in each.items()} for each in of_networks],
            )
            for place, start in enumerate(starts)
        ]

    def _spectrograms(self, segments: Float32Array) -> Float32Array:
        if self._system is not None:
            return self._front_end.spectrograms(segments, threads=self._system.threads)
        assert self._spectral is not None, "a model has a detector"
        return self._spectral.vectors.log_mel(segments)

    def _by_detector(
        self, wave: Samples, starts: NDArray[np.int64], segments: Sequence[HeardSegment], weights: WeightsOf
    ) -> tuple[dict[str, Float64Array], dict[str, Float64Array]]:
        """Scores (1,) of a stretch, and (S,) of its segments, which begin at starts (S,) of a wave."""
        whole, alone, every = {}, {}, np.arange(len(starts))
        if self._system is not None:
            of_networks = [
                _one_after_the_other(scores) for scores in zip(*[one.of_networks for one in segments], strict=True)
            ]
            whole[OE] = self._system.means(of_networks, weights, every, np.array([len(starts)]))
            alone[OE] = self._system.means(of_networks, weights, every, np.ones_like(every))
        if self._spectral is not None:
            score, alone[SPECTRAL] = self._spectral.score_stretch(wave, starts, self._spectral.vectors.rule(wave))
            whole[SPECTRAL] = np.array([score])
        return whole, alone

    def _weights(self, wave: Samples, places: NDArray[np.int64]) -> WeightsOf:
        """Weights of some of the segments of a wave."""

        def weights(bins: int) -> Float64Array | None:
            of_all = self._front_end.weights(wave, bins=bins)
            return None if of_all is None else of_all.reshape(-1, bins)[places].reshape(-1)

        return weights

    def _weights_alone(self, waves: Sequence[Samples]) -> WeightsOf:
        """Weights of segments (L,), each by itself."""

        def weights(bins: int) -> Float64Array | None:
            of_each = [of_one for wave in waves if (of_one := self._front_end.weights(wave, bins=bins)) is not None]
            return np.concatenate(of_each) if of_each else None

        return weights


def _one_after_the_other(scores: Sequence[Mapping[str, Float64Array]]) -> dict[str, Float64Array]:
    """Scores of segments by one network, (S,) or (S, bins) by name."""
    return {name: np.concatenate([of_one[name] for of_one in scores]) for name in scores[0]}
