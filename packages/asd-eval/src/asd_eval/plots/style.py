"""One look for all pictures, readable by colour-blind people and in grey.

Colours are Okabe and Ito's (2008), ordered by lightness. What differs in colour also differs in line style or
hatching.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NORMAL, ANOMALOUS = "#0072B2", "#D55E00"
"""Blue and vermilion: normal and anomalous clips, in every picture."""

SERIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
"""Systems beside each other."""

LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)))
HATCHES = ("", "///", "...", "xxx", "\\\\\\", "++")
INK, GRID = "#333333", "#D9D9D9"


def new_figure(width_in: float, height_in: float) -> Figure:
    """An empty figure with constrained layout.

    Raises:
        ImportError: if matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("pictures need matplotlib: pip install matplotlib") from error
    return Figure(figsize=(width_in, height_in), layout="constrained")


def dress(axes: Axes, *, title: str, x: str, y: str) -> None:
    """Titles, a light grid behind the data, and no frame at the top and right."""
    axes.set_title(title, fontsize=11, loc="left", color=INK)
    axes.set_xlabel(x, color=INK)
    axes.set_ylabel(y, color=INK)
    axes.grid(color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, labelsize=9)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(INK)
