"""Both baseline scores equal the official code's formulas written out, and stopping changes no byte."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from asd_features import LogMelSettings, log_mel
from asd_models import Autoencoder
from asd_recipes.baseline.autoencoder import AutoencoderBaseline
from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.scoring.candidate_table import CandidateTable, read_candidate_table
from asd_recipes.training.diverged import TrainingDivergedError
from asd_recipes.training.machine_data import PreparedData, prepare_data
from asd_recipes.waveforms.device_choice import choose_device
from asd_runtime.progress import Advance, PlainProgress

# Both compute in float64 from the same float32 residuals; the covariance of a few clips has a condition number of 1e6.
RELATIVE = 1e-7
QUIET = PlainProgress(quiet=True)
BANDS = 128


def _recipe(*settings: str) -> Recipe:
    return load_recipe("smoke", settings=["threads=1", "autoencoder.batch_size=64", *settings])


def _baseline(data: PreparedData, *settings: str) -> AutoencoderBaseline:
    return AutoencoderBaseline("fan", data, _recipe(*settings), choose_device("cpu", "float32", threads=1))


@pytest.fixture(scope="module")
def data(make_bank) -> PreparedData:
    # Enough target clips that the covariance of 128 bands is not nearly singular by chance.
    return prepare_data(make_bank(machines=("fan", "valve"), source=9, target=14), _recipe())


@pytest.fixture(scope="module")
def trained(data: PreparedData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with weights and the scores of the default settings."""
    folder = tmp_path_factory.mktemp("autoencoder")
    _baseline(data).train(folder, QUIET)
    _baseline(data).score(folder, QUIET)
    return folder


def _scores(folder: Path) -> CandidateTable:
    return read_candidate_table(folder / "candidates.csv")


def _residuals(folder: Path, wave: NDArray[np.int16]) -> NDArray[np.float64]:
    """(vectors, 640) of one clip, vectors built one by one."""
    model = Autoencoder(5 * BANDS)
    model.load_state_dict(load_file(folder / "weights.safetensors"))
    model.eval()
    mel = log_mel(wave.astype(np.float32) / 32768, LogMelSettings.dcase_baseline())
    vectors = np.stack(
        [np.concatenate([mel[:, frame + k] for k in range(5)]) for frame in range(mel.shape[1] - 4)]
    ).astype(np.float32)
    with torch.no_grad():
        return (vectors - model(torch.from_numpy(vectors)).numpy()).astype(np.float64)


def _precision(folder: Path, data: PreparedData, domain: str) -> NDArray[np.float64]:
    """Inverse covariance of all training residuals of a domain, with the ridge for dead bands."""
    bank = data.bank
    of_domain = [index for index in data.training["fan"] if bank.clips[index].name.domain == domain]
    rows = np.concatenate([_residuals(folder, bank.waves[index]).reshape(-1, BANDS) for index in of_domain])
    covariance = np.cov(rows, rowvar=False)
    return np.linalg.inv(covariance + 1e-6 * np.trace(covariance) / BANDS * np.eye(BANDS))


def _scored(data: PreparedData) -> list[int]:
    return [*data.validation["fan"], *data.bank.select(machine="fan", folder="test")]


def _official_distance(residuals: NDArray[np.float64], precision: NDArray[np.float64], form: str) -> float:
    """The official code multiplies all pairs of a clip's residuals, (n, n), and takes the mean of the whole matrix.

    The diagonal of that matrix has the distances of the frames.
    """
    delta = residuals.reshape(-1, BANDS)
    products = delta @ precision @ delta.T
    return float(products.mean() if form == "mean residual" else np.diag(products).mean())


def test_every_validation_and_test_clip_has_two_finite_scores(trained: Path, data: PreparedData) -> None:
    table = _scores(trained)
    assert table.files == [data.bank.clips[index].path.name for index in _scored(data)]
    assert table.parts == ["validation"] * len(data.validation["fan"]) + ["test"] * 8
    assert list(table.columns) == ["mse", "mahalanobis"]
    for values in table.columns.values():
        assert np.isfinite(values).all()
        assert (values > 0).all()


def test_mse_is_the_mean_of_the_squared_residuals(trained: Path, data: PreparedData) -> None:
    expected = [np.mean(_residuals(trained, data.bank.waves[index]) ** 2) for index in _scored(data)]
    np.testing.assert_allclose(_scores(trained).columns["mse"], expected, rtol=RELATIVE)


@pytest.mark.parametrize("form", ["mean residual", "each frame"])
def test_mahalanobis_is_the_smaller_of_the_distances_under_both_domains_covariances(
    form: str, trained: Path, data: PreparedData, tmp_path: Path
) -> None:
    (tmp_path / "weights.safetensors").write_bytes((trained / "weights.safetensors").read_bytes())
    _baseline(data, f'autoencoder.mahalanobis="{form}"').score(tmp_path, QUIET)
    residuals = [_residuals(trained, data.bank.waves[index]) for index in _scored(data)]
    precisions = [_precision(trained, data, domain) for domain in ("source", "target")]
    distances = np.array(
        [[_official_distance(clip, precision, form) for clip in residuals] for precision in precisions]
    )
    np.testing.assert_allclose(_scores(tmp_path).columns["mahalanobis"], distances.min(axis=0), rtol=RELATIVE)
    assert set(distances.argmin(axis=0)) == {0, 1}, "each domain is the nearer one of some clip"


def test_the_distance_of_the_mean_residual_is_the_default(trained: Path, data: PreparedData, tmp_path: Path) -> None:
    (tmp_path / "weights.safetensors").write_bytes((trained / "weights.safetensors").read_bytes())
    _baseline(data, 'autoencoder.mahalanobis="mean residual"').score(tmp_path, QUIET)
    assert (tmp_path / "candidates.csv").read_bytes() == (trained / "candidates.csv").read_bytes()


def test_without_target_clips_only_the_source_distance_counts(make_bank, tmp_path: Path) -> None:
    data = prepare_data(make_bank(machines=("fan", "valve"), target=0), _recipe())
    _baseline(data).train(tmp_path, QUIET)
    _baseline(data).score(tmp_path, QUIET)
    precision = _precision(tmp_path, data, "source")
    expected = [
        _official_distance(_residuals(tmp_path, data.bank.waves[index]), precision, "mean residual")
        for index in _scored(data)
    ]
    np.testing.assert_allclose(_scores(tmp_path).columns["mahalanobis"], expected, rtol=RELATIVE)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(
    trained: Path, data: PreparedData, tmp_path: Path
) -> None:
    torch.manual_seed(987)  # earlier draws must not matter
    for name, settings in (("same", ()), ("other", ("seed=1",))):
        _baseline(data, *settings).train(tmp_path / name, QUIET)
        _baseline(data, *settings).score(tmp_path / name, QUIET)
    for file in ("weights.safetensors", "candidates.csv"):
        assert (tmp_path / "same" / file).read_bytes() == (trained / file).read_bytes()
        assert (tmp_path / "other" / file).read_bytes() != (trained / file).read_bytes()


class _Stopping:
    """Progress that interrupts the training after a number of epochs."""

    def __init__(self, after: int) -> None:
        self._left = after
        self.first = self.trained = 0

    def say(self, text: str) -> None:
        pass

    @contextmanager
    def stage(self, name: str, steps: int, *, done: int = 0, in_bytes: bool = False) -> Iterator[Advance]:
        self.first = done

        def advance(more: int) -> None:
            self.trained += more
            self._left -= more
            if self._left == 0:
                raise KeyboardInterrupt

        yield advance


@pytest.mark.parametrize("stop", [10, 13])
def test_stopping_and_continuing_equals_not_stopping(stop: int, make_bank, tmp_path: Path) -> None:
    data = prepare_data(make_bank(machines=("fan", "valve"), source=3, target=2), _recipe())
    baseline = _baseline(data, "autoencoder.epochs=20")
    baseline.train(tmp_path / "whole", QUIET)
    with pytest.raises(KeyboardInterrupt):
        baseline.train(tmp_path / "stopped", _Stopping(stop))
    assert not (tmp_path / "stopped" / "weights.safetensors").exists()
    rest = _Stopping(1000)
    baseline.train(tmp_path / "stopped", rest)
    assert (rest.first, rest.trained) == (10, 10), "the ten epochs of the checkpoint are not trained again"
    files = {path.name: path.read_bytes() for path in (tmp_path / "stopped").iterdir()}
    assert files == {"weights.safetensors": (tmp_path / "whole" / "weights.safetensors").read_bytes()}


def test_a_diverging_training_says_where_and_what_to_do(data: PreparedData, tmp_path: Path) -> None:
    with pytest.raises(TrainingDivergedError, match=r"fan autoencoder.*epoch \d.*autoencoder\.learning_rate"):
        _baseline(data, "autoencoder.learning_rate=1e30", "autoencoder.epochs=2").train(tmp_path, QUIET)
    assert not (tmp_path / "weights.safetensors").exists()


def test_a_last_step_that_ruins_the_weights_counts_as_divergence(data: PreparedData, tmp_path: Path) -> None:
    """A step's loss comes from the weights before it: with one step per epoch it is finite whatever the step does."""
    one_step = ["autoencoder.learning_rate=1e38", "autoencoder.epochs=1", "autoencoder.batch_size=100000"]
    baseline = _baseline(data, *one_step)

    def train_and_score() -> None:
        baseline.train(tmp_path, QUIET)
        baseline.score(tmp_path, QUIET)

    with pytest.raises(TrainingDivergedError, match=r"fan autoencoder.*autoencoder\.learning_rate"):
        train_and_score()
    assert not (tmp_path / "candidates.csv").exists(), "no table of scores that are not numbers"


def test_a_machine_whose_training_clips_are_all_of_the_target_domain_is_scored(make_bank, tmp_path: Path) -> None:
    data = prepare_data(make_bank(machines=("fan",), source=0, target=8), _recipe())
    _baseline(data).train(tmp_path, QUIET)
    _baseline(data).score(tmp_path, QUIET)
    assert all(np.isfinite(scores).all() for scores in _scores(tmp_path).columns.values())
