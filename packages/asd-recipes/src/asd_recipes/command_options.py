"""Options and manners that several commands share."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu or cuda.")]


def names(text: str | None) -> list[str]:
    """'bearing, fan' as ['bearing', 'fan']."""
    return [name.strip() for name in (text or "").split(",") if name.strip()]


@contextmanager
def resumable() -> Iterator[None]:
    """Says after Ctrl-C that nothing is lost; exit status 130."""
    try:
        yield
    except KeyboardInterrupt:
        typer.secho("interrupted; the same command goes on where it was", err=True)
        raise typer.Exit(130) from None
