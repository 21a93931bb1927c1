"""Progress of a download: a bar with rate and time left on a terminal, plain lines elsewhere."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class TransferDisplay(Protocol):
    """What a download tells of itself; called by several threads."""

    def begin(self, total: int, done: int) -> None:
        """So many bytes are to come, of which some are there."""
        ...

    def moved(self, count: int) -> None:
        """So many more bytes are there; below zero, so many were dropped."""
        ...

    def say(self, text: str) -> None:
        """One line for the reader."""
        ...


class PlainDisplay:
    """Lines for log files and pipes: every ten seconds how far it is, how fast, and how long it will take."""

    def __init__(
        self, out: TextIO, *, quiet: bool = False, every_s: float = 10.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._out, self._quiet, self._every_s, self._clock = out, quiet, every_s, clock
        self._lock = threading.Lock()
        self._total = self._done = self._begun_with = 0
        self._start = self._last = clock()

    def begin(self, total: int, done: int) -> None:
        self._total, self._done, self._begun_with = total, done, done
        self._start = self._last = self._clock()

    def moved(self, count: int) -> None:
        with self._lock:
            self._done += count
            now = self._clock()
            if now - self._last < self._every_s:
                return
            self._last = now
            rate = (self._done - self._begun_with) / (now - self._start)
            left = f"{(self._total - self._done) / rate:.0f} s left" if rate > 0 else "no end in sight"
            text = f"  {self._done / 1e6:.0f} of {self._total / 1e6:.0f} MB, {rate / 1e6:.1f} MB/s, {left}"
        self.say(text)

    def say(self, text: str) -> None:
        if not self._quiet:
            self._out.write(f"{text}\n")  # in one piece: print would let another thread's line come between
            self._out.flush()


class BarDisplay:
    """One rich bar for all files together."""

    def __init__(self, bars: "Progress") -> None:
        self._bars = bars
        self._task: TaskID | None = None

    def begin(self, total: int, done: int) -> None:
        self._task = self._bars.add_task("download", total=total, completed=done)

    def moved(self, count: int) -> None:
        if self._task is not None:
            self._bars.advance(self._task, count)

    def say(self, text: str) -> None:
        self._bars.console.print(text, highlight=False, markup=False)


@contextmanager
def show_transfer(*, quiet: bool = False) -> Iterator[TransferDisplay]:
    """A bar when standard error is a terminal, lines when it is not, nothing when quiet."""
    if quiet or not sys.stderr.isatty():
        yield PlainDisplay(sys.stderr, quiet=quiet)
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    columns = [BarColumn(bar_width=20), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=Console(stderr=True)) as bars:
        yield BarDisplay(bars)
