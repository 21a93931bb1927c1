"""Progress of long work: bars with the time left on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress as RichBars

Advance = Callable[[int], None]
"""Says that so many more steps are done."""


class Progress(Protocol):
    """What long work tells of itself."""

    def stage(self, name: str, steps: int, *, done: int = 0) -> AbstractContextManager[Advance]:
        """A context for a part of the work that takes so many steps, of which some are done already."""
        ...

    def say(self, text: str) -> None:
        """One line for the reader."""
        ...


class PlainProgress:
    """A line every ten seconds of a stage and one at its end; for log files and pipes."""

    def __init__(self, *, every_s: float = 10.0, quiet: bool = False) -> None:
        self._every_s = every_s
        self._quiet = quiet

    def say(self, text: str) -> None:
        if not self._quiet:
            print(text, file=sys.stderr, flush=True)

    @contextmanager
    def stage(self, name: str, steps: int, *, done: int = 0) -> Iterator[Advance]:
        start = last = time.monotonic()
        reached = done

        def advance(more: int) -> None:
            nonlocal reached, last
            reached += more
            now = time.monotonic()
            if now - last >= self._every_s and done < reached < steps:
                left_s = (now - start) / (reached - done) * (steps - reached)
                self.say(f"  {name}: {reached} of {steps}, {left_s:.0f} s left")
                last = now

        yield advance
        self.say(f"{name}: done in {time.monotonic() - start:.1f} s")


class BarProgress:
    """A rich progress bar for each stage, with the time left; finished stages stay as lines."""

    def __init__(self, bars: "RichBars") -> None:
        self._bars = bars

    def say(self, text: str) -> None:
        self._bars.console.print(text, highlight=False)

    @contextmanager
    def stage(self, name: str, steps: int, *, done: int = 0) -> Iterator[Advance]:
        start = time.monotonic()
        task = self._bars.add_task(name, total=steps, completed=done)
        try:
            yield lambda more: self._bars.advance(task, more)
        finally:
            self._bars.remove_task(task)
        self.say(f"{name}: done in {time.monotonic() - start:.1f} s")


@contextmanager
def show_progress(*, quiet: bool = False) -> Iterator[Progress]:
    """Bars when standard error is a terminal, lines when it is not, nothing when quiet."""
    if quiet or not sys.stderr.isatty():
        yield PlainProgress(quiet=quiet)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as RichBars

    columns = [
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),  # so that the time left fits into 80 columns
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    ]
    with RichBars(*columns, console=Console(stderr=True)) as bars:
        yield BarProgress(bars)
