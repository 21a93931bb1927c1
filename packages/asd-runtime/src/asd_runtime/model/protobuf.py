"""Reads the wire format of Protocol Buffers without trusting it.

Only the fields that a message kind names are read; any other field is an error. So a file holds nothing that was not
looked at. Lengths are checked before they are used, and the number of fields has a limit, so reading takes a bounded
time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

_VARINT, _LENGTH_DELIMITED = 0, 2  # wire types
_LONGEST_VARINT = 10


class WireError(ValueError):
    """Bytes that are not the message that they should be."""


@dataclass(frozen=True)
class MessageKind:
    """What a message may contain.

    Attributes:
        name: of the message, for errors.
        fields: by number, the name of a field and whether it is an integer or a piece of bytes: a text or a message.
        refused: by number, the names of known fields that it must not have, for errors.
    """

    name: str
    fields: Mapping[int, tuple[str, Literal["integer", "bytes"]]]
    refused: Mapping[int, str]


@dataclass(frozen=True)
class Message:
    """The fields of a message, in the order of the file; a field that is not there is an empty list."""

    integers: Mapping[str, list[int]]
    pieces: Mapping[str, list[memoryview]]


class WireReader:
    """Reads messages, at most so many fields in all.

    Args:
        most_fields: the limit.
    """

    def __init__(self, *, most_fields: int) -> None:
        self._left = most_fields

    def read(self, content: memoryview, kind: MessageKind) -> Message:
        """One message.

        Raises:
            WireError: it is cut off, or has a field of another kind, or there are too many fields.
        """
        integers: dict[str, list[int]] = {name: [] for name, form in kind.fields.values() if form == "integer"}
        pieces: dict[str, list[memoryview]] = {name: [] for name, form in kind.fields.values() if form == "bytes"}
        place = 0
        while place < len(content):
            self._left -= 1
            if self._left < 0:
                raise WireError("it has too many parts")
            key, place = _varint(content, place)
            number, wire_type = key >> 3, key & 7
            if number not in kind.fields:
                raise WireError(f"a {kind.name} has the field {kind.refused.get(number, number)}, which is not allowed")
            name, form = kind.fields[number]
            if wire_type != (_VARINT if form == "integer" else _LENGTH_DELIMITED):
                raise WireError(f"the field {name} of a {kind.name} has the wrong wire type {wire_type}")
            value, place = _varint(content, place)
            if form == "integer":
                integers[name].append(value)
                continue
            if value > len(content) - place:
                raise WireError(f"it ends within the field {name} of a {kind.name}")
            pieces[name].append(content[place : place + value])
            place += value
        return Message(integers, pieces)


def _varint(content: memoryview, place: int) -> tuple[int, int]:
    """An unsigned integer of 64 bits, and the place after it."""
    value = 0
    for number, byte in enumerate(content[place : place + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << 7 * number
        if byte < 0x80:
            if value >> 64:
                break
            return value, place + number + 1
    raise WireError("it ends within a number, or a number has more than 64 bits")
