"""A stage depends on the settings that it reads: on all of them, and on no other."""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from asd_recipes.progress import PlainProgress
from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.stage_settings import scoring_settings, training_settings
from asd_recipes.recipe.system_variants import SYSTEMS
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.reproduction.job import jobs_of
from asd_recipes.reproduction.job_stages import JobStages
from asd_recipes.training.machine_data import prepare_data
from asd_recipes.waveforms.device_choice import Device
from asd_recipes.waveforms.waveform_bank import WaveformBank

QUIET = PlainProgress(quiet=True)
CPU = Device("cpu", "float32", "1 thread")
SETTINGS = ["segments.length_s=1.0", "training.batch_size=4", "training.epochs=1", "joint.epochs=1",
            "training.mixup='constant'", "inlier.components=[1]", "inlier.neighbours=[1]", "spectral.pooling='segment'",
            "log_mel.bands=16", "log_mel.hop_s=0.128", "log_mel.window_s=0.128"]  # fmt: skip
RESOLVED = {"threads", "training.precision"}
"""Read once for a run, where its device is chosen."""
CHANGES_NO_RESULT = {"training.checkpoint_s", "inlier.save"}


@pytest.fixture(scope="module")
def bank(make_bank: Callable[..., WaveformBank]) -> WaveformBank:
    return make_bank(machines=("ToyCar", "fan"), source=6, target=4)


def _leaves(recipe: Recipe) -> list[str]:
    """Names of all settings."""
    names = []
    for field in dataclasses.fields(recipe):
        value = getattr(recipe, field.name)
        inner = dataclasses.fields(value) if dataclasses.is_dataclass(value) else ()
        names += [f"{field.name}.{one.name}" for one in inner] or [field.name]
    return names


@contextmanager
def _recorded(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """The settings of this recipe that the block reads."""
    read: set[str] = set()
    places = {id(recipe): ""}
    for field in dataclasses.fields(recipe):
        if dataclasses.is_dataclass(value := getattr(recipe, field.name)):
            places[id(value)] = f"{field.name}."
    names = set(_leaves(recipe))

    def reading(instance: object, name: str) -> Any:
        if (place := places.get(id(instance))) is not None and f"{place}{name}" in names:
            read.add(f"{place}{name}")
        return object.__getattribute__(instance, name)

    with monkeypatch.context() as patched:
        for kind in {Recipe, *(type(getattr(recipe, field.name)) for field in dataclasses.fields(recipe))} - {int}:
            patched.setattr(kind, "__getattribute__", reading)
        yield read


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_stages_read_the_settings_that_the_table_declares_and_no_others(
    system: str, bank: WaveformBank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = load_recipe("smoke", settings=SETTINGS)
    with _recorded(recipe, monkeypatch) as of_split:
        data = prepare_data(bank, recipe)
    assert of_split == {"seed", "split.source_share", "split.target_share"}
    stages, job = JobStages(recipe, data, CPU), jobs_of(data, ["ToyCar"], [system])[0]
    training, scoring = set(training_settings(recipe, system)), set(scoring_settings(recipe, system, "ToyCar"))
    with _recorded(recipe, monkeypatch) as read:
        if job.trains:
            stages.train(job, tmp_path, QUIET)
    learns = of_split if system not in ("random-encoder", "spectral-statistics") else set()
    assert (read | learns) - CHANGES_NO_RESULT == training - RESOLVED
    with _recorded(recipe, monkeypatch) as read:
        stages.score(job, tmp_path, QUIET)
    assert (read | of_split) - CHANGES_NO_RESULT <= training | scoring
    assert scoring - RESOLVED <= read | of_split
