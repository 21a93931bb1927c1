"""Under which conditions one's own recordings were made: from a CSV file, or from the files' names.

A CSV has a column `file_name` (or path, file, filename) with paths below the folder, or bare file names; every other
column is an attribute, an empty cell says nothing. A pattern such as "{speed}_{load}" is held against a file's name
without its suffix, or, if it has a slash, against the whole path below the folder: each {name} is an attribute, {}
stands for what is of no interest.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from asd_recipes.bundle.manifest import NORMAL
from asd_recipes.dataset.attribute_table import Attributes, TableError, read_rows
from asd_recipes.dataset.clip import Clip, DatasetError
from asd_recipes.own_machine.own_recordings import OwnRecordings

_PATHS = ("file_name", "path", "file", "filename")
_FIELD = re.compile(r"\{(\w*)\}")


def with_attributes(found: OwnRecordings, *, table: Path | None, pattern: str | None) -> OwnRecordings:
    """The same recordings, the normal ones with their attributes.

    Raises:
        DatasetError: table and pattern both, a table or pattern that cannot be read, or one that fits no recording.
    """
    if table is None and pattern is None:
        return found
    if table is not None and pattern is not None:
        raise DatasetError("--attributes and --pattern both say the attributes. Pass one of the two.")
    normal = [clip for clip in found.clips if clip.machine == NORMAL]
    known = _of_table(table, normal) if table is not None else _of_names(str(pattern), normal)
    if not known:
        source = f"{table}" if table is not None else f"pattern {pattern!r}"
        raise DatasetError(f"{source} fits none of the {len(normal)} recordings, such as {normal[0].listed_as}.")
    notes = list(found.notes)
    if without := [clip.listed_as for clip in normal if clip.listed_as not in known]:
        notes.append(f"{len(without)} of {len(normal)} normal recordings have no attributes; the first is {without[0]}")
    clips = [
        replace(clip, name=replace(clip.name, attributes=known[clip.listed_as]))
        if clip.machine == NORMAL and clip.listed_as in known
        else clip
        for clip in found.clips
    ]
    return replace(found, clips=tuple(clips), notes=tuple(notes))


def _of_names(pattern: str, clips: Sequence[Clip]) -> dict[str, Attributes]:
    items = [item for item in _FIELD.findall(pattern) if item]
    if not items or len(set(items)) < len(items) or not all(item.isidentifier() for item in items):
        raise DatasetError(
            f"--pattern must hold attributes, each once, as in '{{speed}}_{{load}}'; got {pattern!r}. "
            "{} stands for what is of no interest."
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
    found = {clip.listed_as: listed.get(clip.listed_as, listed.get(clip.path.name)) for clip in clips}
    return {name: attributes for name, attributes in found.items() if attributes}
