"""Training of the OE network: it tells of divergence, repeats itself to the byte, and keeps a line an epoch."""

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from asd_recipes.balanced_sampler import Batch
from asd_recipes.device_choice import choose_device
from asd_recipes.machine_data import PreparedData, prepare_data
from asd_recipes.outlier_exposure_training import OutlierExposureTraining, load_network
from asd_recipes.progress import PlainProgress
from asd_recipes.recipe_toml import load_recipe
from asd_recipes.training_diverged import TrainingDivergedError

# Float32 crops, standardised in float32; the reference in float64.
ABSOLUTE = 2e-5
QUIET = PlainProgress(quiet=True)
TINY = ["threads=1", "segments.length_s=1.0", "training.batch_size=8", "training.epochs=2"]


def _training(data: PreparedData, *settings: str) -> OutlierExposureTraining:
    recipe = load_recipe("smoke", settings=[*TINY, *settings])
    return OutlierExposureTraining("fan", data, recipe, choose_device("cpu", "float32", threads=1))


@pytest.fixture(scope="module")
def data(make_bank) -> PreparedData:
    return prepare_data(make_bank(), load_recipe("smoke"))


@pytest.fixture(scope="module")
def trained(data: PreparedData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("oe")
    _training(data).run(folder, QUIET)
    return folder


def _with_nan(data: PreparedData, machine: str) -> PreparedData:
    """The same data, but the training clips of the machine hold nothing but NaN."""
    waves = list(data.bank.waves)
    for index in data.training[machine]:
        waves[index] = np.full(len(waves[index]), np.nan, np.float32)
    return dataclasses.replace(data, bank=dataclasses.replace(data.bank, waves=tuple(waves)))


WHERE_AND_WAY_OUT = r"fan OE.*epoch 1.*training\.learning_rate"


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(["training.learning_rate=1e30"], id="two steps an epoch: the second loss shows it"),
        pytest.param(
            [
                "training.learning_rate=1e30",
                "training.batch_size=64",
                "training.epochs=1",
                "training.schedule=constant",
            ],
            id="one step in all: its loss is of the weights before it",
        ),
    ],
)
def test_a_learning_rate_without_measure_is_told_as_a_divergence(
    settings: list[str], data: PreparedData, tmp_path: Path
) -> None:
    with pytest.raises(TrainingDivergedError, match=WHERE_AND_WAY_OUT):
        _training(data, *settings).run(tmp_path, QUIET)
    assert list(tmp_path.iterdir()) == [], "nothing that would pass for a trained network"


@pytest.mark.parametrize("machine", ["fan", "valve"])
def test_recordings_that_are_not_numbers_are_told_as_a_divergence(
    machine: str, data: PreparedData, tmp_path: Path
) -> None:
    with pytest.raises(TrainingDivergedError, match=WHERE_AND_WAY_OUT):
        _training(_with_nan(data, machine)).run(tmp_path, QUIET)
    assert list(tmp_path.iterdir()) == []


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(
    trained: Path, data: PreparedData, tmp_path: Path
) -> None:
    torch.manual_seed(987)  # what was drawn before must not matter
    _training(data).run(tmp_path / "same", QUIET)
    _training(data, "seed=1").run(tmp_path / "other", QUIET)
    for file in ("weights.safetensors", "training.csv"):
        assert (tmp_path / "same" / file).read_bytes() == (trained / file).read_bytes()
        assert (tmp_path / "other" / file).read_bytes() != (trained / file).read_bytes()


def test_the_folder_holds_weights_and_one_line_an_epoch(trained: Path) -> None:
    assert sorted(path.name for path in trained.iterdir()) == ["training.csv", "weights.safetensors"]
    with (trained / "training.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["epoch", "training_loss", "validation_loss", "validation_auc"]
    assert [int(row["epoch"]) for row in rows] == [1, 2]
    for row in rows:
        assert float(row["training_loss"]) > 0
        assert float(row["validation_loss"]) > 0
        assert 0 <= float(row["validation_auc"]) <= 1


def test_the_loaded_network_gives_finite_logits_and_is_in_inference_mode(trained: Path) -> None:
    network = load_network(trained / "weights.safetensors", choose_device("cpu", "float32", threads=1))
    assert not network.training
    with torch.no_grad():
        assert torch.isfinite(network(torch.zeros(2, 32, 16)).machine_logit).all()


def _own_statistics(data: PreparedData, machine: str) -> tuple[float, float]:
    samples = np.concatenate([data.bank.waves[index] for index in data.training[machine]]) / 32768
    return float(samples.mean()), float(samples.std())


def test_each_clip_of_a_batch_is_standardised_by_its_own_machine(data: PreparedData) -> None:
    """Statistics of the target machine would turn a loud machine's clips into loud inputs: level alone would tell."""
    target = data.training["fan"][:3]
    pseudo = [data.training["valve"][0], data.training["ToyCar"][2], data.training["valve"][1]]
    waves, targets = _training(data)._waves(Batch(target, pseudo), None)
    assert targets.tolist() == [1, 1, 1, 0, 0, 0]
    assert waves.shape == (6, 16_000)
    for row, (index, machine) in enumerate(
        zip([*target, *pseudo], ["fan", "fan", "fan", "valve", "ToyCar", "valve"], strict=True)
    ):
        mean, std = _own_statistics(data, machine)
        expected = (data.bank.waves[index][:16_000] / 32768 - mean) / std
        np.testing.assert_allclose(waves[row].numpy(), expected, atol=ABSOLUTE)


@pytest.mark.parametrize(("mode", "whole_clip"), [("clip", True), ("segment", False)])
def test_other_ways_to_standardise_use_the_clip_or_the_crop_alone(
    mode: str, whole_clip: bool, data: PreparedData
) -> None:
    index, pseudo = data.training["fan"][0], data.training["ToyCar"][0]
    waves, _ = _training(data, f"training.standardise={mode}")._waves(Batch([index], [pseudo]), None)
    for row, clip in enumerate((index, pseudo)):
        samples = data.bank.waves[clip] / 32768
        measured = samples if whole_clip else samples[:16_000]
        expected = (samples[:16_000] - measured.mean()) / measured.std()
        np.testing.assert_allclose(waves[row].numpy(), expected, atol=ABSOLUTE)


def test_crops_are_drawn_from_anywhere_in_the_clip(data: PreparedData) -> None:
    index, pseudo = data.training["fan"][0], data.training["valve"][0]
    mean, std = _own_statistics(data, "fan")
    whole = (data.bank.waves[index] / 32768 - mean) / std
    training, rng = _training(data), np.random.default_rng(3)
    offsets = set()
    for _ in range(20):
        crop = training._waves(Batch([index], [pseudo]), rng)[0][0].numpy()
        places = np.flatnonzero(np.abs(whole[: len(whole) - 16_000 + 1] - crop[0]) < ABSOLUTE)
        offsets |= {int(p) for p in places if np.allclose(whole[p : p + 16_000], crop, atol=ABSOLUTE)}
    assert len(offsets) > 10
    assert 0 <= min(offsets) < max(offsets) <= len(whole) - 16_000
