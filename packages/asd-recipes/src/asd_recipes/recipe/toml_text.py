"""Recipes as TOML: the profiles that the package ships, the user's own files, and `--set a.b=value` on top.

A misspelt key or a value of the wrong kind is a RecipeError that names similar keys or the expected kind.
"""

import dataclasses
import difflib
import hashlib
import json
import os
import tomllib
import typing
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from asd_recipes.recipe.settings import Recipe, RecipeError
from asd_runtime.file_names import shortened
from asd_runtime.typed_values import TypedValueError, typed

T = TypeVar("T")


def recipe_to_toml(recipe: Recipe) -> str:
    """The whole recipe as TOML; `recipe_from_toml` gives it back."""
    lines = [f"{name} = {_toml(value)}" for name, value in _fields(recipe) if not dataclasses.is_dataclass(value)]
    for name, value in _fields(recipe):
        if dataclasses.is_dataclass(value):
            lines += ["", f"[{name}]", *(f"{key} = {_toml(inner)}" for key, inner in _fields(value))]
    return "\n".join(lines) + "\n"


def changed_settings(before: Recipe, now: Recipe) -> list[str]:
    """The settings that differ, each with both values: `training.epochs was 20, is 5`."""
    old, new = (dict(_leaves(recipe)) for recipe in (before, now))
    return [f"{key} was {_toml(old[key])}, is {_toml(new[key])}" for key in new if old[key] != new[key]]


def _leaves(settings: typing.Any, above: str = "") -> typing.Iterator[tuple[str, typing.Any]]:
    for name, value in _fields(settings):
        if dataclasses.is_dataclass(value):
            yield from _leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


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
        RecipeError: no such profile or file, a file that is not UTF-8 or not TOML, a misspelt key, or a value of the
            wrong kind.
    """
    if profile in profile_names():
        content = (resources.files("asd_recipes.recipe") / "profiles" / f"{profile}.toml").read_bytes()
    elif os.path.isfile(profile):  # also of a text that is too long for a path
        content = Path(profile).read_bytes()
    else:
        names = ", ".join(profile_names())
        raise RecipeError(f"profile {shortened(ascii(profile))} is neither one of {names} nor a TOML file.")
    try:
        recipe = recipe_from_toml(content.decode("utf-8"), name=profile)
    except UnicodeDecodeError as error:
        raise RecipeError(f"{profile} must be UTF-8, like all TOML; byte {error.start} is not.") from error
    changes: dict[str, Any] = {}
    for setting in settings:
        _add_setting(changes, setting)
    return _merge(recipe, changes, prefix="")


def recipe_from_toml(text: str, *, name: str = "recipe") -> Recipe:
    """A recipe from TOML text; settings that are not in the text keep their defaults."""
    try:
        return recipe_from_table(_parsed(text))
    except _TomlError as error:
        raise RecipeError(f"{name}: not valid TOML: {error}.") from error


def recipe_from_table(table: dict[str, Any]) -> Recipe:
    """A recipe from nested tables, as TOML or JSON give them; settings that are not in them keep their defaults."""
    return _merge(Recipe(), table, prefix="")


class _TomlError(Exception):
    """Text that is not TOML, or that exceeds the parser's limits; says which."""


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise _TomlError("nested too deep") from None
    except ValueError as error:  # tomllib's own, or a whole number of thousands of digits
        raise _TomlError(str(error)) from error


def _add_setting(table: dict[str, Any], setting: str) -> None:
    """Puts `key=value` into a table as TOML would nest it; all settings are checked together, after the last one."""
    key, equals, text = setting.partition("=")
    if not equals:
        raise RecipeError(f"--set takes key=value, such as training.epochs=5; got {shortened(ascii(setting))}.")
    try:
        table_of_one = _parsed(f"value = {text}")
        value = table_of_one["value"] if len(table_of_one) == 1 else text  # text with a line break may hold more keys
    except _TomlError:
        value = text  # a bare word: `--set training.schedule=constant`
    *groups, last = key.strip().split(".")
    inner = table
    for group in groups:
        inner = inner.setdefault(group, {})
        if not isinstance(inner, dict):
            raise RecipeError(
                f"{shortened(setting)}: an earlier --set gave {group} itself a value. Keep only one of the two."
            )
    inner[last] = value


def _merge(instance: T, table: dict[str, Any], *, prefix: str) -> T:
    """The dataclass with its values replaced by the table's, each checked against the field's type."""
    types_by_name = typing.get_type_hints(type(instance))
    changes: dict[str, Any] = {}
    for key, value in table.items():
        if key not in types_by_name:
            near = difflib.get_close_matches(key, types_by_name, n=3) or sorted(types_by_name)
            raise RecipeError(
                f"{prefix}{_shown(key)} is not a setting; similar: {', '.join(prefix + name for name in near)}."
            )
        current = getattr(instance, key)
        if dataclasses.is_dataclass(current) and not isinstance(current, type):
            if not isinstance(value, dict):
                raise RecipeError(f"{prefix}{key} is a table of settings; set one of them: {prefix}{key}.<name>.")
            changes[key] = _merge(current, value, prefix=f"{prefix}{key}.")
        else:
            try:
                changes[key] = typed(types_by_name[key], value, f"{prefix}{key}")
            except TypedValueError as error:
                raise RecipeError(f"{error}.") from error
    try:
        return dataclasses.replace(instance, **changes)  # type: ignore[type-var]
    except RecipeError:
        raise
    except ValueError as error:  # a settings class of another package refused a value
        raise RecipeError(f"{prefix.rstrip('.') or 'recipe'}: {error}") from error
    except OverflowError as error:
        raise RecipeError(f"{prefix.rstrip('.') or 'recipe'}: a number is too large ({error}).") from error


def _shown(key: str) -> str:
    return (key if key.isprintable() else ascii(key))[:80]


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
