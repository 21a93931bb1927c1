"""Mini-batches with as many target-machine clips as pseudo-anomalous ones (Fujimura 2023, Sec. 4.2: t is 1:1).

An epoch is one pass over the target machine's training clips, spread evenly over its batches. The pseudo-anomalous half
of a batch is drawn evenly from the other machine types: their counts differ by at most one. Within a machine type,
every clip comes once before any comes twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")


@dataclass(frozen=True)
class Batch:
    """Clip indices of one step: first the target machine's, then equally many pseudo-anomalous ones."""

    target: list[int]
    pseudo_anomalous: list[int]


def batches_per_epoch(target_clips: int, batch_size: int) -> int:
    """Steps of one pass over the target machine's clips, at most batch_size / 2 of them per step."""
    return -(-target_clips // (batch_size // 2))


def epoch_batches(
    target: Sequence[int], others: Mapping[str, Sequence[int]], *, batch_size: int, rng: np.random.Generator
) -> Iterator[Batch]:
    """The batches of one epoch, each 1:1; their sizes differ by at most one clip of each kind.

    A last batch of what is left could hold two clips. Its gradient would be mostly noise, yet the optimiser would take
    a step as large as for a full batch, and batch normalisation would note its statistics as if they weighed as much.

    Args:
        target: clip indices of the target machine.
        others: clip indices of each other machine type.
        batch_size: most clips per step, even.
        rng: decides the order.
    """
    order = rng.permutation(target)
    decks = {machine: _Deck(clips, rng) for machine, clips in sorted(others.items()) if len(clips)}
    turns = _Deck(list(decks), rng)
    for part in np.array_split(order, batches_per_epoch(len(order), batch_size)):
        chosen = [int(index) for index in part]
        pseudo = [decks[turns.draw()].draw() for _ in chosen]
        yield Batch(chosen, pseudo)


class _Deck(Generic[T]):
    """Draws without replacement, and shuffles again when all are drawn."""

    def __init__(self, items: Sequence[T], rng: np.random.Generator) -> None:
        self._items = list(items)
        self._rng = rng
        self._left: list[T] = []

    def draw(self) -> T:
        if not self._left:
            self._left = [self._items[int(place)] for place in self._rng.permutation(len(self._items))]
        return self._left.pop()
