"""Detection error trade-off: missed anomalies against false alarms on normal-deviate axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from asd_eval.errors import EvaluationError
from asd_eval.metrics.roc import roc_curve
from asd_eval.plots.style import INK, LINES, SERIES, dress, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TICKS = np.array([0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99])


def plot_det(systems: Mapping[str, tuple[ArrayLike, ArrayLike]], *, title: str = "DET") -> Figure:
    """DET curves of systems; normally distributed scores give straight lines.

    Args:
        systems: name, and labels (N,) and scores (N,), of up to six systems.

    Raises:
        EvaluationError: if there are no systems or more than six; or as ``roc_curve``.
    """
    from scipy.special import ndtri

    if not 1 <= len(systems) <= len(SERIES):
        raise EvaluationError(f"systems must be 1 to {len(SERIES)}; got {len(systems)}.")
    figure = new_figure(5.4, 5.2)
    axes = figure.subplots()
    lowest, highest = 0.5, 0.5
    for (name, (labels, scores)), colour, line in zip(systems.items(), SERIES, LINES, strict=False):
        false_rate, true_rate = roc_curve(labels, scores)
        missed = 1.0 - true_rate
        shown = (false_rate > 0) & (false_rate < 1) & (missed > 0) & (missed < 1)
        if not shown.any():
            axes.plot([], [], color=colour, linestyle=line, label=f"{name} (no errors)")
            continue
        both = np.concatenate([false_rate[shown], missed[shown]])
        lowest, highest = min(lowest, both.min()), max(highest, both.max())
        axes.plot(
            ndtri(false_rate[shown]), ndtri(missed[shown]), color=colour, linestyle=line, linewidth=1.8, label=name
        )
    ticks = _TICKS[(lowest <= 2 * _TICKS) & (highest >= _TICKS / 1.2)]
    places, names = ndtri(ticks), [f"{100 * tick:g}" for tick in ticks]
    axes.set_xticks(places, names)
    axes.set_yticks(places, names)
    limits = places[0] - 0.15, places[-1] + 0.15
    axes.plot(limits, limits, color=INK, linestyle=":", linewidth=1, label="equal error rates")
    axes.set(xlim=limits, ylim=limits, aspect="equal")
    dress(axes, title=title, x="false-alarm rate (%)", y="missed anomalies (%)")
    axes.legend(loc="upper right", fontsize=9, framealpha=0.9, edgecolor="none")
    return figure
