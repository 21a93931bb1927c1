"""Recipes as TOML: the profiles that the package ships, files of one's own, and `--set a.b=value` on top.

A misspelt key or a value of the wrong kind is a RecipeError that names the near ones or the kind.
"""

import dataclasses
import difflib
import hashlib
import json
import tomllib
import types
import typing
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeVar

from asd_recipes.recipe.settings import Recipe, RecipeError

T = TypeVar("T")


def recipe_to_toml(recipe: Recipe) -> str:
    """The whole recipe as TOML; `recipe_from_toml` gives it back."""
    lines = [f"{name} = {_toml(value)}" for name, value in _fields(recipe) if not dataclasses.is_dataclass(value)]
    for name, value in _fields(recipe):
        if dataclasses.is_dataclass(value):
            lines += ["", f"[{name}]", *(f"{key} = {_toml(inner)}" for key, inner in _fields(value))]
    return "\n".join(lines) + "\n"


def recipe_digest(recipe: Recipe) -> str:
    """Hexadecimal SHA-256 of the TOML text."""
    return hashlib.sha256(recipe_to_toml(recipe).encode()).hexdigest()


def profile_names() -> list[str]:
    """The profiles that the package ships."""
    files = resources.files("asd_recipes.recipe") / "profiles"
    return sorted(entry.name.removesuffix(".toml") for entry in files.iterdir() if entry.name.endswith(".toml"))


def load_recipe(profile: str, *, settings: typing.Sequence[str] = ()) -> Recipe:
    """A profile by name, or a TOML file by path, with `key=value` settings on top.

    Raises:
        RecipeError: no such profile or file, a misspelt key, a value of the wrong kind.
    """
    if profile in profile_names():
        text = (resources.files("asd_recipes.recipe") / "profiles" / f"{profile}.toml").read_text()
    elif Path(profile).is_file():
        text = Path(profile).read_text()
    else:
        names = ", ".join(profile_names())
        raise RecipeError(f"profile {profile!r} is neither one of {names} nor a TOML file.")
    recipe = recipe_from_toml(text, name=profile)
    changes: dict[str, Any] = {}
    for setting in settings:
        _add_setting(changes, setting)
    return _merge(recipe, changes, prefix="")


def recipe_from_toml(text: str, *, name: str = "recipe") -> Recipe:
    """A recipe from TOML text; what the text does not mention keeps its default."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{name}: not valid TOML: {error}.") from error
    return recipe_from_table(table)


def recipe_from_table(table: dict[str, Any]) -> Recipe:
    """A recipe from nested tables, as TOML or JSON give them; what they do not mention keeps its default."""
    return _merge(Recipe(), table, prefix="")


def _add_setting(table: dict[str, Any], setting: str) -> None:
    """Puts `key=value` into a table as TOML would nest it; all settings are checked together, after the last."""
    key, equals, text = setting.partition("=")
    if not equals:
        raise RecipeError(f"--set takes key=value, as in training.epochs=5; got {setting!r}.")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text  # a bare word: `--set training.schedule=constant`
    *groups, last = key.strip().split(".")
    inner = table
    for group in groups:
        inner = inner.setdefault(group, {})
        if not isinstance(inner, dict):
            raise RecipeError(f"{setting}: {group} was set to a value before; set one of the two.")
    inner[last] = value


def _merge(instance: T, table: dict[str, Any], *, prefix: str) -> T:
    """The dataclass with the table's values in place of its own, each checked against the field's type."""
    types_by_name = typing.get_type_hints(type(instance))
    changes: dict[str, Any] = {}
    for key, value in table.items():
        if key not in types_by_name:
            near = difflib.get_close_matches(key, types_by_name, n=3) or sorted(types_by_name)
            raise RecipeError(f"{prefix}{key} is not a setting; near it: {', '.join(prefix + name for name in near)}.")
        current = getattr(instance, key)
        if dataclasses.is_dataclass(current) and not isinstance(current, type):
            if not isinstance(value, dict):
                raise RecipeError(f"{prefix}{key} is a table of settings; set one of them, as in {prefix}{key}.<name>.")
            changes[key] = _merge(current, value, prefix=f"{prefix}{key}.")
        else:
            changes[key] = _checked(value, types_by_name[key], f"{prefix}{key}")
    try:
        return dataclasses.replace(instance, **changes)  # type: ignore[type-var]
    except RecipeError:
        raise
    except ValueError as error:  # a settings class of another package refused a value
        raise RecipeError(f"{prefix.rstrip('.') or 'recipe'}: {error}") from error


def _checked(value: Any, wanted: Any, key: str) -> Any:
    """The value as the annotated type, or a RecipeError that says what that type is."""
    origin, options = typing.get_origin(wanted), typing.get_args(wanted)
    if origin is Literal and value in options and not isinstance(value, bool):
        return value
    if origin in (typing.Union, types.UnionType):
        for option in options:
            try:
                return _checked(value, option, key)
            except RecipeError:
                continue
    elif origin is tuple and isinstance(value, list | tuple):
        return tuple(_checked(item, options[0], key) for item in value)
    elif wanted is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    elif isinstance(wanted, type) and type(value) is wanted:
        return value
    raise RecipeError(f"{key} must be {_type_in_words(wanted)}; got {value!r}.")


def _type_in_words(wanted: Any) -> str:
    origin, options = typing.get_origin(wanted), typing.get_args(wanted)
    if origin is Literal:
        return "one of " + ", ".join(map(repr, options))
    if origin in (typing.Union, types.UnionType):
        return " or ".join(map(_type_in_words, options))
    if origin is tuple:
        return f"a list of {_type_in_words(options[0])}"
    return {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}.get(wanted, str(wanted))


def _fields(instance: Any) -> list[tuple[str, Any]]:
    return [(item.name, getattr(instance, item.name)) for item in dataclasses.fields(instance)]


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value)
    return repr(value)
