"""Each machine's score with its interval, systems side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from asd_eval.errors import EvaluationError
from asd_eval.intervals.bootstrap import Intervals
from asd_eval.intervals.interval import Interval
from asd_eval.plots.style import HATCHES, INK, SERIES, dress, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_machine_bars(systems: Mapping[str, Intervals], *, title: str = "") -> Figure:
    """Bars of each machine's mean and of the official score, with their intervals.

    Args:
        systems: name and what ``bootstrap`` found, of up to six systems, for the same machines and convention.
        title: the convention's name if not given.

    Raises:
        EvaluationError: if there are no systems or more than six, or their machines or conventions differ.
    """
    if not 1 <= len(systems) <= len(SERIES):
        raise EvaluationError(f"systems must be 1 to {len(SERIES)}; got {len(systems)}.")
    first = next(iter(systems.values()))
    machines = [machine for machine, _ in first.machines]
    for name, found in systems.items():
        if [machine for machine, _ in found.machines] != machines or found.convention.name != first.convention.name:
            raise EvaluationError(f"{name!r} has other machines or another convention than {next(iter(systems))!r}.")
    groups = [*machines, "official score"]
    width_in = max(5.0, 1.6 + len(groups) * (0.6 + 0.2 * len(systems)))
    figure = new_figure(width_in, 4.0)
    axes = figure.subplots()
    width = 0.8 / len(systems)
    for number, (name, found) in enumerate(systems.items()):
        intervals = [interval for _, interval in found.machines] + [found.official_score]
        places = np.arange(len(groups)) + (number - (len(systems) - 1) / 2) * width
        shown = [(place, i) for place, i in zip(places, intervals, strict=True) if i is not None]
        axes.bar(
            [place for place, _ in shown], [100 * i.value for _, i in shown], width * 0.92, label=name,
            facecolor=SERIES[number], edgecolor="white", hatch=HATCHES[number], linewidth=0.5,
        )  # fmt: skip
        axes.errorbar(
            [place for place, _ in shown], [100 * i.value for _, i in shown], yerr=_reaches([i for _, i in shown]),
            fmt="none", ecolor=INK, elinewidth=1.2, capsize=3,
        )  # fmt: skip
        for place, interval in zip(places, intervals, strict=True):
            if interval is None:
                axes.annotate("missing", (place, 1), rotation=90, ha="center", va="bottom", fontsize=8, color=INK)
    axes.axhline(50, color=INK, linestyle=":", linewidth=1, label="chance")
    axes.axvline(len(groups) - 1.5, color=INK, linewidth=0.8)
    axes.set_xticks(
        range(len(groups)), groups, rotation=30 if len(groups) > 4 else 0, ha="right" if len(groups) > 4 else "center"
    )
    axes.set(xlim=(-0.6, len(groups) - 0.4), ylim=(0, 105))
    confidence = next((i.confidence for f in systems.values() for _, i in f.machines if i is not None), 0.95)
    name = first.convention.name
    dress(
        axes,
        title=title or f"{name} convention",
        x="",
        y=f"{first.convention.mean} mean (%), {100 * confidence:g} % interval",
    )
    axes.grid(axis="x", visible=False)
    # Below the axes, where it hides no bar. As many in a row as fit: 0.08 inches a letter, 0.7 inches a colour sample.
    in_a_row = max(1, int(width_in / (0.7 + 0.08 * max(map(len, systems)))))
    figure.legend(loc="outside lower center", ncols=min(len(systems) + 1, in_a_row), frameon=False, fontsize=9)
    return figure


def _reaches(intervals: list[Interval]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return 100.0 * np.array([[i.value - i.low for i in intervals], [i.high - i.value for i in intervals]])
