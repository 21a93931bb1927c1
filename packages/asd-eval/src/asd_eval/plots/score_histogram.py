"""Histograms of anomaly scores by label, one panel per domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from asd_eval.errors import EvaluationError
from asd_eval.inputs.score_table import ScoreTable
from asd_eval.plots.style import ANOMALOUS, HATCHES, INK, NORMAL, dress, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_score_histogram(
    table: ScoreTable | Mapping[str, Any],
    *,
    machine: str | None = None,
    section: str | None = None,
    threshold: float | None = None,
    bins: int = 30,
) -> Figure:
    """Where normal and anomalous clips of each domain score.

    Args:
        table: as for ``evaluate``.
        machine, section: which clips; all if not given.
        threshold: drawn as a line.
        bins: number of bins, common to all panels.

    Raises:
        EvaluationError: if there are no such clips.
    """
    clips = ScoreTable.from_table(table)
    keep = np.ones(len(clips.scores), dtype=bool)
    if machine is not None:
        keep &= clips.machines == machine
    if section is not None:
        keep &= clips.sections == section
    if not keep.any():
        raise EvaluationError(f"no clips of machine {machine!r}, section {section!r}.")
    domains = [d for d in ("source", "target", "") if np.any(clips.domains[keep] == d)]
    edges = np.histogram_bin_edges(clips.scores[keep], bins=bins)
    figure = new_figure(6.0, 1.0 + 2.0 * len(domains))
    panels = figure.subplots(len(domains), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for axes, domain in zip(panels, domains, strict=True):
        for label, word, colour, hatch in ((0, "normal", NORMAL, HATCHES[0]), (1, "anomalous", ANOMALOUS, HATCHES[1])):
            scores = clips.scores[keep & (clips.domains == domain) & (clips.labels == label)]
            if len(scores):
                axes.hist(
                    scores, edges, label=f"{word} ({len(scores)})", histtype="stepfilled",
                    facecolor=f"{colour}66", edgecolor=colour, linewidth=1.4, hatch=hatch,
                )  # fmt: skip
        if threshold is not None:
            axes.axvline(threshold, color=INK, linestyle="--", linewidth=1.2, label=f"threshold {threshold:.3g}")
        last = axes is panels[-1]
        dress(axes, title=f"{domain} domain" if domain else "all clips", x="anomaly score" if last else "", y="clips")
        axes.legend(frameon=False, fontsize=9)
    title = " ".join(word for word in (machine, f"section {section}" if section else "") if word)
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=12, color=INK)
    return figure
