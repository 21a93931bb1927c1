"""Options and behaviour that several commands share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

DeviceOption = Annotated[str, typer.Option(help="auto, cpu or cuda.")]


def names(text: str | None) -> list[str]:
    """'bearing, fan' as ['bearing', 'fan']; none for an option that was not given, and a given one must name some."""
    found = [name.strip() for name in (text or "").split(",") if name.strip()]
    if text is not None and not found:
        raise typer.BadParameter(
            f"a list of names was given that names nothing: {text!r}. Leave the option out for all."
        )
    return found


def in_percent(advance: Callable[[int], None]) -> Callable[[int, int], None]:
    """For work that reports (done, total): advances a stage of 100 steps."""
    shown = 0

    def tell(done: int, total: int) -> None:
        nonlocal shown
        percent = 100 * done // total
        advance(percent - shown)
        shown = percent

    return tell


@contextmanager
def resumable() -> Iterator[None]:
    """Says after Ctrl-C that nothing is lost; exit status 130."""
    try:
        yield
    except KeyboardInterrupt:
        typer.secho("interrupted; run the command again to continue", err=True)
        raise typer.Exit(130) from None
