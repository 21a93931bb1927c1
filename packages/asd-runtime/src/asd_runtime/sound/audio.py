"""How a recording becomes samples: its rate, and which of its channels."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Audio:
    """How a recording becomes 16 kHz mono; the defaults refuse a recording that is not."""

    sample_rate_hz: int = 16_000
    channel: int | Literal["only", "mean"] = "only"
    resample: bool = False
