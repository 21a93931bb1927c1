"""A value has the expected type, or the error says where the value is and which type is expected."""

from dataclasses import dataclass
from typing import Any, Literal

import pytest

from asd_runtime.typed_values import TypedValueError, as_dataclass, typed


@dataclass(frozen=True)
class _Level:
    mean: float
    std: float = 1.0


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (float, 2, 2.0),
        (tuple[int, ...], [1, 2], (1, 2)),
        (int | Literal["only"], "only", "only"),
        (float | None, None, None),
        (dict[str, _Level], {"a": {"mean": 1}}, {"a": _Level(1.0)}),
    ],
)
def test_a_value_of_the_right_type_is_accepted(kind: Any, value: Any, expected: Any) -> None:
    found = typed(kind, value, "here")
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (int, 1.0),
        (int, True),
        (int, 2**63),
        (float, True),
        (float, float("nan")),
        (float, 10**400),
        (str, 1),
        (bool, 0),
        (Literal["a", "b"], "c"),
        (Literal[1, 2], True),
        (tuple[int, ...], "12"),
        (int | Literal["only"], None),
        (_Level, {}),
        (_Level, {"mean": 1.0, "more": 2}),
        (_Level, [1.0]),
        (dict[str, float], {"a": "b"}),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_and_named(kind: Any, value: Any) -> None:
    with pytest.raises(TypedValueError, match="here"):
        typed(kind, value, "here")


def test_a_missing_or_unknown_field_is_named() -> None:
    with pytest.raises(TypedValueError, match="level lacks the field 'mean'"):
        as_dataclass(_Level, {}, "level")
    with pytest.raises(TypedValueError, match="level has an unknown field 'more'"):
        as_dataclass(_Level, {"mean": 1.0, "more": 2}, "level")
