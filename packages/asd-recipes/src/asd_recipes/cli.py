"""The command `asd`: which commands there are, and how an error reaches the user.

Each command is a module of its own and imports what it needs when it runs, so that `asd --help` answers at once.
"""

import errno
import sys

import typer

from asd_recipes.commands.data import data_app
from asd_recipes.commands.evaluate import compare, evaluate
from asd_recipes.commands.fit import fit
from asd_recipes.commands.info import info
from asd_recipes.commands.reproduce import reproduce
from asd_recipes.commands.score import score
from asd_recipes.commands.study import study
from asd_recipes.file_names import printable

app = typer.Typer(
    name="asd",
    help="Anomalous sound detection: reproduce the paper, check data, score recordings, evaluate systems.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(reproduce)
app.add_typer(data_app, name="data")
app.command()(fit)
app.command()(score)
app.command()(info)
app.command()(evaluate)
app.command()(compare)
app.command()(study)


def main() -> None:
    """Entry point. An error that the user can fix is one line and exit status 2; any other is a traceback."""
    try:
        app()
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
    from asd_eval.errors import EvaluationError
    from asd_features import AudioError
    from asd_inlier import ModelFileError
    from asd_recipes.bundle.errors import BundleError
    from asd_recipes.dataset.clip import DatasetError
    from asd_recipes.dataset.clip_name import ClipNameError
    from asd_recipes.recipe.settings import RecipeError
    from asd_recipes.reproduction.run_store import RunError

    ours: list[type[Exception]] = [BundleError, ClipNameError, DatasetError, RecipeError, RunError]
    ours += [AudioError, EvaluationError, ModelFileError, OSError]
    if "asd_recipes.synth" in sys.modules:
        from asd_recipes.synth import SyntheticDataError

        ours.append(SyntheticDataError)
    if "asd_recipes.waveforms.device_choice" in sys.modules:  # imports torch
        from asd_recipes.waveforms.device_choice import DeviceError

        ours.append(DeviceError)
    return tuple(ours)
