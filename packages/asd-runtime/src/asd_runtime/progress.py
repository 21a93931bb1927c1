"""Progress of long work: bars with the time left on a terminal, plain lines elsewhere."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as RichBars

Advance = Callable[[int], None]
"""Adds to the number of steps done; a negative number means steps to be done again. Any thread may call it."""


class Progress(Protocol):
    """Where long work reports its progress."""

    def stage(self, name: str, steps: int, *, done: int = 0, in_bytes: bool = False) -> AbstractContextManager[Advance]:
        """A context for one part of the work.

        Args:
            name: of the part.
            steps: how many it takes.
            done: how many of them are done already.
            in_bytes: the steps are bytes; they are shown as megabytes with their rate.
        """
        ...

    def say(self, text: str) -> None:
        """One line for the reader."""
        ...


class PlainProgress:
    """A line every ten seconds of a stage, and one at its end; for log files and pipes."""

    def __init__(
        self,
        *,
        every_s: float = 10.0,
        quiet: bool = False,
        out: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._every_s, self._quiet, self._out, self._clock = every_s, quiet, out, clock

    def say(self, text: str) -> None:
        if not self._quiet:
            out = self._out or sys.stderr
            out.write(f"{text}\n")  # one write: with print, another thread's line could come between
            out.flush()

    @contextmanager
    def stage(self, name: str, steps: int, *, done: int = 0, in_bytes: bool = False) -> Iterator[Advance]:
        start = last = self._clock()
        reached = done
        lock = threading.Lock()

        def advance(more: int) -> None:
            nonlocal reached, last
            with lock:
                reached += more
                now = self._clock()
                if now - last < self._every_s or reached >= steps:
                    return
                last = now
                rate = (reached - done) / max(now - start, 1e-9)
                left = f"{(steps - reached) / rate:.0f} s left" if rate > 0 else "time left unknown"
                text = f"  {name}: {_amount(reached, steps, rate, in_bytes=in_bytes)}, {left}"
            self.say(text)

        yield advance
        self.say(_ended(name, reached >= steps, self._clock() - start))


class BarProgress:
    """A rich progress bar for each stage, with the time left; finished stages stay as lines."""

    def __init__(self, bars: "RichBars") -> None:
        self._bars = bars

    def say(self, text: str) -> None:
        self._bars.console.print(text, highlight=False, markup=False)

    @contextmanager
    def stage(self, name: str, steps: int, *, done: int = 0, in_bytes: bool = False) -> Iterator[Advance]:
        start = time.monotonic()
        task = self._bars.add_task(name, total=steps, completed=done, in_bytes=in_bytes)
        try:
            yield lambda more: self._bars.advance(task, more)
            finished = self._bars.tasks[self._bars.task_ids.index(task)].finished
        finally:
            self._bars.remove_task(task)
        self.say(_ended(name, finished, time.monotonic() - start))


def _amount(reached: float, steps: float, rate: float, *, in_bytes: bool) -> str:
    if not in_bytes:
        return f"{reached:.0f} of {steps:.0f}"
    return f"{reached / 1e6:.0f} of {steps / 1e6:.0f} MB, {rate / 1e6:.1f} MB/s"


def _ended(name: str, finished: bool, seconds: float) -> str:
    return f"{name}: {'done in' if finished else 'ended after'} {seconds:.1f} s"


@contextmanager
def show_progress(*, quiet: bool = False) -> Iterator[Progress]:
    """Bars if standard error is a terminal, else lines; nothing if quiet."""
    if quiet or not sys.stderr.isatty():
        yield PlainProgress(quiet=quiet)
        return
    from rich.console import Console
    from rich.progress import BarColumn, ProgressColumn, Task, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as RichBars
    from rich.text import Text

    class AmountColumn(ProgressColumn):
        def render(self, task: Task) -> Text:
            in_bytes = task.fields["in_bytes"]
            return Text(_amount(task.completed, task.total or 0, task.speed or 0, in_bytes=in_bytes))

    columns = [
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),  # so that the time left fits into 80 columns
        AmountColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    ]
    # rich must not redirect standard output: results go there, and it may be a file or a pipe.
    with RichBars(*columns, console=Console(stderr=True), redirect_stdout=sys.stdout.isatty()) as bars:
        yield BarProgress(bars)
