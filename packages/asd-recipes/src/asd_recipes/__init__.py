"""Data sets, the systems of Fujimura et al. (2023), training, scoring, tables, and the command `asd`.

The package composes asd-features, asd-models, asd-inlier and asd-eval; import its modules by name, for example
``from asd_recipes.recipe.settings import load_recipe``. Nothing heavy is imported here, so that `asd --help` is quick.
"""

__all__ = ["__version__"]
__version__ = "0.1.0"
