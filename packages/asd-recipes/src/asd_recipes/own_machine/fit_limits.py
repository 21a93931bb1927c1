"""Checks before a training that the model can be written that a recipe asks for."""

from asd_features import WaveformStatistics
from asd_recipes.own_machine.normal import NORMAL
from asd_recipes.recipe.settings import Recipe, RecipeError
from asd_recipes.scoring.front_end import check_sizes, front_end_of
from asd_runtime.model.front_end_limits import FrontEndError, check_window
from asd_runtime.model.joined_score import SPECTRAL

_ANY_LEVEL = WaveformStatistics(mean=0.0, std=1.0)


def check_limits(recipe: Recipe) -> None:
    """Checks that a model can have this recipe.

    Raises:
        RecipeError: a size is beyond any real use, or the detectors cannot work as it asks.
    """
    if SPECTRAL in recipe.fit.detectors and recipe.spectral.pooling != "clip":
        raise RecipeError(
            f'spectral.pooling must be "clip" in a model, which pools whole stretches; got "{recipe.spectral.pooling}"'
        )
    check_sizes(recipe)
    try:
        check_window(front_end_of(recipe, NORMAL, _ANY_LEVEL))
    except FrontEndError as error:
        raise RecipeError(f"{error}") from error
