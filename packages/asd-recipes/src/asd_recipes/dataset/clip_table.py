"""Clips listed in a CSV file: a `metadata.csv`, as in audio folders of the Hugging Face hub, or the user's own.

| column | other names | holds | without it |
|---|---|---|---|
| file_name | path, file, filename | path below the table's folder | the table is refused |
| machine | machine_type | machine type | first folder of the path that is no split or label, else the table's folder |
| split | | train, test | a folder of that name, else a DCASE file name, else test for anomalies, train for the rest |
| label | | normal or 0, anomaly or 1 | a DCASE file name, else a folder of that name, else unknown |
| domain, section | | source, target; digits | a DCASE file name, else unknown; 00 |
| d1p, d1v, ... | | item and value | a DCASE file name |

Every other column is an attribute, named by its heading. A path that is absolute or contains `..` is refused: a table
from elsewhere must not name files outside its folder.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TypeVar

from asd_recipes.dataset.attribute_table import TableError, read_rows
from asd_recipes.dataset.clip import Clip, DatasetError
from asd_recipes.dataset.clip_name import ClipName, ClipNameError, Domain, Label, parse_clip_name
from asd_runtime.file_names import printable
from asd_runtime.sound.folder_search import AUDIO_SUFFIXES
from asd_runtime.sound.problem import Problem

_PATH_COLUMNS = ("file_name", "path", "file", "filename")
_MACHINE_COLUMNS = ("machine", "machine_type")
_TAKEN = {*_PATH_COLUMNS, *_MACHINE_COLUMNS, "split", "label", "domain", "section"}
_SPLITS = {"train": "train", "training": "train", "test": "test", "testing": "test"}
_LABELS: dict[str, Label] = {"normal": "normal", "0": "normal", "anomaly": "anomaly", "1": "anomaly"}
_LABELS |= {"anomalous": "anomaly", "abnormal": "anomaly"}
_DOMAINS: dict[str, Domain] = {"source": "source", "target": "target"}
_Meaning = TypeVar("_Meaning")
_PAIR = re.compile(r"d([0-9]+)p")


class _RowError(Exception):
    """A row that gives no clip, with the kind of problem and the reason."""


def metadata_tables(root: Path) -> list[Path]:
    """The metadata.csv of a folder, else those one level below, else two levels below; empty for other layouts."""
    for pattern in ("metadata.csv", "*/metadata.csv", "*/*/metadata.csv"):
        if here := sorted(path for path in root.glob(pattern) if path.is_file()):
            return here
    return []


def scan_tables(root: Path, tables: Sequence[Path]) -> tuple[list[Clip], list[Problem]]:
    """The clips in tables, sorted by machine, split and path, and the rows that give no clip.

    Raises:
        DatasetError: a table is not CSV, has no column of paths, or repeats a heading.
    """
    folder = root.parent if root.is_file() else root
    clips: dict[Path, Clip] = {}
    problems: list[Problem] = []
    for table in tables:
        for number, row in enumerate(_read(table), 1):
            listed = next((row[column] for column in _PATH_COLUMNS if column in row), "")
            try:
                path = table.parent / _inside(listed)
                clip = _clip(path, path.relative_to(folder), folder, row, number)
                if path in clips:
                    raise _RowError("listed twice", f"row {number} lists it again")
            except _RowError as refused:
                kind, reason = refused.args
                problems.append(Problem(printable(listed) or f"row {number}", kind, f"{table.name}: {reason}"))
            else:
                clips[path] = clip
    order = {"train": 0, "test": 1}
    return sorted(clips.values(), key=lambda clip: (clip.machine, order[clip.folder], clip.listed_as)), problems


def _read(table: Path) -> list[dict[str, str]]:
    """Rows as cells by heading; headings in lower case, cells without surrounding spaces."""
    try:
        rows = read_rows(table)
    except TableError as error:
        raise DatasetError(str(error)) from error
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    if not set(header) & set(_PATH_COLUMNS):
        raise DatasetError(f"{table} has no column {', '.join(_PATH_COLUMNS)}; it has {', '.join(header) or 'none'}.")
    if len(rows) == 1:
        raise DatasetError(f"{table} has headings but no rows. Add a row for each recording.")
    named = [cell for cell in header if cell]
    if twice := sorted({cell for cell in named if named.count(cell) > 1}):
        raise DatasetError(f"{table} has the column {twice[0]} twice. Rename or remove one.")
    return [{heading: cell.strip() for heading, cell in zip(header, row, strict=False) if heading} for row in rows[1:]]


def _inside(listed: str) -> PurePosixPath:
    """A path below the table's folder, with either / or \\ as separator."""
    path = PurePosixPath(listed.replace("\\", "/"))
    if not listed.isprintable() or not path.parts:
        raise _RowError("wrong name", "the path is empty, or has an unprintable character")
    if path.is_absolute() or ".." in path.parts or re.match("[A-Za-z]:", listed):
        raise _RowError(
            "leaves the folder",
            "paths must be below the table's folder, without .. and without a leading slash or drive. Move the "
            "recordings there, or move the table",
        )
    if path.suffix.lower() not in AUDIO_SUFFIXES:
        raise _RowError("not audio", "neither .wav nor .flac")
    return path


def _clip(path: Path, below: Path, folder: Path, row: Mapping[str, str], number: int) -> Clip:
    try:
        name = parse_clip_name(path.name)
    except ClipNameError:
        name = ClipName("00", number)
    folders = [part.lower() for part in below.parts[:-1]]
    labelled = next((_LABELS[part] for part in folders if part in _LABELS and part.isalpha()), None)
    label = _choice(row, "label", _LABELS) or name.label or labelled
    if name.label is not None and label != name.label:
        raise _RowError("label disagrees", f"the table says {label}, the file name says {name.label}")
    said = next((_SPLITS[part] for part in folders if part in _SPLITS), None)
    split = _choice(row, "split", _SPLITS) or said or name.split
    split = split or ("test" if label == "anomaly" else "train")
    if split == "train" and label == "anomaly":
        raise _RowError("wrong label", "a training clip must be normal")
    machine = next((row[column] for column in _MACHINE_COLUMNS if row.get(column)), None)
    if machine is None:
        others = [part for part in below.parts[:-1] if part.lower() not in {*_SPLITS, *_LABELS}]
        machine = others[0] if others else printable(folder.resolve().name)
    elif not machine.isprintable() or "/" in machine or machine in (".", ".."):
        raise _RowError("wrong name", f"machine {machine!a} cannot be the name of a folder")
    return Clip(
        machine=machine,
        folder=split,
        path=path,
        name=ClipName(
            section=row.get("section") or name.section,
            number=name.number,
            domain=_choice(row, "domain", _DOMAINS) or name.domain,
            split="train" if split == "train" else "test",
            label=label,
            attributes=_attributes(row) or name.attributes,
        ),
        listed_as=below.as_posix(),
    )


def _choice(row: Mapping[str, str], column: str, meanings: Mapping[str, _Meaning]) -> _Meaning | None:
    """The meaning of a cell; None if the cell is empty or missing."""
    cell = row.get(column, "").lower()
    if not cell:
        return None
    if cell not in meanings:
        raise _RowError(f"wrong {column}", f"{column} must be one of {', '.join(meanings)}; got {row[column]!a}")
    return meanings[cell]


def _attributes(row: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for heading, cell in row.items():
        if match := _PAIR.fullmatch(heading):
            pairs.append((cell, row.get(f"d{match[1]}v", "")))
        elif heading not in _TAKEN and not re.fullmatch("d[0-9]+v", heading):
            pairs.append((heading, cell))
    return tuple((item, value) for item, value in pairs if item not in ("", "noAttribute") and value)
