"""How long a download waits for a server: growing pauses, Retry-After, and when it gives up."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime


class TransientError(Exception):
    """A failed attempt that may succeed when repeated.

    Attributes:
        wait_s: pause that the server asked for.
        status: HTTP status of the reply, if that was the reason.
        progress: the attempt received enough bytes that the count of failures starts again.
    """

    def __init__(
        self, reason: str, *, wait_s: float | None = None, status: int | None = None, progress: bool = False
    ) -> None:
        super().__init__(reason)
        self.wait_s, self.status, self.progress = wait_s, status, progress


@dataclass(frozen=True)
class Patience:
    """The waiting times of one download."""

    attempts: int = 8  # failures in a row, each with fewer than progress_bytes
    progress_bytes: int = 1 << 20
    first_pause_s: float = 1.0  # doubles with each failure
    longest_pause_s: float = 60.0
    longest_wait_s: float = 900.0  # if the server asks for more, the download stops
    timeout_s: float = 30.0  # of silence
    slow_window_s: float = 60.0  # a transfer that receives fewer bytes in this time is cut and resumed
    slow_bytes: int = 1 << 16

    def pause_s(self, failures: int, asked_s: float | None) -> float:
        """The pause after a number of failures in a row; the server's own wish if that is longer."""
        own = min(self.longest_pause_s, self.first_pause_s * 2.0 ** (failures - 1))
        return max(own, asked_s or 0.0)


def retry_after_s(headers: Mapping[str, str], now: float) -> float | None:
    """The pause that a reply asks for, in seconds; None if it asks for none, or in an unreadable form.

    A date is compared with the server's clock if the reply contains it, so that a wrong local clock does no harm.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    until = _timestamp(text)
    if until is None:
        return None
    server_now = _timestamp(headers.get("Date", ""))
    return max(0.0, until - (now if server_now is None else server_now))


def _timestamp(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
