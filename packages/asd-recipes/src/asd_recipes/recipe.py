"""A recipe: every setting of a run, as frozen dataclasses read from TOML.

The defaults are the paper's sizes (Fujimura 2023, Sec. 4) with the choices that the paper leaves open named in
docs/reading_the_paper.md. A profile is a TOML file in `profiles/` that changes some of them; `--set a.b=value`
changes one more. A misspelt key or a value of the wrong kind is a RecipeError that names the near ones.
"""

import dataclasses
import difflib
import hashlib
import json
import tomllib
import types
import typing
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeVar

from asd_features import HighPassSettings, LogMelSettings, SegmentSettings

T = TypeVar("T")


class RecipeError(ValueError):
    """A setting that does not exist, or has a value of the wrong kind."""


def _at_least_one(key: str, value: int) -> None:
    if value < 1:
        raise RecipeError(f"{key} must be at least 1; got {value}.")


@dataclass(frozen=True)
class Audio:
    """How a recording becomes 16 kHz mono; the defaults refuse whatever is not that already."""

    sample_rate_hz: int = 16_000
    channel: int | Literal["only", "mean"] = "only"
    resample: bool = False


@dataclass(frozen=True)
class Split:
    """Sec. 4.2: 85 % of the source clips and 6 of 10 target clips train, the rest validates."""

    source_share: float = 0.85
    target_share: float = 0.6

    def __post_init__(self) -> None:
        for name, share in (("source_share", self.source_share), ("target_share", self.target_share)):
            if not 0 < share <= 1:
                raise RecipeError(f"split.{name} must be above 0 and at most 1; got {share}.")


@dataclass(frozen=True)
class Training:
    """Sec. 4.2: OE is trained for 150 epochs with OneCycleLR up to 1e-3, AdamW, batches of 128, half of them target."""

    epochs: int = 150
    batch_size: int = 128
    learning_rate: float = 1e-3
    schedule: Literal["one-cycle", "constant"] = "one-cycle"
    weight_decay: float = 0.0
    standardise: Literal["machine", "clip", "segment"] = "machine"
    mixup: Literal["cosine", "constant", "off"] = "cosine"
    mixup_alpha: float = 0.2
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    checkpoint_s: float = 60.0

    def __post_init__(self) -> None:
        _at_least_one("training.epochs", self.epochs)
        if self.batch_size < 2 or self.batch_size % 2:
            raise RecipeError(
                f"training.batch_size must be even and at least 2, half of it is the target machine; "
                f"got {self.batch_size}."
            )
        if not self.learning_rate > 0:
            raise RecipeError(f"training.learning_rate must be above 0; got {self.learning_rate}.")


@dataclass(frozen=True)
class InlierModels:
    """Sec. 4.2: GMM and Mahalanobis KNN, each with 1, 2, 4, 16, 32, fitted on three kinds of training data."""

    components: tuple[int, ...] = (1, 2, 4, 16, 32)
    neighbours: tuple[int, ...] = (1, 2, 4, 16, 32)
    training_data: tuple[str, ...] = ("source", "pseudo-target", "source+target")
    pseudo_target_alpha: float = 0.2
    selected: int = 20
    save: bool = True

    def __post_init__(self) -> None:
        for size in (*self.components, *self.neighbours):
            _at_least_one("inlier.components and inlier.neighbours", size)
        _at_least_one("inlier.selected", self.selected)
        kinds = ("source", "pseudo-target", "source+target")
        if not self.training_data or not set(self.training_data) <= set(kinds):
            raise RecipeError(f"inlier.training_data holds some of {', '.join(kinds)}; got {self.training_data}.")


@dataclass(frozen=True)
class Weighting:
    """Sec. 3.2: clips of these machines have silent ends; their segments are weighted by high-passed power."""

    machines: tuple[str, ...] = ("ToyCar", "ToyTrain", "ToyDrone", "ToyNscale", "ToyTank", "Vacuum")


@dataclass(frozen=True)
class Autoencoder:
    """The official baseline (Harada 2023): 5 frames of 128 bands; Adam 1e-3, batches of 256, 100 epochs."""

    epochs: int = 100
    batch_size: int = 256
    learning_rate: float = 1e-3
    frames: int = 5
    # "mean residual" is what the official code computes: it averages the products of all pairs of residuals of a clip.
    mahalanobis: Literal["mean residual", "each frame"] = "mean residual"

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "frames"):
            _at_least_one(f"autoencoder.{name}", getattr(self, name))


@dataclass(frozen=True)
class SyntheticData:
    """Size of the embedded data set that a run without data makes."""

    size: str = "full"


@dataclass(frozen=True)
class Recipe:
    """Every setting of a run."""

    seed: int = 0
    threads: int = 2
    audio: Audio = field(default_factory=Audio)
    segments: SegmentSettings = field(default_factory=SegmentSettings)
    log_mel: LogMelSettings = field(default_factory=LogMelSettings)
    high_pass: HighPassSettings = field(default_factory=HighPassSettings)
    split: Split = field(default_factory=Split)
    training: Training = field(default_factory=Training)
    inlier: InlierModels = field(default_factory=InlierModels)
    weighting: Weighting = field(default_factory=Weighting)
    autoencoder: Autoencoder = field(default_factory=Autoencoder)
    synthetic: SyntheticData = field(default_factory=SyntheticData)

    def __post_init__(self) -> None:
        rates = {self.audio.sample_rate_hz, self.segments.sample_rate_hz, self.log_mel.sample_rate_hz}
        if len(rates) > 1:
            raise RecipeError(
                f"audio, segments and log_mel must have one sample_rate_hz; got {sorted(rates)}. Set all three alike."
            )

    def to_toml(self) -> str:
        """The whole recipe as TOML; `recipe_from_toml` gives it back."""
        lines = [f"{name} = {_toml(value)}" for name, value in _fields(self) if not dataclasses.is_dataclass(value)]
        for name, value in _fields(self):
            if dataclasses.is_dataclass(value):
                lines += ["", f"[{name}]", *(f"{key} = {_toml(inner)}" for key, inner in _fields(value))]
        return "\n".join(lines) + "\n"

    def digest(self) -> str:
        """Hexadecimal SHA-256 of the TOML text."""
        return hashlib.sha256(self.to_toml().encode()).hexdigest()


def profile_names() -> list[str]:
    """The profiles that the package ships."""
    files = resources.files("asd_recipes") / "profiles"
    return sorted(entry.name.removesuffix(".toml") for entry in files.iterdir() if entry.name.endswith(".toml"))


def load_recipe(profile: str, *, settings: typing.Sequence[str] = ()) -> Recipe:
    """A profile by name, or a TOML file by path, with `key=value` settings on top.

    Raises:
        RecipeError: no such profile or file, a misspelt key, a value of the wrong kind.
    """
    if profile in profile_names():
        text = (resources.files("asd_recipes") / "profiles" / f"{profile}.toml").read_text()
    elif Path(profile).is_file():
        text = Path(profile).read_text()
    else:
        names = ", ".join(profile_names())
        raise RecipeError(f"profile {profile!r} is neither one of {names} nor a TOML file.")
    recipe = recipe_from_toml(text, name=profile)
    for setting in settings:
        recipe = _with_setting(recipe, setting)
    return recipe


def recipe_from_toml(text: str, *, name: str = "recipe") -> Recipe:
    """A recipe from TOML text; what the text does not mention keeps its default."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{name}: not valid TOML: {error}.") from error
    return _merge(Recipe(), table, prefix="")


def _with_setting(recipe: Recipe, setting: str) -> Recipe:
    key, equals, text = setting.partition("=")
    if not equals:
        raise RecipeError(f"--set takes key=value, as in training.epochs=5; got {setting!r}.")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text  # a bare word: `--set training.schedule=constant`
    table: dict[str, Any] = {}
    inner = table
    *groups, last = key.strip().split(".")
    for group in groups:
        inner = inner.setdefault(group, {})
    inner[last] = value
    return _merge(recipe, table, prefix="")


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
