"""A run that cannot succeed is refused, with the rule, before anything is made or trained."""

from dataclasses import replace
from pathlib import Path

import pytest

from asd_recipes.dataset.clip import DatasetError
from asd_recipes.dataset.scan import Dataset
from asd_recipes.recipe.settings import RecipeError
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.reproduction.requirements import check_names, check_recipe, check_recordings
from asd_recipes.training.machine_data import prepare_data
from asd_recipes.waveforms.device_choice import DeviceError

SMALL = ["segments.length_s=1.0", "threads=1"]


def test_a_recipe_that_this_machine_can_run_gives_the_device() -> None:
    assert check_recipe(load_recipe("smoke"), "cpu").name == "cpu"


@pytest.mark.parametrize(
    ("setting", "kind", "rule"),
    [
        ("threads=100000", DeviceError, "threads must be at most"),
        ("log_mel.bands=100000000", RecipeError, "bands"),
        ("training.encoder_weights=/nowhere", RecipeError, "training.encoder_weights"),
        ("inlier.search=faiss-gpu", RecipeError, "inlier.search=faiss-gpu: backend='faiss-gpu' needs"),
    ],
)
def test_a_recipe_that_no_run_could_follow_is_refused(setting: str, kind: type[Exception], rule: str) -> None:
    with pytest.raises(kind, match=rule):
        check_recipe(load_recipe("smoke", settings=[setting]), "cpu")


def test_the_way_out_of_a_search_that_is_not_possible_here_names_the_setting() -> None:
    with pytest.raises(RecipeError, match=r"inlier\.search=(faiss|numpy)\b") as refused:
        check_recipe(load_recipe("smoke", settings=["inlier.search=faiss-gpu"]), "cpu")
    assert 'backend="' not in str(refused.value)


@pytest.mark.parametrize("name", ["metrics", "submissions", "plots", "data.json"])
def test_a_machine_cannot_have_the_name_of_a_file_of_the_run(name: str) -> None:
    check_names(["fan", "Metrics"])
    with pytest.raises(DatasetError, match=f"cannot be called {name}"):
        check_names(["fan", name])


def _check(make_bank, *settings: str, source: int = 8, target: int = 5, systems: tuple[str, ...] = ("oe",)) -> None:
    recipe = load_recipe("smoke", settings=[*SMALL, *settings])
    bank = make_bank(machines=("fan", "valve"), source=source, target=target)
    readable = Dataset(Path("made-up"), bank.clips, ())
    check_recordings(prepare_data(bank, recipe), ["fan", "valve"], systems, readable, recipe)


def test_training_clips_of_only_the_target_domain_are_enough(make_bank) -> None:
    _check(make_bank, source=0, target=8)


@pytest.mark.parametrize(
    ("settings", "source", "target"),
    [
        (['inlier.training_data=["source"]'], 0, 8),
        (['inlier.training_data=["pseudo-target"]'], 0, 8),
        (["inlier.components=[9000]", "inlier.neighbours=[9000]"], 8, 5),
    ],
)
def test_a_machine_on_which_no_inlier_model_can_be_fitted_is_refused_before_it_is_trained(
    settings: list[str], source: int, target: int, make_bank
) -> None:
    with pytest.raises(DatasetError, match=r"fan trains on \d+ segments of the source domain"):
        _check(make_bank, *settings, source=source, target=target)
    _check(make_bank, *settings, source=source, target=target, systems=("autoencoder", "serialoe-flow"))


def test_too_few_clips_are_refused_and_the_first_unreadable_one_is_named(make_bank) -> None:
    with pytest.raises(DatasetError, match="fan has 8 training clips and 0 validation clips"):
        _check(make_bank, "split.source_share=1.0", source=8, target=0)


def test_outlier_exposure_needs_a_second_machine(make_bank) -> None:
    recipe = load_recipe("smoke", settings=SMALL)
    bank = make_bank(machines=("fan",))
    readable = Dataset(Path("made-up"), bank.clips, ())
    with pytest.raises(DatasetError, match="one machine type"):
        check_recordings(prepare_data(bank, recipe), ["fan"], ["oe"], readable, recipe)
    check_recordings(prepare_data(bank, recipe), ["fan"], ["autoencoder"], readable, recipe)


def test_a_machine_without_readable_anomalies_of_a_domain_is_refused(make_bank) -> None:
    recipe = load_recipe("smoke", settings=SMALL)
    bank = make_bank(machines=("fan", "valve"))
    kept = tuple(clip for clip in bank.clips if (clip.name.domain, clip.name.label) != ("target", "anomaly"))
    readable = replace(Dataset(Path("made-up"), bank.clips, ()), clips=kept)
    with pytest.raises(DatasetError, match="no readable anomaly test clips of the target domain"):
        check_recordings(prepare_data(bank, recipe), ["fan"], ["oe"], readable, recipe)
