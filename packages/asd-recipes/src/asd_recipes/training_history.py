"""Losses of a training, epoch by epoch, as a CSV table."""

import csv
import io
from collections.abc import Sequence

Epoch = dict[str, float]
"""One row: `epoch`, then a value for each loss and measure."""


def history_csv(history: Sequence[Epoch]) -> str:
    """The table as text; the columns are the first epoch's."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(history[0]) if history else ["epoch"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return text.getvalue()
