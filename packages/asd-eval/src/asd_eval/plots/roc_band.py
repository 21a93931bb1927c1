"""The ROC curve with its confidence band and the region that the pAUC measures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from asd_eval.inputs.checked_columns import Float64Array, checked_labels, checked_scores
from asd_eval.intervals.bootstrap import bootstrap_auc
from asd_eval.intervals.interval import Interval
from asd_eval.intervals.resampling import bootstrap_counts
from asd_eval.metrics.conventions import MAX_FPR
from asd_eval.metrics.roc import roc_curve
from asd_eval.metrics.strata import Section
from asd_eval.plots.style import ANOMALOUS, INK, NORMAL, dress, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_roc(
    labels: ArrayLike,
    scores: ArrayLike,
    *,
    title: str = "ROC",
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Figure:
    """The ROC curve, a bootstrap band (pointwise, at each false-positive rate), and AUC and pAUC with intervals.

    Args:
        labels: (N,) 0 normal, 1 anomaly.
        scores: (N,) anomaly scores.
        resamples, confidence, seed: of the band and of the intervals.

    Raises:
        UndefinedMetricError: if a class is missing.
        EvaluationError: if an argument is invalid.
    """
    auc, pauc = bootstrap_auc(labels, scores, resamples=resamples, confidence=confidence, seed=seed)
    false_rate, true_rate = roc_curve(labels, scores)
    grid = np.linspace(0.0, 1.0, 201)
    low, high = _band(labels, scores, grid, resamples=resamples, confidence=confidence, seed=seed)
    figure = new_figure(5.2, 5.2)
    axes = figure.subplots()
    axes.fill_between(
        grid, low, high, color=NORMAL, alpha=0.18, linewidth=0, label=f"{100 * confidence:g} % band, pointwise"
    )
    inside = false_rate <= MAX_FPR
    region_x = np.append(false_rate[inside], MAX_FPR)
    region_y = np.append(
        true_rate[inside], max(float(np.interp(MAX_FPR, false_rate, true_rate)), true_rate[inside][-1])
    )
    axes.fill_between(
        region_x, region_y, facecolor=f"{ANOMALOUS}44", edgecolor=ANOMALOUS, hatch="///", linewidth=0.0,
        label=f"pAUC (p = {MAX_FPR:g}): {_in_percent(pauc)}",
    )  # fmt: skip
    axes.plot(false_rate, true_rate, color=NORMAL, linewidth=2, label=f"AUC: {_in_percent(auc)}")
    axes.plot([0, 1], [0, 1], color=INK, linestyle=":", linewidth=1, label="chance")
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
    dress(axes, title=title, x="false-positive rate", y="true-positive rate")
    axes.legend(loc="lower right", fontsize=8.5, framealpha=0.9, edgecolor="none")
    return figure


def _band(
    labels: ArrayLike, scores: ArrayLike, grid: Float64Array, *, resamples: int, confidence: float, seed: int
) -> tuple[Float64Array, Float64Array]:
    label, score = checked_labels(labels), checked_scores(scores)
    section = Section.from_scores(label, np.full(len(label), ""), [score])
    curves = []
    for systems in bootstrap_counts(section, resamples, np.random.default_rng(seed)):
        normal, anomalous = (np.cumsum(counts, axis=1) / counts.sum(axis=1)[:, None] for counts in systems[0])
        for false_rate, true_rate in zip(normal, anomalous, strict=True):
            curves.append(np.interp(grid, np.append(0.0, false_rate), np.append(0.0, true_rate)))
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(np.array(curves), [tail, 1.0 - tail], axis=0)
    return low, high


def _in_percent(interval: Interval) -> str:
    # An interval without width would look like certainty.
    reach = f"[{100 * interval.low:.1f}, {100 * interval.high:.1f}]" if interval.low < interval.high else "(no spread)"
    return f"{100 * interval.value:.1f} % {reach}"
