"""The last samples of a stream, in memory that is taken once."""

import numpy as np

from asd_runtime.sound.samples import Samples


class RecentSamples:
    """Keeps up to `capacity` samples, all of the type of the first block.

    Attributes:
        count: number of samples so far, with those that are no longer kept.
    """

    def __init__(self, capacity: int) -> None:
        self.count = 0
        self._memory: Samples = np.zeros(capacity, np.float32)
        self._capacity = capacity
        self._first = 0

    def take(self, block: Samples, *, oldest: int) -> Samples:
        """Takes what there is room for, and returns the rest; samples before number `oldest` may be forgotten."""
        if self.count == 0 and block.dtype != self._memory.dtype:
            self._memory = self._memory.view(np.int16)[: self._capacity]
        if self.count - self._first + len(block) > self._capacity and oldest > self._first:
            kept = self.between(oldest, self.count)
            self._memory[: len(kept)] = kept
            self._first = oldest
        end = self.count - self._first
        part = block[: self._capacity - end]
        self._memory[end : end + len(part)] = part
        self.count += len(part)
        return block[len(part) :]

    def between(self, start: int, end: int) -> Samples:
        """Samples number `start` to `end`, without the last: a view that the next `take` may change."""
        return self._memory[start - self._first : end - self._first]

    @property
    def dtype(self) -> np.dtype[np.int16] | np.dtype[np.float32]:
        """Of the samples, once there are some."""
        return self._memory.dtype
