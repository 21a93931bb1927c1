"""File names in text: no name, whatever its bytes, breaks a table or controls a terminal.

An unprintable character is written as an escape such as `\\n`, `\\x1b` or `\\u202e`, and a byte that is not UTF-8 as
`\\x80` to `\\xff`. In a table a backslash is doubled, so that every name can be read back. A name that begins with `=`,
`+`, `-` or `@` gets `./` in front: a spreadsheet would take it for a formula, and `./` names the same file.
"""

import re

_FORMULA = ("=", "+", "-", "@")
_ESCAPE = re.compile(r"\\(\\|n|r|t|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_PLAIN = {r"\n": "\n", r"\r": "\r", r"\t": "\t", r"\\": "\\"}


def printable(text: str) -> str:
    """The text with unprintable characters escaped; printable text stays as it is."""
    return text if text.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in text)


def shortened(text: str, most: int = 80) -> str:
    """Text of at most so many characters; what is cut off is said by three dots."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def in_table(name: str) -> str:
    """A name for a cell of a CSV file."""
    cell = printable(name.replace("\\", r"\\"))
    return f"./{cell}" if cell.startswith(_FORMULA) else cell


def from_table(cell: str) -> str:
    """The name that `in_table` wrote."""
    shown = cell[2:] if cell.startswith(tuple(f"./{sign}" for sign in _FORMULA)) else cell
    return _ESCAPE.sub(lambda match: _unescaped(match[0]), shown)


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # how Python represents a byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if character in _SHORT:
        return _SHORT[character]
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _unescaped(escape: str) -> str:
    if escape in _PLAIN:
        return _PLAIN[escape]
    code = int(escape[2:], 16)
    return chr(code + 0xDC00 if escape[1] == "x" and code >= 0x80 else code)
