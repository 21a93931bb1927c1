"""JSON that is what it should be: UTF-8, without NaN, endless nesting or a key twice; and JSON as dataclasses."""

import dataclasses
import json
import math
import types
import typing
from typing import Any, Literal, NoReturn, TypeVar

T = TypeVar("T")


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


def as_dataclass(kind: type[T], value: Any, where: str) -> T:
    """A dataclass from an object that has its fields and no others, each of the annotated type.

    Raises:
        JsonError: says which field is missing, unknown or of another type.
    """
    if not isinstance(value, dict):
        raise JsonError(f"{where} must be an object; got {_shown(value)}")
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]  # T is a dataclass
    needed = {name for name, field in fields.items() if field.default is dataclasses.MISSING}
    if wrong := sorted(value.keys() - fields.keys()) or sorted(needed - value.keys()):
        raise JsonError(f"{where} {'has an unknown' if wrong[0] in value else 'lacks the'} field {wrong[0]!a:.80}")
    hints = typing.get_type_hints(kind)
    return kind(**{name: _typed(hints[name], item, f"{where}.{name}") for name, item in value.items()})


def _typed(kind: Any, value: Any, where: str) -> Any:
    origin, options = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return value if isinstance(value, kind) else as_dataclass(kind, value, where)
    if origin is dict and isinstance(value, dict):
        return {key: _typed(options[1], item, f"{where}[{key!a:.80}]") for key, item in value.items()}
    if origin is tuple and isinstance(value, list):
        return tuple(_typed(options[0], item, where) for item in value)
    if origin is Literal and isinstance(value, str) and value in options:
        return value
    if origin in (types.UnionType, typing.Union) and value is None and type(None) in options:
        return None
    if origin in (types.UnionType, typing.Union):
        return _typed(options[0], value, where)
    if kind is float and type(value) in (int, float):
        return float(value)
    if isinstance(kind, type) and type(value) is kind:
        return value
    wanted = " or ".join(map(repr, options)) if origin is Literal else getattr(origin or kind, "__name__", str(kind))
    raise JsonError(f"{where} must be {wanted}; got {_shown(value)}")


def _shown(value: Any) -> str:
    text = ascii(value) if not isinstance(value, dict | list) else f"a {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:77]}..."


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
