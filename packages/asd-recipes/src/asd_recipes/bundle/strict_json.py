"""JSON that is what it should be: UTF-8, without NaN, endless nesting or a key twice."""

import json
import math
from typing import Any, NoReturn


class JsonError(ValueError):
    """Text that is not the JSON asked for."""


def parse_strict(content: bytes) -> Any:
    """The value that UTF-8 bytes hold.

    Raises:
        JsonError: not UTF-8, not JSON, nested too deep, a key twice, or a number that is not finite.
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
    except ValueError as error:  # no JSON, or a whole number of thousands of digits
        raise JsonError(f"not JSON ({error})") from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise JsonError("an object has a key twice")
    return found


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
