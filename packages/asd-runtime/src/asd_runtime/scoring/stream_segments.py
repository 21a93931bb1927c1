"""Which segments of a stream are complete, and which of them touch a gap: as in the recording, whatever comes later.

A segment is held back until no sample to come can change it. With a high-pass filter behind the weights, that is until
the filter's response to its last sample has decayed. And whether it touches a gap is settled when it does so already,
or when it would not if nothing changed from now on: a constant is of all continuations the one with the longest gap,
because it widens the range of no quiet that holds the last sample.
"""

import math

import numpy as np
from numpy.typing import NDArray

from asd_features import high_pass_sos
from asd_features.power_in_parts import margin_samples
from asd_runtime.scoring.recent_samples import RecentSamples
from asd_runtime.scoring.stretches import stretch_grid, touched
from asd_runtime.sound.front_end import FrontEnd
from asd_runtime.sound.gaps import GapRule, find_gaps
from asd_runtime.sound.samples import Samples

TYPES = (np.dtype(np.int16), np.dtype(np.float32))
"""Of samples."""
_NONE, _NEITHER = np.zeros(0, np.int64), np.zeros(0, np.bool_)


class StreamSegments:
    """The segments of one stream, in order.

    Attributes:
        samples: the last samples, far enough back for each stretch that is to come.
        given: how many segments were given.
        of_each, step: how many segments a stretch has, and how many are from one to the next.
        margin: in samples, how far the filter hears; 0 without a filter.
    """

    def __init__(self, front_end: FrontEnd, stretch_s: float) -> None:
        self.settings = front_end.segments
        self.given = 0
        self.of_each, self.step = stretch_grid(self.settings, stretch_s=stretch_s)
        self.margin = filter_margin(front_end)
        self._length, self._hop = self.settings.length_samples, self.settings.hop_samples
        rules = [GapRule.of(dtype, self.settings.sample_rate_hz) for dtype in TYPES]
        stretch = (self.of_each + math.ceil(self.margin / self._hop)) * self._hop
        self._back = max(stretch, *(rule.reach + rule.block for rule in rules))
        held = max(self.margin, *(rule.blurred + rule.shortest + 2 * rule.block for rule in rules)) + 1
        self.samples = RecentSamples(self._back + self._length + held + self._length)  # the last for new ones

    def take(self, block: Samples) -> Samples:
        """Takes what there is room for, and returns the rest; `next` makes room."""
        oldest = max(0, self.given * self._hop - self._back)
        return self.samples.take(block, oldest=oldest)

    @property
    def is_due(self) -> bool:
        """Whether a segment is complete; `next` says whether it is settled."""
        return self.samples.count >= self.given * self._hop + self._length + self.margin

    def next(self, *, ended: bool) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """First samples (S,) of the segments that are complete and settled, and whether they hold sound.

        Args:
            ended: no more samples will come. Then one more segment may end with the stream.
        """
        starts = self._complete(ended)
        if not len(starts):
            return _NONE, _NEITHER
        rule = GapRule.of(self.samples.dtype, self.settings.sample_rate_hz)
        begin = max(0, int(starts[0]) - rule.reach) // rule.block * rule.block
        heard = self.samples.between(begin, self.samples.count)
        if ended:
            audible = ~self._touched(starts, heard, begin)
        else:
            going_on = np.concatenate([heard, np.full(rule.shortest, heard[-1])])
            audible = ~self._touched(starts, going_on, begin)
            if not audible.all():
                undecided = np.flatnonzero(~audible & ~self._touched(starts, heard, begin))
                settled = undecided[0] if len(undecided) else len(starts)
                starts, audible = starts[:settled], audible[:settled]
        self.given += len(starts)
        return starts, audible

    def segment(self, start: int) -> Samples:
        """The samples (L,) of a segment that `next` has just given."""
        return self.samples.between(start, start + self._length)

    def _complete(self, ended: bool) -> NDArray[np.int64]:
        if ended and self.samples.count >= self._length:
            return self.settings.starts(self.samples.count)[self.given :]
        until = (self.samples.count - self._length - self.margin) // self._hop + 1
        return self._hop * np.arange(self.given, until, dtype=np.int64) if until > self.given else _NONE

    def _touched(self, starts: NDArray[np.int64], heard: Samples, begin: int) -> NDArray[np.bool_]:
        return touched(starts, self.settings, begin + find_gaps(heard, self.settings.sample_rate_hz))


def filter_margin(front_end: FrontEnd) -> int:
    """What is further away than so many samples does not change a segment's weight."""
    if front_end.high_pass is None:
        return 0
    return margin_samples(high_pass_sos(front_end.audio.sample_rate_hz, front_end.high_pass))
