"""Values read from TOML or JSON, checked against the types of a dataclass; nothing is converted by guessing.

The only conversion is from a whole number to a float. Numbers must be finite, and whole numbers must fit into 64 bits,
because the files that they are written to later hold no more.
"""

import dataclasses
import math
import types
import typing
from typing import Any, Literal, TypeVar

T = TypeVar("T")


class TypedValueError(ValueError):
    """A value of the wrong type; says where it is, which type is expected, and what was found."""


def as_dataclass(kind: type[T], value: Any, where: str) -> T:
    """A dataclass from a table with exactly its fields, each of the annotated type.

    Raises:
        TypedValueError: says which field is missing, unknown or of the wrong type.
    """
    if not isinstance(value, dict):
        raise TypedValueError(f"{where} must be an object; got {_shown(value)}")
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]  # T is a dataclass
    needed = {name for name, field in fields.items() if field.default is dataclasses.MISSING}
    if wrong := sorted(value.keys() - fields.keys()) or sorted(needed - value.keys()):
        raise TypedValueError(
            f"{where} {'has an unknown' if wrong[0] in value else 'lacks the'} field {wrong[0]!a:.80}"
        )
    hints = typing.get_type_hints(kind)
    return kind(**{name: typed(hints[name], item, f"{where}.{name}") for name, item in value.items()})


def typed(kind: Any, value: Any, where: str) -> Any:
    """The value as an annotated type: a plain type, Literal, union, tuple[X, ...], dict[str, X], dataclass or Any.

    Raises:
        TypedValueError: the value has another type, is not finite, or does not fit into 64 bits.
    """
    origin, options = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return value
    if origin in (typing.Union, types.UnionType):
        return _one_of(options, kind, value, where)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return value if isinstance(value, kind) else as_dataclass(kind, value, where)
    if origin is dict and isinstance(value, dict):
        return {key: typed(options[1], item, f"{where}[{key!a:.80}]") for key, item in value.items()}
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(typed(options[0], item, where) for item in value)
    if origin is Literal and any(type(value) is type(option) and value == option for option in options):
        return value
    if kind in (int, float) and type(value) in (int, kind):
        return _number(kind, value, where)
    if kind is type(value):
        return value
    raise TypedValueError(f"{where} must be {_in_words(kind)}; got {_shown(value)}")


def _one_of(options: tuple[Any, ...], kind: Any, value: Any, where: str) -> Any:
    if value is None and type(None) in options:
        return None
    others = [option for option in options if option is not type(None)]
    for option in others:
        try:
            return typed(option, value, where)
        except TypedValueError:
            if len(others) == 1:
                raise
    raise TypedValueError(f"{where} must be {_in_words(kind)}; got {_shown(value)}")


def _number(kind: type[int] | type[float], value: float, where: str) -> float:
    if kind is int and not -(2**63) <= value < 2**63:
        raise TypedValueError(f"{where} must fit into 64 bits; got {_shown(value)}")
    try:
        if math.isfinite(number := kind(value)):
            return number
    except OverflowError:
        pass
    raise TypedValueError(f"{where} must be finite; got {_shown(value)}")


def _in_words(kind: Any) -> str:
    origin, options = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        return "one of " + ", ".join(map(repr, options))
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_in_words(option) for option in options if option is not type(None))
    if origin is tuple:
        return f"a list, each item {_in_words(options[0])}"
    if origin is dict or dataclasses.is_dataclass(kind):
        return "an object"
    return {bool: "true or false", int: "a whole number", float: "a number", str: "text"}[kind]


def _shown(value: Any) -> str:
    """The value, short and printable."""
    text = f"a {type(value).__name__}" if isinstance(value, dict | list) and len(value) > 9 else _ascii(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _ascii(value: Any) -> str:
    try:
        return ascii(value)
    except (RecursionError, ValueError):  # nested too deep, or a whole number of thousands of digits
        return f"a {type(value).__name__}"
