"""`attributes_NN.csv` of a machine: the organisers' list of the conditions under which each clip was recorded.

Rows are `file_name,d1p,d1v,d2p,d2v,...`, with a varying number of (item, value) pairs. 2022 has a file for each
section, later years only attributes_00.csv, and 2020 and 2021 have none.
"""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from asd_recipes.dataset.clip import Clip
from asd_recipes.dataset.clip_name import ClipName, ClipNameError, parse_clip_name
from asd_runtime.file_names import printable
from asd_runtime.sound.problem import Problem

Attributes = tuple[tuple[str, str], ...]


class TableError(ValueError):
    """A file that cannot be read as CSV."""


def read_rows(path: Path) -> list[list[str]]:
    """The non-empty rows of a CSV file.

    Raises:
        TableError: the file is not UTF-8, or not CSV.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [row for row in csv.reader(file) if any(cell.strip() for cell in row)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise TableError(f"{path} is not a CSV file in UTF-8: {error}. Export it again.") from error


def read_attribute_tables(machine: Path) -> tuple[dict[str, Attributes], list[Problem]]:
    """(attributes by file name, unreadable tables) of a machine's folder; clips without attributes are not included."""
    attributes: dict[str, Attributes] = {}
    problems: list[Problem] = []
    for path in sorted(machine.glob("attributes_*.csv")):
        try:
            rows = read_rows(path)[1:]
        except (TableError, OSError) as error:
            problems.append(Problem(f"{machine.name}/{printable(path.name)}", "unreadable table", str(error)))
        else:
            attributes |= {PurePosixPath(row[0]).name: _pairs(row[1:]) for row in rows}
    return attributes, problems


def attribute_problems(machine: Path, clips: Sequence[Clip]) -> list[Problem]:
    """Where a machine's attribute tables and its file names disagree; empty for a machine without a table."""
    listed, _ = read_attribute_tables(machine)
    if not listed:
        return []
    by_name = {clip.path.name: clip for clip in clips}
    problems = [
        Problem(
            f"{machine.name}/{printable(name)}",
            "no such clip",
            "an attributes_NN.csv lists it, but the file does not exist",
        )
        for name in sorted(listed.keys() - by_name.keys())
    ]
    for name, clip in by_name.items():
        if name not in listed:
            if clip.name.label is not None:
                problems.append(Problem(clip.key, "not listed", "no attributes_NN.csv lists it"))
            continue
        written = _written(name)
        if written.attributes and listed[name] and listed[name] != written.attributes:
            reason = f"attributes_NN.csv says {words(listed[name])}, the file name says {words(written.attributes)}"
            problems.append(Problem(clip.key, "attributes disagree", reason))
    return problems


def words(attributes: Iterable[tuple[str, str]]) -> str:
    """'vel=5 loc=A', or '-' for none."""
    return " ".join(f"{item}={value}" for item, value in attributes) or "-"


def _pairs(cells: Sequence[str]) -> Attributes:
    """Pairs from cells of item and value in turn; `noAttribute` and empty cells give none."""
    pairs = zip(cells[::2], cells[1::2], strict=False)
    return tuple((item.strip(), value.strip()) for item, value in pairs if item.strip() not in ("", "noAttribute"))


def _written(name: str) -> ClipName:
    try:
        return parse_clip_name(name)
    except ClipNameError:  # a supplementary clip: its name has another form
        return ClipName("", 0)
