"""The options that name one's own recordings and other sounds, and what they name."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from asd_recipes.own_machine.own_recordings import NormalRecordings, OwnRecordings
    from asd_recipes.recipe.settings import Recipe
    from asd_runtime.progress import Progress

OthersOption = Annotated[
    list[Path] | None,
    typer.Option(
        help="Folder of other sounds, which only serve as pseudo-anomalies, one sub-folder per machine. "
        "Repeatable. Default: synthetic machines."
    ),
]
AttributesOption = Annotated[
    Path | None,
    typer.Option(help="CSV file with a column file_name of the normal recordings, and one for each attribute."),
]
PatternOption = Annotated[
    str | None,
    typer.Option(help="Read attributes from file names, such as '{speed}_{load}'; {} matches anything."),
]


def recordings_of(
    found: "NormalRecordings",
    others: list[Path],
    attributes: Path | None,
    pattern: str | None,
    root: Path,
    recipe: "Recipe",
    progress: "Progress",
) -> "OwnRecordings":
    """The normal recordings with their attributes, and the other sounds; synthetic ones are made in `root`."""
    from asd_recipes.commands.run_folders import synthetic_data, synthetic_others
    from asd_recipes.own_machine.recording_attributes import with_attributes

    if not others:
        progress.say("no --others: synthetic machines stand in for the other machines")
        others = [synthetic_data(root, recipe, progress), *synthetic_others(root, recipe, progress)]
    recordings = found.with_others(others)
    return with_attributes(recordings, table=attributes, pattern=pattern)
