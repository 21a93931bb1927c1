"""Which of many recordings are held out whole: drawn by their length, evenly over their attribute values."""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np


def held_out_recordings(
    lengths: Mapping[int, int], attributes: Mapping[int, object], *, share: float, rng: np.random.Generator
) -> set[int]:
    """Recordings, by their index, whose lengths add up to about a share of all.

    The attribute values take turns, in a random order. A recording is drawn where that brings the sum nearer to the
    share, so that one long recording is not held out for many short ones. One recording of each value is left to train,
    unless the share cannot be reached so.

    Args:
        lengths: of the recordings that may be held out.
        attributes: of all recordings.
        share: of the sum of `lengths`, in (0, 1).
        rng: decides the order.
    """
    left: dict[object, int] = defaultdict(int)
    for value in attributes.values():
        left[value] += 1
    wanted, held = share * sum(lengths.values()), 0
    drawn: set[int] = set()
    order = _in_turns(lengths, attributes, rng)
    for stay in (1, 0):
        for index in order:
            value = attributes[index]
            if index not in drawn and held + lengths[index] / 2 <= wanted and left[value] > stay:
                drawn.add(index)
                held += lengths[index]
                left[value] -= 1
    return drawn


def _in_turns(lengths: Mapping[int, int], attributes: Mapping[int, object], rng: np.random.Generator) -> list[int]:
    """All recordings in a random order in which no value comes twice while another has yet to come."""
    groups: dict[object, list[int]] = defaultdict(list)
    for index in lengths:
        groups[attributes[index]].append(index)
    turns = []
    for name in sorted(groups, key=str):
        members = [int(index) for index in rng.permutation(groups[name])]
        turns += [(turn, float(rng.random()), index) for turn, index in enumerate(members)]
    return [index for _, _, index in sorted(turns)]
