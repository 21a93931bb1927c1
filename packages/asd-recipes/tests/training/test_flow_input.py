"""What a flow sees: scaled or whitened as measured, with noise in training alone; a resumed training ends the same."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from sklearn.covariance import LedoitWolf  # type: ignore[import-untyped, unused-ignore]

from asd_models import OutlierExposureNet, flow_score_map
from asd_recipes.recipe.system_variants import variant_of
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.scoring.embedding import ClipEmbedder
from asd_recipes.training.balanced_sampler import Batch
from asd_recipes.training.crops import TrainingCrops
from asd_recipes.training.diverged import TrainingDivergedError
from asd_recipes.training.flow_input import flow_vectors, measured_whitening
from asd_recipes.training.machine_data import PreparedData, prepare_data
from asd_recipes.training.mixed_batch import plain_batch
from asd_recipes.training.network_building import load_network
from asd_recipes.training.network_training import NetworkTraining
from asd_recipes.waveforms.device_choice import choose_device
from asd_recipes.waveforms.device_log_mel import device_log_mel
from asd_runtime.progress import Advance, PlainProgress

# float32 weights against float64 covariances
ROUNDING = 1e-4
QUIET = PlainProgress(quiet=True)
DEVICE = choose_device("cpu", "float32", threads=1)
TINY = ["threads=1", "segments.length_s=1.0", "training.batch_size=8", "joint.epochs=2", "flow.hidden_ratio=0.1"]


@pytest.fixture(scope="module")
def data(make_bank) -> PreparedData:
    return prepare_data(make_bank(), load_recipe("smoke"))


def _training(data: PreparedData, *settings: str) -> NetworkTraining:
    crops = TrainingCrops(data, load_recipe("smoke", settings=[*TINY, *settings]), DEVICE)
    return NetworkTraining("fan", "OE-Flow", "oe-flow", variant_of("oe-flow"), None, crops)


def _vectors(count: int, channels: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((count, channels)) @ rng.standard_normal((channels, channels)) + 3
    return np.maximum(vectors, 0).astype(np.float32)  # as after a ReLU


def _after(kind: Literal["scaled", "whitened"], vectors: np.ndarray) -> np.ndarray:
    latent, _ = measured_whitening(kind, vectors)(torch.from_numpy(vectors)[:, :, None, None])
    return latent[:, :, 0, 0].double().numpy()


def test_scaled_channels_have_mean_0_and_by_the_shrunk_variance_1() -> None:
    vectors = _vectors(500, 6)
    variance = vectors.astype(np.float64).var(axis=0)
    after = _after("scaled", vectors)
    np.testing.assert_allclose(after.mean(axis=0), 0, atol=ROUNDING)
    np.testing.assert_allclose(after.var(axis=0), variance / (0.9 * variance + 0.1 * variance.mean()), rtol=ROUNDING)


def test_whitened_channels_have_the_shrunk_covariance_s_mahalanobis_distance() -> None:
    """Against scikit-learn's Ledoit-Wolf covariance, inverted."""
    vectors = _vectors(40, 6)
    reference = LedoitWolf().fit(vectors.astype(np.float64))
    centred = vectors - reference.location_
    expected = np.einsum("ni,ij,nj->n", centred, np.linalg.inv(reference.covariance_), centred)
    np.testing.assert_allclose((_after("whitened", vectors) ** 2).sum(axis=1), expected, rtol=10 * ROUNDING)


def test_the_whitening_matrix_is_symmetric_so_that_channels_change_least() -> None:
    weight = measured_whitening("whitened", _vectors(40, 6)).weight
    torch.testing.assert_close(weight, weight.T, rtol=0, atol=ROUNDING)
    assert (torch.linalg.eigvalsh(weight.double()) > 0).all()


@pytest.mark.parametrize("kind", ["scaled", "whitened"])
def test_channels_that_are_always_0_stay_finite(kind: Literal["scaled", "whitened"]) -> None:
    vectors = _vectors(50, 6)
    vectors[:, 2] = 0
    assert np.abs(_after(kind, vectors)).max() < 100
    assert np.isfinite(_after(kind, np.zeros_like(vectors))).all()


def test_the_measured_maps_are_the_target_machine_s_and_leave_the_network_as_it_was(data: PreparedData) -> None:
    training = _training(data)
    model, log_mel = training._fresh()[0], device_log_mel(training.recipe.log_mel, DEVICE)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    first, again, other = (flow_vectors(model, "fan", training.crops, log_mel, seed=seed) for seed in (0, 0, 1))
    assert first.shape == (2 * len(data.training["fan"]), 512), "two crops of each clip, whose maps have one position"
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not [name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])]


@pytest.mark.parametrize("kind", ["scaled", "whitened"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_maps_that_are_not_finite_end_that_training_alone(kind: str, value: float, data: PreparedData) -> None:
    training = _training(data, f"flow.input={kind}")
    model = training._fresh()[0]
    with torch.no_grad():
        model.encoder.layer4[-1].bn2.weight.fill_(value)
    log_mel = device_log_mel(training.recipe.log_mel, DEVICE)
    with pytest.raises(TrainingDivergedError, match=r"fan OE-Flow: what the flow sees is (nan|inf) before epoch 1"):
        training._measure_flow_input(0, log_mel, model)


class _Killed(PlainProgress):
    """Ends a training after its first checkpoint."""

    @contextmanager
    def stage(self, name: str, steps: int, *, done: int = 0, in_bytes: bool = False) -> Iterator[Advance]:
        def advance(steps: int) -> None:
            raise KeyboardInterrupt

        yield advance


CHANGED = ["flow.input=whitened", "flow.noise=0.1", "flow.maps=pre-relu", "flow.log_determinant=true"]


@pytest.fixture(scope="module")
def trained(data: PreparedData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("oe-flow")
    _training(data, *CHANGED).run(folder, QUIET)
    return folder


def test_a_killed_training_ends_with_the_same_bytes(trained: Path, data: PreparedData, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        _training(data, *CHANGED).run(tmp_path, _Killed(quiet=True))
    assert (tmp_path / "checkpoint.safetensors").is_file()
    _training(data, *CHANGED).run(tmp_path, QUIET)
    for file in ("weights.safetensors", "training.csv"):
        assert (tmp_path / file).read_bytes() == (trained / file).read_bytes()


def test_the_step_is_measured_before_each_epoch_and_comes_back_with_the_weights(
    trained: Path, data: PreparedData, tmp_path: Path
) -> None:
    training = _training(data, *CHANGED, "joint.epochs=1")
    training.run(tmp_path, QUIET)
    model = training._fresh()[0]
    training._measure_flow_input(0, device_log_mel(training.recipe.log_mel, DEVICE), model)
    after_one, after_two = (
        _step(load_network(folder / "weights.safetensors", training.variant, training.recipe, DEVICE)).state_dict()
        for folder in (tmp_path, trained)
    )
    assert after_one["weight"].shape == (512, 512)
    assert not [name for name, tensor in _step(model).state_dict().items() if not torch.equal(tensor, after_one[name])]
    assert not torch.allclose(after_one["mean"], after_two["mean"], rtol=1e-3), "the encoder has changed meanwhile"


def _step(network: OutlierExposureNet) -> torch.nn.Module:
    return network.get_submodule("flow.whitening")


def test_noise_is_for_training_alone(data: PreparedData) -> None:
    training = _training(data, "flow.noise=0.5", "joint.flow_weight=1.0")
    model, log_mel = training._fresh()[0].eval(), device_log_mel(training.recipe.log_mel, DEVICE)
    batch = plain_batch(Batch(data.training["fan"][:3], data.training["valve"][:3]), training.crops, None)
    quiet, plain = (_loss(losses, model, log_mel, batch, None) for losses in (training.losses, _training(data).losses))
    noisy = _loss(training.losses, model, log_mel, batch, torch.Generator().manual_seed(0))
    again = _loss(training.losses, model, log_mel, batch, torch.Generator().manual_seed(0))
    assert quiet == plain
    assert noisy == again != quiet


def _loss(losses, model, log_mel, batch, generator) -> float:
    with torch.no_grad():
        return float(losses.of_batch(model, log_mel, batch, generator)[0]["flow_loss"])


def test_the_log_determinant_is_part_of_the_score_if_the_recipe_says_so(trained: Path, data: PreparedData) -> None:
    training = _training(data, *CHANGED)
    weights, statistics = trained / "weights.safetensors", data.statistics["fan"]
    embedder = ClipEmbedder.load(weights, training.variant, training.recipe, statistics, DEVICE)
    assert embedder.log_determinant
    clip = data.bank.waves[0]
    network, spectrograms = embedder.network, embedder._spectrograms(torch.from_numpy(embedder.cut(clip)))
    for with_it in (True, False):
        scores = dataclasses.replace(embedder, log_determinant=with_it).embed([clip], lambda n: None, score_maps=True)
        with torch.no_grad():
            maps = network(spectrograms).map
            latent, log_determinant = network.flow.by_position(maps)  # type: ignore[union-attr]
        expected = flow_score_map(latent) - (log_determinant if with_it else 0)
        np.testing.assert_array_equal(scores.score_maps, expected.numpy())
    assert (maps < 0).any(), "the maps are those before the ReLU"
