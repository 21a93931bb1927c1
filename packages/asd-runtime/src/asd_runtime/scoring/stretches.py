"""Splits a recording into stretches that are judged separately: the mean over minutes would hide a fault of seconds.

A stretch is as long as the pieces that set the threshold. Stretches overlap by half, rounded to hops of the segments,
so that any sound shorter than half a stretch lies whole in one of them. The last stretch ends where the recording ends;
a shorter recording is one stretch. A stretch is a range of the recording's segments, and its score is that of a
recording with only these segments.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from asd_features import SegmentSettings
from asd_runtime.sound.gaps import find_gaps
from asd_runtime.sound.samples import Samples

Float64Array = NDArray[np.float64]


@dataclass(frozen=True)
class Stretch:
    """A part of a recording.

    Attributes:
        start_s, end_s: where it begins and ends.
        score: None if each of its segments touches a gap.
        worst_start_s, worst_end_s: the segment that raises its score most.
    """

    start_s: float
    end_s: float
    score: float | None
    worst_start_s: float
    worst_end_s: float

    def is_above(self, threshold: float) -> bool:
        """Whether it has a score, and one above a threshold."""
        return self.score is not None and self.score > threshold


@dataclass(frozen=True)
class Event:
    """Adjacent stretches above a threshold: where the first begins, the last ends, and the highest score."""

    start_s: float
    end_s: float
    peak: float


@dataclass(frozen=True)
class RecordingScore:
    """The verdict on a recording: its anomaly score and those of its stretches; at least one stretch has a score.

    Attributes:
        score: of the whole recording; 0 is an average held-out normal piece, 1 is one standard deviation more.
        threshold: the model's, for stretches.
        stretches: in order.
        gaps_s: where each gap begins and ends; no segment that touches one counts.
        faults: what is wrong with the recording all the same, in words; of a file only.
    """

    score: float
    threshold: float
    stretches: tuple[Stretch, ...]
    gaps_s: tuple[tuple[float, float], ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def anomalous(self) -> bool:
        """Whether a stretch is above the threshold."""
        return self.above > 0

    @property
    def worst(self) -> Stretch:
        """The stretch with the highest score; if several have it, the first."""
        return max(self.stretches, key=lambda stretch: -np.inf if stretch.score is None else stretch.score)

    @property
    def above(self) -> int:
        """How many stretches are above the threshold."""
        return sum(stretch.is_above(self.threshold) for stretch in self.stretches)

    @property
    def events(self) -> list[Event]:
        """The stretches above the threshold; those that follow each other are one event."""
        runs = groupby(self.stretches, key=lambda stretch: stretch.is_above(self.threshold))
        return [_event(list(run)) for above, run in runs if above]


def _event(stretches: Sequence[Stretch]) -> Event:
    peak = max(stretch.score for stretch in stretches if stretch.score is not None)
    return Event(stretches[0].start_s, stretches[-1].end_s, peak)


@dataclass(frozen=True)
class Cut:
    """A recording of `samples` samples, cut into segments.

    Attributes:
        audible: (S,) whether a segment counts: it touches no gap.
        gaps_s: where each gap begins and ends.
    """

    settings: SegmentSettings
    samples: int
    starts: NDArray[np.int64]
    audible: NDArray[np.bool_]
    gaps_s: tuple[tuple[float, float], ...]

    def seconds(self, segments: Sequence[int]) -> tuple[float, float]:
        """(start, end) of a range of segments, in seconds."""
        end = min(int(self.starts[segments[-1]]) + self.settings.length_samples, self.samples)
        return int(self.starts[segments[0]]) / self.settings.sample_rate_hz, end / self.settings.sample_rate_hz


def cut_recording(wave: Samples, settings: SegmentSettings) -> Cut:
    """Where a recording's segments lie, and which hold sound."""
    starts, gaps = settings.starts(len(wave)), find_gaps(wave, settings.sample_rate_hz)
    seconds = gaps / settings.sample_rate_hz
    return Cut(
        settings,
        len(wave),
        starts,
        ~touched(starts, settings, gaps),
        tuple((low, high) for low, high in seconds.tolist()),
    )


def touched(starts: NDArray[np.int64], settings: SegmentSettings, gaps: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(S,) whether segments with first samples (S,) touch one of the gaps (G, 2)."""
    # Of gaps in order, those that end after a segment's first sample, less those that begin after its last one.
    before_end = np.searchsorted(gaps[:, 0], starts + settings.length_samples)
    before_start = np.searchsorted(gaps[:, 1], starts, side="right")
    found: NDArray[np.bool_] = before_end > before_start
    return found


def stretch_segments(segments: int, settings: SegmentSettings, *, stretch_s: float) -> list[range]:
    """The range of segments of each stretch, for a recording of `segments` segments."""
    of_each, step = stretch_grid(settings, stretch_s=stretch_s)
    of_each = min(segments, of_each)
    last = segments - of_each
    return [range(first, first + of_each) for first in [*range(0, last, step), last]]


def stretch_grid(settings: SegmentSettings, *, stretch_s: float) -> tuple[int, int]:
    """How many segments a stretch has, and how many are from one to the next."""
    hop, stretch = settings.hop_samples, round(stretch_s * settings.sample_rate_hz)
    return max(0, stretch - settings.length_samples) // hop + 1, max(1, stretch // (2 * hop))


def judged_stretch(
    cut: Cut,
    segments: Sequence[int],
    audible: Sequence[int],
    scores: tuple[float, Float64Array] | None,
    weights: Float64Array | None,
) -> Stretch:
    """A stretch; `scores` are its own and those of its audible segments, `weights` those of all segments of the cut."""
    telling, score = segments, None
    if scores is not None:
        score, segment_scores = scores
        place = _telling(segment_scores, None if weights is None else weights[audible])
        telling = audible[place : place + 1]
    return Stretch(*cut.seconds(segments), score, *cut.seconds(telling))


def _telling(segment_scores: Float64Array, weights: Float64Array | None) -> int:
    """The segment that raises the score most: its weight times its difference from the weighted mean is the largest."""
    if weights is None or not weights.any():
        return int(np.argmax(segment_scores))
    return int(np.argmax(weights * (segment_scores - np.average(segment_scores, weights=weights))))
