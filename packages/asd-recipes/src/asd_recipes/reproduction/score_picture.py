"""Draws the official score of each system with its interval, and the paper's value, in one picture.

The numbers are rounded to two decimals as in the tables, so that the picture can be drawn again from a page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from asd_recipes.reproduction.paper_tables import LAST_COLUMN, MACHINES, paper_values
from asd_recipes.reproduction.systems import ConventionName, SystemResult
from asd_runtime.whole_file import write_whole

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

# From Okabe and Ito's palette, whose colours colour-blind people can distinguish.
_COLOURS: dict[ConventionName, str] = {"official": "#0072B2", "within-domain": "#D55E00"}
_OFFSETS: dict[ConventionName, float] = {"official": -0.14, "within-domain": 0.14}
_LONGEST_NAME = 40


@dataclass(frozen=True)
class Score:
    """An official score and its 95 % interval, in percent."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class PictureRow:
    """One system; it has no scores unless every machine was scored."""

    system: str
    scores: dict[ConventionName, Score]
    paper: float | None  # None if the run's machines are not the paper's

    @property
    def paper_convention(self) -> ConventionName:
        """The paper takes its baseline rows from the organisers, and scores its own systems within each domain."""
        return "official" if self.system.startswith("Baseline") else "within-domain"


def picture_rows(results: Sequence[SystemResult], machines: Sequence[str]) -> list[PictureRow]:
    """The rows that use no test labels, in the order of the tables."""
    rows = []
    for result in results:
        if result.row.uses_labels:
            continue
        scores = {
            convention: Score(*(round(100 * part, 2) for part in (item.value, item.low, item.high)))
            for convention, item in result.intervals.items()
            if set(result.scores) == set(machines)
        }
        paper = paper_values().get((4, result.row.paper_name or "", LAST_COLUMN[4]))
        rows.append(PictureRow(result.row.name, scores, paper if set(machines) == set(MACHINES) else None))
    return rows


def draw_scores(rows: Sequence[PictureRow], path: Path, *, data: str, seed: int) -> None:
    """Writes the picture as SVG; the same rows give the same bytes.

    Args:
        rows: at least one.
        path: of the picture.
        data: "synthetic", or where the recordings are.
        seed: of the run.
    """
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rc("font", family="DejaVu Sans", size=10)
        matplotlib.rc("svg", fonttype="path", hashsalt="asd")
        height = 1.45 + 0.36 * len(rows)
        figure = Figure(figsize=(8.4, height), facecolor="white")
        FigureCanvasSVG(figure)
        axes = figure.add_axes((0.225, 0.55 / height, 0.75, 0.36 * len(rows) / height))
        _draw_rows(axes, rows)
        title = f"Official score, {_data_name(data)}, seed {seed}"
        figure.text(0.02, 1 - 0.3 / height, title, fontsize=12, weight="bold", parse_math=False)
        figure.legend(*_legend(rows), loc="upper left", bbox_to_anchor=(0.01, 1 - 0.4 / height), ncols=3, frameon=False)
        metadata = {"Date": None, "Creator": None}
        write_whole(path, lambda partial: figure.savefig(partial, format="svg", metadata=metadata))


def _data_name(data: str) -> str:
    """A name for the data that fits into the title."""
    if data == "synthetic":
        return "SYNTHETIC DATA"
    return data if len(data) <= _LONGEST_NAME else f"…{data[-_LONGEST_NAME:]}"


def _draw_rows(axes: "Axes", rows: Sequence[PictureRow]) -> None:
    """One line per system, the first at the top."""
    for place, row in enumerate(rows):
        for convention, score in row.scores.items():
            error = [[score.value - score.low], [score.high - score.value]]
            axes.errorbar(score.value, place + _OFFSETS[convention], xerr=error, color=_COLOURS[convention],
                          marker="o", markersize=4.5, capsize=2.5, linewidth=1.4)  # fmt: skip
        if row.paper is not None:
            height = place + _OFFSETS[row.paper_convention]
            axes.plot(row.paper, height, "D", markersize=5.5, color=_COLOURS[row.paper_convention],
                      markerfacecolor="white", zorder=3)  # fmt: skip
        if not row.scores:
            axes.text(50.4, place, "missing: not every machine was scored", va="center", color="#595959")
    axes.axvline(50, color="#8c8c8c", linewidth=1, linestyle="--")
    axes.set_yticks(range(len(rows)), [row.system.replace(" (not", "\n(not") for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel("harmonic mean of the AUCs and pAUCs of all machines [%]; dashed: chance")
    axes.grid(axis="x", color="#e0e0e0", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _legend(rows: Sequence[PictureRow]) -> "tuple[list[Artist], list[str]]":
    from matplotlib.lines import Line2D

    handles: list[Artist] = [Line2D([], [], color=_COLOURS[name], marker="o", markersize=4.5) for name in _COLOURS]
    labels = [f"{name}, 95 % interval" for name in _COLOURS]
    if any(row.paper is not None for row in rows):
        handles.append(
            Line2D([], [], color="#404040", marker="D", markerfacecolor="white", linestyle="none", markersize=5.5)
        )
        labels.append("the paper's value, on real data")
    return handles, labels
