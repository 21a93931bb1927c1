"""Strict JSON: UTF-8, without NaN, deep nesting or repeated keys."""

import json
import math
from typing import Any, NoReturn


class JsonError(ValueError):
    """Text that is not JSON, or JSON that is not as required."""


def parse_strict(content: bytes) -> Any:
    """The value that UTF-8 bytes hold.

    Raises:
        JsonError: not UTF-8, not JSON, nested too deep, a repeated key, or a number that is not finite.
    """
    try:
        return json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_without_repeats,
            parse_constant=_refuse,
            parse_float=_finite,
            parse_int=_bounded,
        )
    except UnicodeDecodeError as error:
        raise JsonError(f"not UTF-8 ({error.reason} at byte {error.start})") from error
    except RecursionError:
        raise JsonError("nested too deep") from None
    except JsonError:
        raise
    except ValueError as error:  # not JSON, or a whole number of thousands of digits
        raise JsonError(f"not JSON ({error})") from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise JsonError("an object has a key twice")
    return table


def _refuse(constant: str) -> NoReturn:
    raise JsonError(f"{constant} is not a number")


def _bounded(text: str) -> int:
    if abs(value := int(text)) >= 2**63:
        raise JsonError(f"{text[:80]} is too large a number")
    return value


def _finite(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise JsonError(f"{text[:80]} is too large a number")
    return value
