"""Live streams: blocks of samples in, a score for each segment out as soon as it is complete.

A stream gives what the recording of all its samples gives on the same grid: the same segments, left out where they
touch a gap, and the same stretches. What a block holds, how long it is, and which other streams are scored with it
changes nothing. Two things a recording has only at its end, and a stream only after `close`: a last segment that is not
on the grid of hops, and a last stretch that is not on the grid of stretches.

A segment is given once no sample to come can change it (`stream_segments`): one sample after its end that differs is
enough for 16 bits. In float32 samples a gap has blurred edges, which takes 12.5 ms more.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from asd_runtime.counted import counted
from asd_runtime.errors import StreamError
from asd_runtime.scoring.stream_scorer import GAP, HeardSegment, StreamScorer
from asd_runtime.scoring.stream_segments import TYPES, StreamSegments
from asd_runtime.scoring.stretches import Stretch
from asd_runtime.sound.samples import Samples


@dataclass(frozen=True)
class SegmentScore:
    """The score of one segment of a stream.

    Attributes:
        start_s, end_s: where it begins and ends, counted from the first sample of the stream.
        score: that of a recording of this segment alone; None if there is none, and `fault` says why.
        by_detector: each detector's own score, in standard deviations of normal pieces; empty if there is no score.
        stretch: the stretch that ends with this segment; None for a segment inside one. Its score is None if each of
            its segments touches a gap, or if one of them cannot be scored.
        stretch_above: whether a stretch ends here and its score is above the model's threshold. The threshold is one
            for stretches: a segment alone may exceed it by chance.
        fault: "gap" for a segment that touches one, or which number on the way to its score is infinite or NaN.
    """

    start_s: float
    end_s: float
    score: float | None
    by_detector: Mapping[str, float]
    stretch: Stretch | None
    stretch_above: bool
    fault: str


@dataclass(frozen=True)
class StreamEnd:
    """What only the end of a stream shows.

    Attributes:
        segments: those that had not been given yet.
        stretch: the one that ends with the stream; None if a segment had it already, or if there are no segments.
        stretch_above: whether its score is above the model's threshold.
    """

    segments: tuple[SegmentScore, ...]
    stretch: Stretch | None
    stretch_above: bool


class _Track:
    """One stream: its segments, those that its next stretch may need, and the type of its samples."""

    def __init__(self, scorer: StreamScorer) -> None:
        manifest = scorer.manifest
        self._scorer, self._threshold = scorer, manifest.threshold.value
        self.segments = StreamSegments(manifest.front_end, manifest.threshold.stretch_s)
        self._heard: deque[HeardSegment] = deque(maxlen=self.segments.of_each)
        self._given = 0
        self._dtype: np.dtype[Any] | None = None

    def check(self, block: Samples) -> None:
        """Does nothing if a block can be taken; errors as of `Stream.push`."""
        dtype = getattr(block, "dtype", None)
        if dtype not in TYPES:
            raise TypeError(f"block must be int16 or float32; got {dtype or type(block).__name__}. Convert it first.")
        if self._dtype not in (None, dtype):
            raise TypeError(f"all blocks of a stream must be of one type; got {dtype} after {self._dtype}.")
        if block.ndim != 1:
            raise ValueError(f"block must be (T,); got shape {block.shape}. Choose a channel, or average them.")
        if dtype == np.float32 and not np.isfinite(block).all():
            raise ValueError("block must be finite; it holds NaN or infinity. Look at its source.")

    def take(self, block: Samples) -> Samples:
        """Takes what there is room for, and returns the rest."""
        self._dtype = block.dtype
        return self.segments.take(block)

    def given(self, segment: HeardSegment) -> SegmentScore:
        """The score of the next segment, with the stretch that it may end."""
        self._heard.append(segment)
        self._given += 1
        start, settings = segment.start, self.segments.settings
        start_s, end_s = start / settings.sample_rate_hz, (start + settings.length_samples) / settings.sample_rate_hz
        stretch, above = self._stretch() if self._ends_stretch() else (None, False)
        return SegmentScore(start_s, end_s, segment.score, segment.by_detector, stretch, above, segment.fault)

    def end(self, segments: Sequence[SegmentScore]) -> StreamEnd:
        """After the last segments."""
        missing = self._given > 0 and not self._ends_stretch()
        return StreamEnd(tuple(segments), *(self._stretch() if missing else (None, False)))

    def _ends_stretch(self) -> bool:
        """Whether a stretch of the grid ends with the last segment that was given."""
        before = self._given - self.segments.of_each
        return before >= 0 and before % self.segments.step == 0

    def _stretch(self) -> tuple[Stretch, bool]:
        stretch = self._scorer.of_stretch(self.segments.samples, tuple(self._heard))
        return stretch, stretch.is_above(self._threshold)


class Stream:
    """One stream; `Scorer.stream` makes it. It belongs to one thread at a time; other streams may run in others."""

    def __init__(self, scorer: StreamScorer) -> None:
        self._alone = Streams(scorer, 1)

    def push(self, block: Samples) -> list[SegmentScore]:
        """Scores of the segments that a block completes, in order.

        Args:
            block: (T,) int16 or float32 at the model's rate, of any length; all blocks of one type.

        Raises:
            TypeError: the block is of another type.
            ValueError: it is not (T,), or holds NaN or infinity.
            StreamError: the stream is closed.
        """
        return self._alone.push([block])[0]

    def close(self) -> StreamEnd:
        """Ends the stream. Of a stream that is shorter than a segment nothing is given; `Scorer.score_wave` repeats it.

        Raises:
            StreamError: the stream is closed already.
        """
        return self._alone.close()[0]


class Streams:
    """Streams that are scored together; `Scorer.streams` makes them. They belong to one thread at a time.

    Segments that one push completes in several streams go through the networks in one call, which shares them out
    among the scorer's threads. The scores are those of each stream alone, to the last bit.
    """

    def __init__(self, scorer: StreamScorer, count: int) -> None:
        manifest = scorer.manifest
        if manifest.front_end.standardise == "clip":
            raise StreamError(
                "this model takes away the level of the whole recording, which a stream does not know before its end. "
                "Score recordings with Scorer.score, or train with training.standardise=segment or machine."
            )
        if count < 1:
            raise ValueError(f"count must be at least 1; got {count}.")
        self._scorer = scorer
        self._tracks = [_Track(scorer) for _ in range(count)]
        self._closed = False

    def push(self, blocks: Sequence[Samples | None]) -> list[list[SegmentScore]]:
        """Scores of the segments that blocks complete, in order, for each stream.

        Args:
            blocks: one for each stream as of `Stream.push`, or None. Nothing is taken if one is refused.

        Raises:
            TypeError, ValueError, StreamError: as of `Stream.push`, or there are not as many blocks as streams.
        """
        self._refuse_closed()
        if len(blocks) != len(self._tracks):
            streams = counted(len(self._tracks), "stream")
            raise ValueError(f"blocks must hold one for each of {streams}, or None; got {len(blocks)}.")
        left = [(track, block) for track, block in zip(self._tracks, blocks, strict=True) if block is not None]
        for track, block in left:
            track.check(block)
        scores: list[list[SegmentScore]] = [[] for _ in self._tracks]
        while left:  # once, unless a block is longer than the room for it
            left = [(track, rest) for track, block in left if len(rest := track.take(block))]
            self._score(scores)
        return scores

    def close(self) -> list[StreamEnd]:
        """Ends all streams, as `Stream.close`."""
        self._refuse_closed()
        self._closed = True
        scores: list[list[SegmentScore]] = [[] for _ in self._tracks]
        self._score(scores, ended=True)
        return [track.end(segments) for track, segments in zip(self._tracks, scores, strict=True)]

    def _score(self, scores: Sequence[list[SegmentScore]], *, ended: bool = False) -> None:
        """Adds the scores of all segments that are complete to those of their streams."""
        due = [place for place, track in enumerate(self._tracks) if ended or track.segments.is_due]
        settled = [(place, *self._tracks[place].segments.next(ended=ended)) for place in due]
        if not any(len(starts) for _, starts, _ in settled):
            return
        with_sound = [
            (self._tracks[place], start) for place, starts, sound in settled for start in starts[sound].tolist()
        ]
        waves = [track.segments.segment(start) for track, start in with_sound]
        heard = iter(self._scorer.of_segments(waves, [start for _, start in with_sound]))
        for place, starts, sound in settled:
            for start, has_sound in zip(starts.tolist(), sound.tolist(), strict=True):
                segment = next(heard) if has_sound else HeardSegment(start, fault=GAP)
                scores[place].append(self._tracks[place].given(segment))

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StreamError("the stream is closed. Make a new one for what comes now: Scorer.stream().")
