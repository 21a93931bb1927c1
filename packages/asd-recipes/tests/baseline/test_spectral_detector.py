"""The spectral detector equals its formula written out clip by clip, and its rows come after the paper's."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.covariance import LedoitWolf

from asd_features import log_mel, power_weights, segments
from asd_recipes.baseline.spectral_detector import SpectralDetector
from asd_recipes.recipe.settings import Recipe, RecipeError
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.reproduction.result_tables import table_lines
from asd_recipes.reproduction.systems import evaluate_systems
from asd_recipes.scoring.candidate_table import CandidateTable, read_candidate_table
from asd_recipes.training.machine_data import PreparedData, prepare_data
from asd_recipes.waveforms.device_choice import choose_device
from asd_runtime.progress import PlainProgress

# asd-inlier keeps whitened vectors in float32.
RELATIVE = 1e-4
QUIET = PlainProgress(quiet=True)


def _recipe(*settings: str) -> Recipe:
    return load_recipe("smoke", settings=["threads=1", *settings])


@pytest.fixture(scope="module")
def data(make_bank) -> PreparedData:
    return prepare_data(make_bank(machines=("fan", "valve")), _recipe())


def _scored(data: PreparedData, folder: Path, *settings: str) -> CandidateTable:
    device = choose_device("cpu", "float32", threads=1)
    SpectralDetector("fan", data, _recipe(*settings), device).score(folder, QUIET)
    return read_candidate_table(folder / "candidates.csv")


def _statistics(data: PreparedData, index: int) -> NDArray[np.float64]:
    level = data.statistics["fan"]
    wave = (data.bank.waves[index] / 32768 - level.mean) / level.std
    frames = log_mel(wave.astype(np.float32), _recipe().log_mel).astype(np.float64)
    steps = np.abs(np.diff(frames, axis=1)).mean(axis=1)
    return np.concatenate([frames.mean(axis=1), frames.std(axis=1), steps])


def test_a_score_is_the_whitened_distance_to_the_nearest_training_clip(data: PreparedData, tmp_path: Path) -> None:
    table = _scored(data, tmp_path, "spectral.local_density=0")
    training = np.stack([_statistics(data, index) for index in data.training["fan"]])
    scored = [*data.validation["fan"], *data.bank.labelled_test("fan")]
    queries = np.stack([_statistics(data, index) for index in scored])
    scale = training.std(axis=0)
    precision = LedoitWolf().fit(training / scale).precision_
    expected = cdist(queries / scale, training / scale, "mahalanobis", VI=precision).min(axis=1)
    np.testing.assert_allclose(table.columns["nearest"], expected, rtol=RELATIVE)
    assert table.parts == ["validation"] * len(data.validation["fan"]) + ["test"] * 8


def test_of_segments_the_score_is_their_mean_weighted_by_power(data: PreparedData, tmp_path: Path) -> None:
    settings = ["spectral.pooling='segment'", "spectral.statistics=['rank', 'std']", "spectral.rank_decay=0.5",
                "spectral.local_density=0", "segments.length_s=0.5", "weighting.machines=['fan']"]  # fmt: skip
    recipe, level = _recipe(*settings), data.statistics["fan"]
    table = _scored(data, tmp_path, *settings)

    def pooled(index: int) -> NDArray[np.float64]:
        cut = segments(data.bank.waves[index], recipe.segments, mean=level.mean, std=level.std)
        frames = log_mel(cut, recipe.log_mel).astype(np.float64)
        weights = 0.5 ** np.arange(frames.shape[2])
        ranked = np.sort(frames, axis=2)[..., ::-1] @ weights / weights.sum()
        return np.concatenate([ranked, frames.std(axis=2)], axis=1)

    training = np.concatenate([pooled(index) for index in data.training["fan"]])
    scale = training.std(axis=0)
    precision = LedoitWolf().fit(training / scale).precision_
    expected = []
    for index in [*data.validation["fan"], *data.bank.labelled_test("fan")]:
        distances = cdist(pooled(index) / scale, training / scale, "mahalanobis", VI=precision).min(axis=1)
        weights = power_weights(data.bank.waves[index], recipe.segments, high_pass=recipe.high_pass)[:, 0]
        assert len(distances) > 1
        expected.append(np.average(distances, weights=weights))
    np.testing.assert_allclose(table.columns["nearest"], expected, rtol=RELATIVE)


@pytest.mark.parametrize("pooling", ["clip", "segment"])
def test_a_score_does_not_depend_on_the_other_test_clips(data: PreparedData, tmp_path: Path, pooling: str) -> None:
    together = _scored(data, tmp_path / "all", f"spectral.pooling={pooling}").part("test")
    test = data.bank.labelled_test("fan")
    keep = sorted(set(range(len(data.bank.clips))) - set(test[1:]))
    place = {old: new for new, old in enumerate(keep)}
    bank = replace(
        data.bank,
        clips=tuple(data.bank.clips[index] for index in keep),
        waves=tuple(data.bank.waves[index] for index in keep),
    )
    fewer = replace(
        data,
        bank=bank,
        training={name: [place[index] for index in part] for name, part in data.training.items()},
        validation={name: [place[index] for index in part] for name, part in data.validation.items()},
    )
    alone = _scored(fewer, tmp_path / "one", f"spectral.pooling={pooling}").part("test")
    assert alone.files == together.files[:1]
    np.testing.assert_array_equal(alone.columns["nearest"], together.columns["nearest"][:1])


def test_fewer_clips_than_neighbours_are_enough(data: PreparedData, tmp_path: Path) -> None:
    few = replace(data, training={**data.training, "fan": data.training["fan"][:2]})
    table = _scored(few, tmp_path, "spectral.neighbours=7", "spectral.local_density=9")
    assert np.isfinite(table.columns["nearest"]).all()


@pytest.mark.parametrize(
    "setting",
    [
        "spectral.statistics=['median']",
        "spectral.statistics=[]",
        "spectral.statistics=['mean', 'mean']",
        "spectral.rank_decay=2.0",
        "spectral.neighbours=0",
        "spectral.local_density=-1",
        "spectral.pooling='frame'",
    ],
)
def test_settings_out_of_range_are_refused(setting: str) -> None:
    with pytest.raises(RecipeError, match=r"spectral\."):
        _recipe(setting)


def test_its_row_comes_after_the_papers_and_has_no_value_of_the_paper(data: PreparedData, tmp_path: Path) -> None:
    table = _scored(data, tmp_path)
    results = evaluate_systems(
        {system: {"fan": [table]} for system in ("spectral-statistics", "random-encoder", "full-gaussian")}, selected=1
    )
    names = [result.row.name for result in results]
    assert names == [
        f"{name} (not in the paper)" for name in ("Spectral statistics", "Random encoder", "Full Gaussian")
    ]
    lines = [(line.system, line.origin) for line in table_lines(results, ["fan"]) if line.table == 4]
    assert lines == [(name, origin) for name in names for origin in ("within-domain", "official")]
