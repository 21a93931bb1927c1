"""Scores of clips as a CSV table: which clip, then a column for each score. Floats are written to the last bit."""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asd_recipes.dataset.clip import Clip
from asd_runtime.file_names import from_table, in_table
from asd_runtime.whole_file import write_text

Float64Array = NDArray[np.float64]


@dataclass(frozen=True)
class CandidateTable:
    """Anomaly scores (higher is more anomalous) of N clips, by column name.

    Attributes:
        files: names, unique within a part: file names, as in submission files. Where file names repeat, as they may if
            a table lists the clips, paths below the table's folder.
    """

    files: list[str]
    parts: list[str]  # "validation" (normal training clips that were not trained on) or "test"
    domains: list[str]
    labels: list[str]
    columns: dict[str, Float64Array]

    def part(self, name: str) -> "CandidateTable":
        """The rows of one part."""
        keep = [row for row, part in enumerate(self.parts) if part == name]
        return CandidateTable(
            files=[self.files[row] for row in keep],
            parts=[name] * len(keep),
            domains=[self.domains[row] for row in keep],
            labels=[self.labels[row] for row in keep],
            columns={key: values[keep] for key, values in self.columns.items()},
        )


def candidate_table(clips: Sequence[Clip], parts: Sequence[str], columns: Mapping[str, Float64Array]) -> CandidateTable:
    """A table of clips and their scores; a clip is named by its file name, or by its path if that name repeats."""
    named = Counter((part, clip.path.name) for part, clip in zip(parts, clips, strict=True))
    return CandidateTable(
        files=[
            clip.path.name if named[part, clip.path.name] == 1 else clip.listed_as or clip.path.name
            for part, clip in zip(parts, clips, strict=True)
        ],
        parts=list(parts),
        domains=[clip.name.domain or "" for clip in clips],
        labels=[clip.name.label or "" for clip in clips],
        columns=dict(columns),
    )


def write_candidate_table(path: Path, table: CandidateTable) -> None:
    """Writes the table as CSV, whole or not at all."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["part", "file", "domain", "label", *table.columns])
    values = [column.tolist() for column in table.columns.values()]
    writer.writerows(zip(table.parts, map(in_table, table.files), table.domains, table.labels, *values, strict=True))
    write_text(path, text.getvalue())


def read_candidate_table(path: Path) -> CandidateTable:
    """Reads what `write_candidate_table` wrote, bit for bit."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    names = header[4:]
    return CandidateTable(
        files=[from_table(row[1]) for row in rows],
        parts=[row[0] for row in rows],
        domains=[row[2] for row in rows],
        labels=[row[3] for row in rows],
        columns={name: np.array([float(row[4 + k]) for row in rows]) for k, name in enumerate(names)},
    )
