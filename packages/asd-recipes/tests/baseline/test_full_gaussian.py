"""The Gaussian in the flow's place: against slow references, and indifferent to what else is scored."""

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.covariance import LedoitWolf  # type: ignore[import-untyped, unused-ignore]

from asd_features import power_weights
from asd_recipes.baseline.full_gaussian import FullGaussian, PositionGaussians
from asd_recipes.recipe.system_variants import OE
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.scoring.candidate_table import CandidateTable, read_candidate_table
from asd_recipes.scoring.embedding import ClipEmbedder
from asd_recipes.training.machine_data import PreparedData, prepare_data
from asd_recipes.training.network_building import write_untrained
from asd_recipes.waveforms.device_choice import choose_device
from asd_runtime.progress import PlainProgress

# float64 distances by another route
ROUNDING = 1e-8
QUIET = PlainProgress(quiet=True)
DEVICE = choose_device("cpu", "float32", threads=1)
# Maps of 2 x 2 positions.
SETTINGS = ["threads=1", "segments.length_s=1.0", "log_mel.bands=64", "log_mel.hop_s=0.016"]


@pytest.fixture(scope="module")
def data(make_bank) -> PreparedData:
    return prepare_data(make_bank(), load_recipe("smoke"))


@pytest.fixture(scope="module")
def embedder(data: PreparedData, tmp_path_factory: pytest.TempPathFactory) -> ClipEmbedder:
    folder, recipe = tmp_path_factory.mktemp("oe"), load_recipe("smoke", settings=SETTINGS)
    write_untrained(folder, OE, recipe, "fan")
    return ClipEmbedder.load(folder / "weights.safetensors", OE, recipe, data.statistics["fan"], DEVICE)


def _scored(data: PreparedData, embedder: ClipEmbedder, folder: Path, *settings: str) -> CandidateTable:
    recipe = load_recipe("smoke", settings=[*SETTINGS, *settings])
    FullGaussian("fan", data, recipe, embedder).score(folder, QUIET)
    return read_candidate_table(folder / "candidates.csv")


def _maps(count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.maximum(rng.standard_normal((count, 5, 2, 3)) + rng.standard_normal((5, 2, 3)), 0).astype(np.float32)


def test_a_position_s_score_is_half_its_squared_mahalanobis_distance() -> None:
    """Against scikit-learn's Ledoit-Wolf covariance of that position alone."""
    training, maps = _maps(30, 0), _maps(4, 1)
    actual = PositionGaussians.fit(training).score_map(maps)
    assert actual.shape == (4, 2, 3)
    for row in range(2):
        for column in range(3):
            reference = LedoitWolf().fit(training[:, :, row, column].astype(np.float64))
            squared = reference.mahalanobis(maps[:, :, row, column].astype(np.float64))
            np.testing.assert_allclose(actual[:, row, column], squared / 2, rtol=ROUNDING)


@pytest.mark.parametrize("weighted", [False, True])
def test_a_clip_s_score_is_the_mean_over_frequency_and_the_weighted_mean_over_time(
    weighted: bool, data: PreparedData, embedder: ClipEmbedder, tmp_path: Path
) -> None:
    machines = ["weighting.machines=['fan']"] if weighted else ["weighting.machines=[]"]
    table = _scored(data, embedder, tmp_path, *machines)
    training = np.concatenate([embedder.maps(data.bank.waves[index]) for index in data.training["fan"]])
    model, (scored, _) = PositionGaussians.fit(training), data.scored_clips("fan")
    for index, score in zip(scored[:3], table.columns["gaussian"], strict=False):
        wave = data.bank.waves[index]
        of_position = model.score_map(embedder.maps(wave))
        of_bins = [segment[:, column].mean() for segment in of_position for column in range(of_position.shape[2])]
        weights = np.ones(len(of_bins))
        if weighted:
            recipe = embedder.segments
            weights = power_weights(wave, recipe, bins=of_position.shape[2]).reshape(-1)
        assert score == pytest.approx(np.average(of_bins, weights=weights), rel=ROUNDING)


def test_the_maps_are_those_that_a_flow_sees_segment_by_segment(data: PreparedData, embedder: ClipEmbedder) -> None:
    wave = data.bank.waves[0]
    maps = embedder.maps(wave)
    with torch.inference_mode():
        spectrograms = embedder._spectrograms(torch.from_numpy(embedder.cut(wave)))
        expected = embedder.network(spectrograms).map.numpy()
    assert maps.shape == (embedder.segments.count(len(wave)), 512, 2, 2)
    np.testing.assert_array_equal(maps, expected)


def test_a_clip_s_score_depends_on_no_other_scored_clip(
    data: PreparedData, embedder: ClipEmbedder, tmp_path: Path
) -> None:
    whole = _scored(data, embedder, tmp_path / "whole")
    fewer = dataclasses.replace(data, validation={**data.validation, "fan": data.validation["fan"][:1]})
    part = _scored(fewer, embedder, tmp_path / "part")
    by_file = dict(zip(whole.files, whole.columns["gaussian"], strict=True))
    assert len(part.files) < len(whole.files)
    assert [by_file[name] for name in part.files] == part.columns["gaussian"].tolist()
    with (tmp_path / "whole" / "candidates.csv").open(newline="") as file:
        assert next(csv.reader(file)) == ["part", "file", "domain", "label", "gaussian"]
