"""Recipes from and to TOML, and errors that name similar keys."""

import dataclasses
import json
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest

from asd_recipes.recipe.settings import Recipe, RecipeError
from asd_recipes.recipe.toml_text import load_recipe, profile_names, recipe_digest, recipe_from_toml, recipe_to_toml


@pytest.mark.parametrize("name", profile_names())
def test_a_recipe_written_as_toml_is_read_back_equal(name: str) -> None:
    recipe = load_recipe(name, settings=["audio.channel=1", "inlier.components=[1, 3]"])
    assert recipe_from_toml(recipe_to_toml(recipe)) == recipe
    assert recipe_digest(recipe_from_toml(recipe_to_toml(recipe))) == recipe_digest(recipe)


def test_the_paper_profile_has_the_papers_sizes() -> None:
    recipe = load_recipe("paper")
    assert (recipe.training.epochs, recipe.training.batch_size, recipe.training.learning_rate) == (150, 128, 1e-3)
    assert (recipe.log_mel.window_samples, recipe.log_mel.hop_samples, recipe.log_mel.bands) == (2048, 256, 224)
    assert (recipe.segments.length_samples, recipe.segments.hop_samples) == (80_000, 20_000)
    assert recipe.inlier.components == recipe.inlier.neighbours == (1, 2, 4, 16, 32)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("training.epoch=5", "training.epochs"),
        ("trainin.epochs=5", "training"),
        ("training.epochs=many", "training.epochs must be a whole number; got 'many'"),
        ("training.epochs=5.5", "a whole number"),
        ("training.epochs=0", "epochs"),
        ("training.batch_size=7", "batch_size"),
        ("training=5", "table of settings"),
        ("training.schedule=linear", "'one-cycle', 'constant'"),
        ("audio.channel=left", "a whole number or one of 'only', 'mean'"),
        ('inlier.components=[1, "two"]', "a whole number"),
        ("inlier.save=1", "true or false"),
        ("audio.sample_rate_hz=8000", "sample_rate_hz"),
        ("epochs", "key=value"),
        ("split.source_share=1.5", "source_share"),
        ("seed=-1", "seed must be a whole number from 0 to 9223372036854775807; got -1"),
        (f"seed={2**63}", "seed must fit into 64 bits"),
        (f"seed={'9' * 5000}", "seed must be a whole number"),
        ("seed=true", "a whole number"),
        ("seed=1\nthreads=3", "seed must be a whole number"),
        ("training.weight_decay=inf", "must be finite"),
        ("joint.learning_rate=nan", "must be finite"),
        ("segments.length_s=1e308", "segments: a number is too large"),
        ("inlier.components=" + "[" * 20_000, "inlier.components must be a list"),
        ("inlier.components=" + "[" * 50 + "]" * 50, "inlier.components must be a whole number"),
        ("\x1b[2J=1", "is not a setting"),
    ],
)
def test_a_wrong_setting_is_refused_with_the_way_out(setting: str, message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        load_recipe("quick", settings=[setting])
    assert message in str(caught.value)


def test_an_unknown_profile_names_those_that_exist() -> None:
    with pytest.raises(RecipeError, match="quick"):
        load_recipe("quik")


def test_a_broken_toml_file_is_named(tmp_path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[training\nepochs=3")
    with pytest.raises(RecipeError, match=r"mine\.toml"):
        load_recipe(str(path))


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"seed = 1 # \xff", "must be UTF-8, like all TOML; byte 11 is not"),
        ("seed = 1".encode("utf-16"), "must be UTF-8"),
        (b"[inlier]\ncomponents = " + b"[" * 20_000 + b"]" * 20_000, "not valid TOML: nested too deep"),
        (b"seed = " + b"9" * 5000, "not valid TOML"),
        (b"seed = 1\nseed = 2", "not valid TOML"),
        (b"training = 5", "training is a table of settings"),
        (b"[[training]]\nepochs = 3", "training is a table of settings"),
        (b"seed = 2020-01-01", "seed must be a whole number"),
    ],
)
def test_a_file_that_is_not_a_recipe_is_named_with_the_rule(content: bytes, rule: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(RecipeError) as caught:
        load_recipe(str(path))
    assert rule in str(caught.value)
    assert "mine.toml" in str(caught.value) or "must be" in rule or "table of settings" in rule
    assert len(str(caught.value)) < 400


def test_an_empty_file_is_the_recipe_of_all_defaults(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_bytes(b"")
    assert load_recipe(str(tmp_path / "mine.toml")) == Recipe()


def test_a_folder_is_not_a_profile(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="nor a TOML file"):
        load_recipe(str(tmp_path))


def _leaves(instance: object, prefix: str = "") -> Iterator[tuple[str, object, object]]:
    """Key, type and value of every setting."""
    types = typing.get_type_hints(type(instance))
    for field in dataclasses.fields(instance):  # type: ignore[arg-type]
        value = getattr(instance, field.name)
        if dataclasses.is_dataclass(value):
            yield from _leaves(value, f"{prefix}{field.name}.")
        else:
            yield f"{prefix}{field.name}", types[field.name], value


_NEEDS_A_CHOICE = {"audio.channel": 1, "log_mel.power": 2.0, "log_mel.window_s": 0.25}


def _another(key: str, kind: object, value: object) -> object:
    """A value that is not the default, and that the setting takes."""
    if key in _NEEDS_A_CHOICE:
        return _NEEDS_A_CHOICE[key]
    choices = [choice for choice in typing.get_args(kind) if isinstance(choice, str) and choice != value]
    match value:
        case bool():
            return not value
        case int():
            return value + 2  # a batch size stays even
        case float():
            return 0.9 * value or 0.5
        case tuple():
            return list(value[:-1])
    return choices[0] if choices else "another"


# A rate alone is refused: audio, segments and spectrograms have one.
_RATES = ["audio.sample_rate_hz", "segments.sample_rate_hz", "log_mel.sample_rate_hz"]
_CHANGES = [
    [f"{changed}={json.dumps(_another(key, kind, value))}" for changed in (_RATES if key in _RATES[:1] else [key])]
    for key, kind, value in _leaves(Recipe())
    if key not in _RATES[1:]
]


@pytest.mark.parametrize("changes", _CHANGES, ids=lambda changes: changes[0])
def test_every_setting_can_be_changed_alone(changes: list[str], tmp_path: Path) -> None:
    """No default is silently kept: a changed leaf changes the digest, and is in the TOML text."""
    (tmp_path / "default.toml").write_bytes(b"")
    base = Recipe()
    changed = load_recipe(str(tmp_path / "default.toml"), settings=changes)
    before, after = ({key: value for key, _, value in _leaves(recipe)} for recipe in (base, changed))
    assert [key for key in before if before[key] != after[key]] == [change.partition("=")[0] for change in changes]
    assert recipe_digest(changed) != recipe_digest(base)
    assert recipe_from_toml(recipe_to_toml(changed)) == changed


def test_changes_of_different_settings_have_different_digests(tmp_path: Path) -> None:
    (tmp_path / "default.toml").write_bytes(b"")
    digests = {recipe_digest(load_recipe(str(tmp_path / "default.toml"), settings=changes)) for changes in _CHANGES}
    assert len(digests) == len(_CHANGES) > 60


@pytest.mark.parametrize("setting", ["x" * 5000, "training.epochs=" + "x" * 5000])
def test_an_overlong_setting_is_not_printed_whole(setting: str) -> None:
    with pytest.raises(RecipeError) as caught:
        load_recipe("own", settings=[setting])
    assert "..." in str(caught.value)
    assert len(str(caught.value)) < 200


def test_a_profile_too_long_for_a_path_is_refused_like_any_that_is_not_there() -> None:
    with pytest.raises(RecipeError, match=r"profile 'p+\.\.\. is neither") as caught:
        load_recipe("p" * 5000)
    assert len(str(caught.value)) < 250
