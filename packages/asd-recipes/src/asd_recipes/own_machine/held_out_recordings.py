"""Draws the recordings that are held out whole: by their lengths, and evenly over their attribute values."""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np


def held_out_recordings(
    lengths: Mapping[int, int], attributes: Mapping[int, object], *, share: float, rng: np.random.Generator
) -> set[int]:
    """Indices of recordings whose lengths add up to about a share of the total.

    The attribute values take turns, in random order. A recording is drawn if that brings the sum closer to the share,
    so that one long recording is not held out in place of many short ones. One recording of each value is left for
    training, unless the share cannot be reached that way.

    Args:
        lengths: lengths of the recordings that may be held out.
        attributes: attributes of all recordings.
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
    """All recordings in random order, in rounds: each round has one recording of every value that is left."""
    groups: dict[object, list[int]] = defaultdict(list)
    for index in lengths:
        groups[attributes[index]].append(index)
    turns = []
    for name in sorted(groups, key=str):
        members = [int(index) for index in rng.permutation(groups[name])]
        turns += [(turn, float(rng.random()), index) for turn, index in enumerate(members)]
    return [index for _, _, index in sorted(turns)]
