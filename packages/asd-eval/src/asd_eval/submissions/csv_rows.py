"""Rows of a CSV file as people really write them; every repair is recorded.

Repaired are: a byte-order mark, UTF-16, Latin-1 bytes, CRLF and CR line ends, semicolons or tabs instead of
commas, decimal commas (in files with semicolons or tabs), blank lines, blanks around fields, and a header. Anything
else is an error with file and row.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from asd_eval.errors import DuplicateNameError, EncodingError, MissingFileError, RowError, SubmissionError

HEADER_NAMES = frozenset({"name", "file_name", "filename", "file", "clip", "wav"})
"""First fields that mark a header row, which the rules of the challenge do not have."""


@dataclass(frozen=True)
class CsvRows:
    """The rows of one file.

    Attributes:
        rows: row number in the file (from 1) and its fields.
        repairs: what had to be repaired, in words.
    """

    path: Path
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    repairs: tuple[str, ...]
    delimiter: str = ","

    def number(self, text: str, row: int) -> float:
        """A finite number of a row.

        Raises:
            RowError: if it is not one.
        """
        # A comma can only be a decimal comma where something else separates the fields.
        decimal = text if self.delimiter == "," else text.replace(",", ".")
        try:
            # float() also takes 1_000, which no other program writes or reads
            number = float("x" if "_" in decimal else decimal)
        except ValueError as error:
            raise RowError(
                f"{text!r:.40} is not a number; write scores like 0.123.", path=self.path, row=row
            ) from error
        if not math.isfinite(number):
            raise RowError(f"the score is {text}; scores must be finite.", path=self.path, row=row)
        return number

    def flag(self, text: str, row: int, *, what: str) -> int:
        """0 or 1 of a row, also written 0.0 or 1.0.

        Raises:
            RowError: if it is neither.
        """
        if not re.fullmatch(r"[01](\.0*)?", text):
            raise RowError(f"{what} {text!r:.40} must be 0 or 1.", path=self.path, row=row)
        return int(text[0])

    def by_name(self) -> dict[str, tuple[int, tuple[str, ...]]]:
        """Row number and the other fields of each clip, by the name in the first field.

        Raises:
            DuplicateNameError: if a name comes twice.
            RowError: if a name is empty.
        """
        found: dict[str, tuple[int, tuple[str, ...]]] = {}
        for row, (name, *others) in self.rows:
            if not name:
                raise RowError("the clip's name is empty.", path=self.path, row=row)
            if name in found:
                raise DuplicateNameError(
                    f"{name} appears twice, first in row {found[name][0]}.", path=self.path, row=row
                )
            found[name] = row, tuple(others)
        return found


def read_csv_rows(path: Path | str, *, fields: Sequence[int] = (2,)) -> CsvRows:
    """All rows of a CSV file with a fixed number of fields.

    Args:
        path: the file.
        fields: allowed numbers of fields in a row.

    Raises:
        MissingFileError: if there is no such file.
        EncodingError: if it is not text.
        RowError: if a row has another number of fields.
        SubmissionError: if there are no rows.
    """
    place = Path(path)
    text, repairs = _text(place)
    delimiter = _delimiter(text)
    if delimiter != ",":
        repairs.append(f"{'semicolons' if delimiter == ';' else 'tabs'} instead of commas")
    rows: list[tuple[int, tuple[str, ...]]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            cells = tuple(cell.strip() for cell in row)
            if not any(cells):
                continue
            if not rows and cells[0].lower() in HEADER_NAMES:
                _once(repairs, "a header row")
                continue
            if len(cells) not in fields:
                allowed = " or ".join(str(count) for count in fields)
                raise RowError(
                    f"{len(cells)} fields where there should be {allowed}: {delimiter.join(cells):.80}",
                    path=place,
                    row=reader.line_num,
                )
            if cells != tuple(row):
                _once(repairs, "blanks around fields")
            rows.append((reader.line_num, cells))
    except csv.Error as error:
        raise RowError(f"not CSV: {error}", path=place, row=reader.line_num) from error
    if not rows:
        raise SubmissionError("no rows; there must be one row per clip.", path=place)
    return CsvRows(place, tuple(rows), tuple(repairs), delimiter)


def _text(path: Path) -> tuple[str, list[str]]:
    if not path.is_file():
        raise MissingFileError("there is no such file.", path=path)
    raw = path.read_bytes()
    repairs: list[str] = []
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        repairs.append("UTF-16")
        try:
            text = raw.decode("utf-16")
        except UnicodeDecodeError as error:
            raise EncodingError(f"broken UTF-16 at byte {error.start}.", path=path) from error
    else:
        if raw.startswith(b"\xef\xbb\xbf"):
            repairs.append("byte-order mark")
            raw = raw[3:]
        if b"\0" in raw:
            raise EncodingError(f"byte {raw.index(0)} is zero: this is not a text file.", path=path)
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            text = raw.decode("latin-1")  # takes every byte: names may look odd, but numbers are ASCII
            repairs.append("Latin-1")
    if "\r" in text:
        repairs.append("CRLF or CR line ends")
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text, repairs


def _delimiter(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    for delimiter in (";", "\t"):
        if delimiter in first:
            return delimiter
    return ","


def _once(repairs: list[str], repair: str) -> None:
    if repair not in repairs:
        repairs.append(repair)
