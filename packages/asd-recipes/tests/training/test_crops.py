"""Training crops are standardised slices of the clips, whatever reads them."""

import dataclasses

import numpy as np
import pytest
import torch

from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.training.balanced_sampler import Batch
from asd_recipes.training.crops import ResidentBank, TrainingCrops
from asd_recipes.training.machine_data import PreparedData, prepare_data
from asd_recipes.waveforms.device_choice import Device

CPU = Device("cpu", "float32", "")
INDICES, OFFSETS = [0, 3, 5, 1], [0, 1234, 99, 7]


@pytest.fixture(scope="module", params=["16-bit", "one of float32", "one silent"])
def data(request: pytest.FixtureRequest, make_bank) -> PreparedData:
    bank = make_bank()
    first = {
        "16-bit": bank.waves[0],
        "one of float32": bank.waves[0].astype(np.float32) / 32768,
        "one silent": np.zeros_like(bank.waves[0]),
    }[request.param]
    return prepare_data(dataclasses.replace(bank, waves=(first, *bank.waves[1:])), load_recipe("smoke"))


def _reference(data: PreparedData, by: str, index: int, offset: int, length: int) -> np.ndarray:
    """(T,) float64; a shorter clip is repeated."""
    wave = data.bank.waves[index]
    clip = wave / 32768 if wave.dtype == np.int16 else wave.astype(np.float64)
    crop = np.array([clip[place % len(clip)] for place in range(offset, offset + length)])
    machine = data.statistics[data.bank.clips[index].machine]
    mean, std = {
        "machine": (machine.mean, machine.std),
        "clip": (clip.mean(), clip.std()),
        "segment": (crop.mean(), crop.std()),
    }[by]
    return (crop - mean) / (std or 1.0)


def _crops(data: PreparedData, by: str, length_s: float) -> TrainingCrops:
    settings = [f"training.standardise={by}", f"segments.length_s={length_s}"]
    return TrainingCrops(data, load_recipe("smoke", settings=settings), CPU)


@pytest.mark.parametrize("by", ["machine", "clip", "segment"])
@pytest.mark.parametrize("length_s", [0.25, 2.5])  # of clips of one to two seconds
@pytest.mark.parametrize("resident", [False, True], ids=["read where they lie", "gathered on the device"])
def test_crops_are_standardised_slices(
    data: PreparedData, by: str, length_s: float, resident: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    crops = _crops(data, by, length_s)
    length = crops.recipe.segments.length_samples
    if resident:
        monkeypatch.setitem(crops.__dict__, "resident", ResidentBank(data, torch.device("cpu")))
    batch = Batch(INDICES[:2], INDICES[2:])
    for rng in (None, np.random.default_rng(3)):
        got = crops.read(batch, rng)
        room = [max(0, len(data.bank.waves[index]) - length) for index in INDICES]
        again = np.random.default_rng(3)
        offsets = [0 if rng is None else int(again.integers(0, most + 1)) for most in room]
        expected = [_reference(data, by, *place, length) for place in zip(INDICES, offsets, strict=True)]
        assert got.dtype == torch.float32
        # The device sums in float32, the core in float64; the values go up to ten.
        np.testing.assert_allclose(got.numpy(), np.array(expected), rtol=0, atol=2e-5 if resident else 1e-6)


def test_the_device_gathers_the_samples_of_the_clips(data: PreparedData) -> None:
    """To the bit: a division by a power of two is exact."""
    for length, offsets in ((4_000, OFFSETS), (40_000, [0, 0, 0, 0])):  # of clips of 16,000 to 32,000 samples
        got = ResidentBank(data, torch.device("cpu")).crops(INDICES, offsets, length)
        for crop, index, offset in zip(got.numpy(), INDICES, offsets, strict=True):
            wave = data.bank.waves[index]
            scaled = wave / np.float32(32768) if wave.dtype == np.int16 else wave
            np.testing.assert_array_equal(crop, np.resize(scaled, length + offset)[offset:])


def test_random_crops_reach_both_ends_of_a_clip(data: PreparedData) -> None:
    """A crop that is one sample shorter than the clip begins at its first or second sample, with equal chances."""
    clip = data.bank.waves[3]
    crops = _crops(data, "machine", (len(clip) - 1) / 16_000)
    rng = np.random.default_rng(0)
    machine = data.statistics[data.bank.clips[3].machine]
    begins = np.array([crops.read(Batch([3], []), rng).numpy()[0, 0] for _ in range(40)])
    possible = (clip[:2] / 32768 - machine.mean) / machine.std
    hits = np.isclose(begins[:, None], possible, rtol=1e-5).sum(axis=0)
    assert hits.sum() == 40
    assert hits.min() >= 8
