"""The command `asd`: finds the commands of all installed packages, and says how an error reaches the user.

A package registers its commands as entry points in the group `asd.commands`, and in `asd.errors` a function without
arguments that returns its errors that the user can mend. Each command is a module of its own and imports what it needs
when it runs, so that `asd --help` answers at once.
"""

import errno
import sys
from importlib.metadata import EntryPoint, entry_points
from typing import NoReturn

import typer

from asd_runtime.file_names import printable

PACKAGE_OF = {
    **dict.fromkeys(("fit", "export", "reproduce", "data", "evaluate", "compare", "study"), "asd-recipes"),
    **dict.fromkeys(("score", "info"), "asd-runtime"),
}
"""Every command of ours, in the order of `asd --help`, and the package that brings it."""


def command_line(*, plain: bool = False) -> typer.Typer:
    """The command with all commands that are installed, and those that are not as hidden ones that say so.

    Args:
        plain: without rich, whose import takes most of the time of `asd --help`.
    """
    app = typer.Typer(
        name="asd",
        help="Anomalous sound detection: train on a machine's recordings, score new ones, reproduce the paper.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None if plain else "rich",
        pretty_exceptions_enable=False,
    )
    found = {entry.name: entry for entry in entry_points(group="asd.commands")}
    for name in [*(name for name in PACKAGE_OF if name in found), *sorted(found.keys() - PACKAGE_OF.keys())]:
        _add(app, found[name])
    for name in PACKAGE_OF.keys() - found.keys():
        _add_missing(app, name)
    return app


def _add(app: typer.Typer, entry: EntryPoint) -> None:
    command = entry.load()
    if isinstance(command, typer.Typer):
        app.add_typer(command, name=entry.name)
    else:
        app.command(entry.name)(command)


def _add_missing(app: typer.Typer, name: str) -> None:
    def missing(context: typer.Context) -> NoReturn:
        typer.secho(f"asd: the command {name} comes with {PACKAGE_OF[name]}: pip install it.", fg="red", err=True)
        raise typer.Exit(2)

    anything = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
    app.command(name, hidden=True, context_settings=anything)(missing)


def main() -> None:
    """Entry point. An error that the user can fix is one line and exit status 2; any other is a traceback."""
    try:
        command_line(plain=set(sys.argv[1:]) <= {"--help"})()
    except Exception as error:
        if not isinstance(error, _mendable()):
            raise
        typer.secho(f"asd: {printable(_in_words(error))}", fg="red", err=True)
        sys.exit(2)


def _in_words(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        place = f" for {error.filename}" if error.filename else ""
        return f"no room{place} ({error.strerror}). Make room and run the command again."
    return str(error)


def _mendable() -> tuple[type[Exception], ...]:
    """Errors that name the input, the rule and the way out."""
    ours: list[type[Exception]] = [OSError]
    for entry in entry_points(group="asd.errors"):
        ours += entry.load()()
    return tuple(ours)
