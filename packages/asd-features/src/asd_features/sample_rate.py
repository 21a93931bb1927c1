"""Checks of sample rates, for settings and readers."""

from __future__ import annotations

import math
import operator


def check_sample_rate_hz(sample_rate_hz: float) -> None:
    """Raise ValueError unless the rate is positive and finite."""
    if not (sample_rate_hz > 0 and math.isfinite(sample_rate_hz)):
        raise ValueError(f"sample_rate_hz must be positive; got {sample_rate_hz}. The DCASE data sets have 16000.")


def checked_sample_rate_hz(sample_rate_hz: object) -> int:
    """A positive whole rate, as in a file's header.

    Raises:
        TypeError: if it is not a whole number.
        ValueError: if it is not positive.
    """
    rate = whole_number("sample_rate_hz", sample_rate_hz, kind="hertz, such as 16000")
    check_sample_rate_hz(rate)
    return rate


def whole_number(name: str, value: object, *, kind: str) -> int:
    """The value of a named argument as an int.

    Raises:
        TypeError: if it is not an integer, such as 16000.0.
    """
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError as error:
        raise TypeError(f"{name} must be a whole number of {kind}, as an int; got {value!r}.") from error
