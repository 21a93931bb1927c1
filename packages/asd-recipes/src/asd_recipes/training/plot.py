"""Draws the losses and validation AUCs of all trainings of a machine over the epochs."""

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from asd_runtime.whole_file import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's palette, whose colours colour-blind people can distinguish.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")


def plots_are_possible() -> bool:
    """Whether matplotlib is installed."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        return False
    return True


def plot_trainings(histories: dict[str, Path], path: Path, *, title: str) -> None:
    """Draws the CSV tables of several trainings of one machine; writes a PNG file.

    Args:
        histories: `training.csv` files by the name of the system.
        path: of the picture.
        title: names the machine and the data.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    losses, aucs = figure.subplots(1, 2)
    for place, (name, file) in enumerate(histories.items()):
        rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
        colour, line = _COLOURS[place % len(_COLOURS)], ("-", "--", ":")[place // len(_COLOURS) % 3]
        _curve(losses, rows, "training_loss", colour, line, label=name)
        _curve(losses, rows, "validation_loss", colour, line, marker=".")
        _curve(aucs, rows, "validation_auc", colour, line, label=name)
    losses.set(xlabel="epoch", ylabel="loss", yscale="log", title="loss: line training, dots validation")
    aucs.set(xlabel="epoch", ylabel="AUC", title="validation AUC of pseudo-anomalies")
    for axes in (losses, aucs):
        axes.grid(alpha=0.3)
    handles, labels = losses.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", fontsize="small", frameon=False)
    figure.suptitle(title)
    write_whole(path, lambda partial: figure.savefig(partial, format="png", dpi=110, metadata={"Software": None}))


def _curve(
    axes: "Axes", rows: list[dict[str, str]], column: str, colour: str, line: str, *, label: str = "", marker: str = ""
) -> None:
    """Draws one column over the epochs, if the table has it."""
    points = [(int(row["epoch"]), float(row[column])) for row in rows if row.get(column)]
    if points:
        epochs, values = zip(*points, strict=True)
        style = {"linestyle": "none" if marker else line, "marker": marker, "markersize": 4, "color": colour}
        axes.plot(epochs, values, label=label or "_", **style)  # type: ignore[arg-type]
