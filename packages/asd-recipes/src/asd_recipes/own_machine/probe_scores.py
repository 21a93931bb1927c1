"""What detectors say about held-out pieces with and without a probe, as a CSV table, to the last bit."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asd_runtime.whole_file import write_text

Float64Array = NDArray[np.float64]


@dataclass(frozen=True)
class ProbeScores:
    """Scores of N pieces without, and of R pieces with a probe.

    Attributes:
        normal: (N,) by detector.
        probed: (R,) by detector.
        kinds, levels_db: (R,) of each probe.
        pieces: (R,) which of the N pieces each probe is in.
    """

    normal: Mapping[str, Float64Array]
    probed: Mapping[str, Float64Array]
    kinds: list[str]
    levels_db: list[float]
    pieces: NDArray[np.int64]


def write_probe_scores(path: Path, scores: ProbeScores) -> None:
    """Writes the table, whole or not at all; the pieces without a probe come first and have no kind."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["kind", "level_db", "piece", *scores.normal])
    normal = [column.tolist() for column in scores.normal.values()]
    writer.writerows(["", "", piece, *values] for piece, values in enumerate(zip(*normal, strict=True)))
    probed = [scores.probed[name].tolist() for name in scores.normal]
    writer.writerows(zip(scores.kinds, scores.levels_db, scores.pieces.tolist(), *probed, strict=True))
    write_text(path, text.getvalue())


def read_probe_scores(path: Path) -> ProbeScores:
    """Reads what `write_probe_scores` wrote."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    normal, probed = ([row for row in rows if (row[0] == "") == clean] for clean in (True, False))
    names = list(enumerate(header[3:], 3))
    return ProbeScores(
        normal={name: np.array([float(row[place]) for row in normal]) for place, name in names},
        probed={name: np.array([float(row[place]) for row in probed]) for place, name in names},
        kinds=[row[0] for row in probed],
        levels_db=[float(row[1]) for row in probed],
        pieces=np.array([int(row[2]) for row in probed], np.int64),
    )
