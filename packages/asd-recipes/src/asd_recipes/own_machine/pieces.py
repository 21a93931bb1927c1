"""Cuts one's own recordings into pieces. No piece holds a part of a gap, in which nothing was recorded."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from asd_recipes.dataset.clip import Clip
from asd_recipes.waveforms.waveform_bank import WaveformBank
from asd_runtime.sound.gaps import find_gaps
from asd_runtime.sound.samples import Samples

SHORTEST_S = 1.0
"""What is shorter is left out: it would be repeated to fill a segment, and the network would learn that."""


def sounding_parts(wave: Samples, rate_hz: int) -> list[tuple[int, int]]:
    """(first sample, first one after it) of what lies between the gaps of a recording (T,), `SHORTEST_S` or more."""
    edges = [0, *find_gaps(wave, rate_hz).reshape(-1).tolist(), len(wave)]
    parts = zip(edges[::2], edges[1::2], strict=True)
    return [(low, high) for low, high in parts if high - low >= SHORTEST_S * rate_hz]


class Pieces:
    """Collects pieces of a bank's recordings, each as a clip.

    Attributes:
        sounding: what lies between the gaps of each recording.
        source: the recording of each piece.
    """

    def __init__(self, bank: WaveformBank, rate_hz: int) -> None:
        self.bank = bank
        self.shortest = SHORTEST_S * rate_hz
        self.sounding = [sounding_parts(wave, rate_hz) for wave in bank.waves]
        self.clips: list[Clip] = []
        self.waves: list[Samples] = []
        self.source: list[int] = []

    def cut(self, index: int, stop: int, least: int) -> list[int]:
        """Cuts what lies between gaps before `stop` into equal pieces of at least `least` samples."""
        cut: list[int] = []
        for low, end in self.sounding[index]:
            high = min(end, stop)
            if high - low >= self.shortest:
                cut += self._add(index, np.linspace(low, high, max(1, (high - low) // least) + 1).astype(int).tolist())
        return cut

    def cut_from_the_end(self, index: int, count: int, samples: int) -> list[int]:
        """The last `count` pieces of exactly `samples` samples, without those that touch a gap."""
        length, parts = len(self.bank.waves[index]), self.sounding[index]
        starts = range(length - count * samples, length, samples)
        whole = [start for start in starts if any(low <= start and start + samples <= high for low, high in parts)]
        return [piece for start in whole for piece in self._add(index, (start, start + samples))]

    def _add(self, index: int, edges: Sequence[int]) -> list[int]:
        wave, first = self.bank.waves[index], len(self.clips)
        clip = self.bank.clips[index]
        name = clip.listed_as or clip.path.name
        self.clips += [replace(clip, listed_as=f"{name} from sample {low}") for low in edges[:-1]]
        self.waves += [wave[low:high] for low, high in pairwise(edges)]
        self.source += [index] * (len(edges) - 1)
        return list(range(first, len(self.clips)))
