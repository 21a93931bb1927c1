"""Attributes of one's own recordings, such as speed or load, from a CSV file or from file names.

A CSV file has a column `file_name` (or path, file, filename) with paths below the folder or bare file names. Every
other column is an attribute; an empty cell means no value. A pattern such as "{speed}_{load}" is matched against the
file name without its suffix, or against the whole path below the folder if the pattern has a slash. Each {name} is an
attribute; {} matches text that does not matter.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from asd_recipes.dataset.attribute_table import Attributes, TableError, read_rows
from asd_recipes.dataset.clip import Clip, DatasetError
from asd_recipes.own_machine.normal import NORMAL
from asd_recipes.own_machine.own_recordings import OwnRecordings
from asd_runtime.counted import counted

_PATHS = ("file_name", "path", "file", "filename")
_FIELD = re.compile(r"\{(\w*)\}")


def with_attributes(recordings: OwnRecordings, *, table: Path | None, pattern: str | None) -> OwnRecordings:
    """The same recordings, the normal ones with their attributes.

    Raises:
        DatasetError: both table and pattern are given, or the one given cannot be read or matches no recording.
    """
    if table is None and pattern is None:
        return recordings
    if table is not None and pattern is not None:
        raise DatasetError("--attributes and --pattern both give attributes. Pass only one of them.")
    normal = [clip for clip in recordings.clips if clip.machine == NORMAL]
    known = _of_table(table, normal) if table is not None else _of_names(str(pattern), normal)
    if not known:
        source = f"{table}" if table is not None else f"pattern {pattern!r}"
        raise DatasetError(f"{source} matches no recording; the first is {normal[0].listed_as}.")
    notes = list(recordings.notes)
    if without := [clip.listed_as for clip in normal if clip.listed_as not in known]:
        known_of = f"{len(normal) - len(without)} of {counted(len(normal), 'normal recording')}"
        notes.append(f"only {known_of} got attributes; the first without is {without[0]}")
    clips = [
        replace(clip, name=replace(clip.name, attributes=known[clip.listed_as]))
        if clip.machine == NORMAL and clip.listed_as in known
        else clip
        for clip in recordings.clips
    ]
    return replace(recordings, clips=tuple(clips), notes=tuple(notes))


def _of_names(pattern: str, clips: Sequence[Clip]) -> dict[str, Attributes]:
    items = [item for item in _FIELD.findall(pattern) if item]
    if not items or len(set(items)) < len(items) or not all(item.isidentifier() for item in items):
        raise DatasetError(
            f"--pattern must name attributes, each once, such as '{{speed}}_{{load}}'; got {pattern!r}. "
            "{} matches text that does not matter."
        )
    # re.split keeps the groups: text, name, text, name, ..., text
    parts = _FIELD.split(pattern)
    expression = "".join(
        re.escape(part) if place % 2 == 0 else f"(?P<{part}>.+?)" if part else ".*?" for place, part in enumerate(parts)
    )
    whole = re.compile(expression)
    known: dict[str, Attributes] = {}
    for clip in clips:
        path = PurePosixPath(clip.listed_as).with_suffix("")
        if match := whole.fullmatch(str(path) if "/" in pattern else path.name):
            known[clip.listed_as] = tuple((item, match[item]) for item in items)
    return known


def _of_table(table: Path, clips: Sequence[Clip]) -> dict[str, Attributes]:
    try:
        rows = read_rows(table)
    except TableError as error:
        raise DatasetError(str(error)) from error
    header = [cell.strip() for cell in rows[0]] if rows else []
    paths = next((place for place, cell in enumerate(header) if cell.lower() in _PATHS), None)
    if paths is None:
        raise DatasetError(f"{table} has no column {', '.join(_PATHS)}; it has {', '.join(header) or 'none'}.")
    listed: dict[str, Attributes] = {}
    for row in rows[1:]:
        pairs = [(item, cell.strip()) for item, cell in zip(header, row, strict=False) if item]
        if len(row) > paths:
            name = row[paths].strip().replace("\\", "/").removeprefix("./")
            listed[name] = tuple(pair for pair in pairs if pair[0] != header[paths] and pair[1])
    known = {clip.listed_as: listed.get(clip.listed_as, listed.get(clip.path.name)) for clip in clips}
    return {name: attributes for name, attributes in known.items() if attributes}
