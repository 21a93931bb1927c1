"""Losses of a training per epoch, as a CSV table."""

import csv
import io
from collections.abc import Sequence

Epoch = dict[str, float]
"""One row: `epoch`, then a value for each loss and measure."""
_COLUMNS = (
    "epoch", "training_loss", "machine_loss", "attribute_loss", "flow_loss", "validation_loss", "validation_auc"
)  # fmt: skip


def history_csv(history: Sequence[Epoch]) -> str:
    """The table as text. A missing value is empty: if no row trained the flow, an epoch has no flow loss."""
    text = io.StringIO()
    columns = [name for name in _COLUMNS if any(name in epoch for epoch in history)] or _COLUMNS[:1]
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return text.getvalue()
