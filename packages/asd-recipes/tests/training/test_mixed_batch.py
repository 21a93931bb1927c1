"""Mixup of a training batch: when it mixes, with which weights, and what the flow learns from."""

import numpy as np
import pytest
import torch

from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.training.attribute_labels import machine_labels
from asd_recipes.training.balanced_sampler import Batch
from asd_recipes.training.crops import TrainingCrops
from asd_recipes.training.machine_data import PreparedData, prepare_data
from asd_recipes.training.mixed_batch import MixedBatch, mixed_batch
from asd_recipes.waveforms.device_choice import Device

CPU = Device("cpu", "float32", "")
TINY = ["segments.length_s=0.25", "training.batch_size=8"]


@pytest.fixture(scope="module")
def data(make_bank) -> PreparedData:
    return prepare_data(make_bank(machines=("fan", "valve")), load_recipe("smoke", settings=TINY))


@pytest.fixture(scope="module")
def batch(data: PreparedData) -> Batch:
    return Batch(data.training["fan"][:6], data.training["valve"][:6])


def _mixed(
    data: PreparedData, batch: Batch, *settings: str, done: tuple[int, int] = (0, 9), seed: int = 1
) -> MixedBatch:
    recipe = load_recipe("smoke", settings=[*TINY, *settings])
    return mixed_batch(
        batch,
        TrainingCrops(data, recipe, CPU),
        machine_labels(data, "fan", "spd"),
        recipe.training,
        done=done,
        rng=np.random.default_rng(seed),
        generator=torch.Generator().manual_seed(seed),
    )


def _crops(data: PreparedData, batch: Batch, *, seed: int = 1) -> torch.Tensor:
    crops = TrainingCrops(data, load_recipe("smoke", settings=TINY), CPU)
    return crops.read(batch, np.random.default_rng(seed))


def test_a_batch_without_mixup_is_the_plain_crops_and_labels(data: PreparedData, batch: Batch) -> None:
    plain = _mixed(data, batch, "training.mixup=off")
    assert torch.equal(plain.waves, _crops(data, batch))
    assert plain.targets.tolist() == [1.0] * 6 + [0.0] * 6
    assert plain.flow_rows.tolist() == list(range(6))


def test_a_large_alpha_mixes_every_clip_half_and_half_with_another_of_the_batch(
    data: PreparedData, batch: Batch
) -> None:
    """Beta(1e6, 1e6) is 0.5, with a standard deviation of 4e-4."""
    mixed = _mixed(data, batch, "training.mixup=constant", "training.mixup_alpha=1e6")
    crops = _crops(data, batch)
    partners = torch.cdist(2 * mixed.waves - crops, crops)  # from each row to every crop of the batch
    assert (partners.min(1).values < 0.02 * crops.norm(dim=1)).all()
    assert sorted(partners.argmin(1).tolist()) == list(range(12))
    assert {round(target, 2) for target in mixed.targets.tolist()} == {0.0, 0.5, 1.0}


def test_the_cosine_mixes_always_at_first_and_hardly_ever_at_the_last_step(data: PreparedData, batch: Batch) -> None:
    plain = [_crops(data, batch, seed=seed) for seed in range(20)]
    mixed = {
        step: sum(
            not torch.equal(_mixed(data, batch, "training.mixup=cosine", done=(step, 1000), seed=seed).waves, crops)
            for seed, crops in enumerate(plain)
        )
        for step in (0, 500, 999)
    }
    assert mixed[0] == 20
    assert 3 < mixed[500] < 17
    assert mixed[999] == 0


def test_mixed_rows_with_a_pseudo_anomalous_part_train_no_flow(data: PreparedData, batch: Batch) -> None:
    mixed = _mixed(data, batch, "training.mixup=constant")
    assert torch.equal(mixed.flow_rows, (mixed.targets == 1).nonzero()[:, 0])
    assert 0 < len(mixed.flow_rows) < 6, "some normal clips were mixed with pseudo-anomalous ones"
    assert mixed.attributes is not None
    # A pseudo-anomalous part has no attribute: the one-hot labels sum to the target machine's share.
    torch.testing.assert_close(mixed.attributes.sum(1), mixed.targets)
