"""Pictures of scores and metrics as matplotlib figures; needs the extra ``asd-eval[plots]``.

Each function returns a ``matplotlib.figure.Figure`` of its own (no pyplot, no global state): save it with
``figure.savefig("roc.png", dpi=150)``.
"""

from asd_eval.plots.det_curve import plot_det
from asd_eval.plots.machine_bars import plot_machine_bars
from asd_eval.plots.roc_band import plot_roc
from asd_eval.plots.score_histogram import plot_score_histogram

__all__ = ["plot_det", "plot_machine_bars", "plot_roc", "plot_score_histogram"]
