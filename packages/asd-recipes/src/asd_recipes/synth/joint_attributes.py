"""Draws the combinations of attribute values for a data set of any size, in the proportions of the real one.

The published tables give counts per item. Where the counts of two items fit together in only one way, that way is used:
bearing, gearbox and slider were recorded in two series of 495 clips, each of which varies one item (slider's second
series varies both, along vel^2 / ac = const). Toy cars and trains combine items independently.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_recipes.dataset.dcase2023_facts import MACHINES
from asd_recipes.synth.condition import Float64Array

Attributes = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Factor:
    """Values that one or several items take together, with their training counts (0: only in test clips)."""

    items: tuple[str, ...]
    counts: dict[tuple[str, ...], int]


@dataclass(frozen=True)
class Series:
    """One series of recordings: the factors vary independently."""

    factors: tuple[Factor, ...]

    @property
    def total(self) -> int:
        return sum(self.factors[0].counts.values())

    @property
    def values(self) -> int:
        return max(len(factor.counts) for factor in self.factors)


def _factor(items: str, counts: str) -> Factor:
    """Read `vel ac` and `380 0.03:99, 490 0.05:99`."""
    table = {}
    for entry in counts.split(", "):
        values, _, count = entry.rpartition(":")
        table[tuple(values.split(" "))] = int(count)
    return Factor(tuple(items.split(" ")), table)


def _independent(machine: str, domain: str) -> tuple[Series, ...]:
    factors = []
    for item in MACHINES[machine].items:
        counts: dict[tuple[str, ...], int] = {
            (v.value,): v.source_train if domain == "source" else v.target_train
            for v in item.values
            if (v.source_train if domain == "source" else v.target_train) > 0
        }
        factors.append(Factor((item.item,), counts))
    return (Series(tuple(factors)),)


SERIES: dict[tuple[str, str], tuple[Series, ...]] = {
    ("bearing", "source"): (
        Series((_factor("vel", "5:99, 9:99, 13:99, 17:99, 21:99"), _factor("loc", "A:495"))),
        Series((_factor("vel", "16:252, 8:243"), _factor("loc", "A:124, B:124, C:124, D:123"))),
    ),
    ("bearing", "target"): (
        Series((_factor("vel", "7:1, 11:1, 15:1, 19:2, 1:0, 3:0, 23:0, 25:0"), _factor("loc", "A:5"))),
        Series((_factor("vel", "16:4, 8:1"), _factor("loc", "E:1, F:1, G:1, H:2"))),
    ),
    ("gearbox", "source"): (
        Series((_factor("volt", "1.0:99, 1.5:99, 2.0:99, 2.5:99, 3.0:99"), _factor("wt", "0:495"))),
        Series((_factor("volt", "1.5:495"), _factor("wt", "0:99, 50:99, 100:99, 150:99, 200:99"))),
    ),
    ("gearbox", "target"): (
        Series((_factor("volt", "1.3:1, 1.8:1, 2.3:1, 2.8:1, 0.6:0, 0.8:0, 3.3:0, 3.5:0"), _factor("wt", "0:4"))),
        Series((_factor("volt", "1.5:6"), _factor("wt", "30:1, 80:1, 130:1, 180:1, 230:1, 250:1"))),
    ),
    ("slider", "source"): (
        Series((_factor("vel", "300:99, 500:99, 700:99, 900:99, 1100:99"), _factor("ac", "0.30:495"))),
        Series((_factor("vel ac", "380 0.03:99, 490 0.05:99, 580 0.07:99, 660 0.09:99, 730 0.11:99"),)),
    ),
    ("slider", "target"): (
        Series(
            (
                _factor("vel", "400:1, 600:1, 800:1, 1000:2, 100:0, 200:0, 1200:0, 1300:0"),
                _factor("ac", "0.30:5"),
            )
        ),
        Series(
            (
                _factor(
                    "vel ac",
                    "440 0.04:1, 540 0.06:1, 620 0.08:1, 700 0.10:2, 220 0.01:0, 310 0.02:0, 760 0.12:0, 820 0.14:0",
                ),
            )
        ),
    ),
    **{(m, d): _independent(m, d) for m in ("fan", "ToyCar", "ToyTrain", "valve") for d in ("source", "target")},
}


def apportion(total: int, weights: Float64Array, rng: np.random.Generator) -> NDArray[np.int64]:
    """Whole numbers with sum total, closest to the weights' shares; no positive weight gets 0 if total is large enough.

    Ties between equal remainders are broken by rng.
    """
    quota = total * weights / weights.sum()
    counts: NDArray[np.int64] = np.floor(quota).astype(np.int64)
    order = np.lexsort((rng.permutation(len(weights)), counts - quota))
    counts[order[: total - int(counts.sum())]] += 1
    needed = np.flatnonzero((counts == 0) & (weights > 0))
    if total >= np.count_nonzero(weights > 0):
        for index in needed:
            counts[np.argmax(counts)] -= 1
            counts[index] = 1
    return counts


def draw_attributes(
    machine: str, domain: str, total: int, *, test: bool, rng: np.random.Generator
) -> tuple[Attributes, ...]:
    """Attributes of `total` clips, shuffled, in the order of the machine's items.

    Training clips and source test clips follow the training counts. Target test clips take all values of the target
    domain evenly, including values without training clips.
    """
    even = test and domain == "target"
    series = SERIES[machine, domain]
    shares = np.array([s.values if even else s.total for s in series], dtype=np.float64)
    clips: list[Attributes] = []
    for one, count in zip(series, apportion(total, shares, rng), strict=True):
        columns = [_column(factor, int(count), even, rng) for factor in one.factors]
        for parts in zip(*columns, strict=True):
            pairs = dict(pair for part in parts for pair in part)
            clips.append(tuple((item.item, pairs[item.item]) for item in MACHINES[machine].items))
    return tuple(clips[i] for i in rng.permutation(total))


def _column(factor: Factor, count: int, even: bool, rng: np.random.Generator) -> list[Attributes]:
    weights = np.array([1.0 if even else float(n) for n in factor.counts.values()])
    parts: list[Attributes] = []
    for values, times in zip(factor.counts, apportion(count, weights, rng), strict=True):
        parts.extend([tuple(zip(factor.items, values, strict=True))] * int(times))
    return [parts[i] for i in rng.permutation(count)]
