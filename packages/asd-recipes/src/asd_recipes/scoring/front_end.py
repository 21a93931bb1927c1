"""The front end that a recipe asks for."""

from asd_features import WaveformStatistics
from asd_recipes.recipe.settings import Recipe, RecipeError
from asd_runtime.model.front_end_limits import FrontEndError, check_front_end
from asd_runtime.sound.front_end import FrontEnd


def front_end_of(recipe: Recipe, machine: str, level: WaveformStatistics) -> FrontEnd:
    """The front end; `level` is that of the machine's training clips."""
    return FrontEnd(
        audio=recipe.audio,
        segments=recipe.segments,
        log_mel=recipe.log_mel,
        standardise=recipe.training.standardise,
        level=level,
        high_pass=recipe.high_pass if machine in recipe.weighting.machines else None,
    )


def check_sizes(recipe: Recipe) -> None:
    """Checks that a recipe's front end can be computed.

    Raises:
        RecipeError: its parts do not fit each other, or a size is beyond any real use.
    """
    try:
        check_front_end(front_end_of(recipe, "", WaveformStatistics(mean=0.0, std=1.0)))
    except FrontEndError as error:
        raise RecipeError(f"{error}") from error
