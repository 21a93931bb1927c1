"""Training of the networks: it reports divergence, is repeatable to the byte, and writes one line per epoch."""

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch.optim.lr_scheduler import ConstantLR, OneCycleLR

from asd_models import DomainInvariantPrior, flow_loss
from asd_recipes.recipe.seeding import derive_seed
from asd_recipes.recipe.system_variants import VARIANTS, SystemVariant, variant_of
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.scoring.embedding import ClipEmbedder
from asd_recipes.training.attribute_labels import attribute_labels
from asd_recipes.training.balanced_sampler import Batch
from asd_recipes.training.crops import TrainingCrops
from asd_recipes.training.diverged import TrainingDivergedError
from asd_recipes.training.machine_data import PreparedData, prepare_data
from asd_recipes.training.mixed_batch import plain_batch
from asd_recipes.training.network_building import build_network, load_network
from asd_recipes.training.network_training import NetworkTraining
from asd_recipes.waveforms.device_choice import choose_device
from asd_recipes.waveforms.device_log_mel import device_log_mel
from asd_runtime.errors import UnscorableError
from asd_runtime.progress import PlainProgress

# Float32 crops, standardised in float32; the reference in float64.
ABSOLUTE = 2e-5
QUIET = PlainProgress(quiet=True)
TINY = ["threads=1", "segments.length_s=1.0", "training.batch_size=8", "training.epochs=2"]


DEVICE = choose_device("cpu", "float32", threads=1)


def _training(data: PreparedData, *settings: str, system: str = "oe") -> NetworkTraining:
    recipe, variant = load_recipe("smoke", settings=[*TINY, *settings]), variant_of(system)
    clips = {index: data.bank.clips[index].name for index in data.training["fan"]}
    validation = {index: data.bank.clips[index].name for index in data.validation["fan"]}
    labels = attribute_labels(clips, None, validation) if variant.attributes or variant.domain_invariant else None
    return NetworkTraining("fan", variant.name, system, variant, labels, TrainingCrops(data, recipe, DEVICE))


def _crops(data: PreparedData, *settings: str) -> TrainingCrops:
    return TrainingCrops(data, load_recipe("smoke", settings=[*TINY, *settings]), DEVICE)


@pytest.fixture(scope="module")
def data(make_bank) -> PreparedData:
    return prepare_data(make_bank(), load_recipe("smoke"))


@pytest.fixture(scope="module")
def trained(data: PreparedData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("oe")
    _training(data).run(folder, QUIET)
    return folder


WHERE_AND_WAY_OUT = r"fan OE.*epoch 1.*learning rate"


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
def test_a_huge_learning_rate_is_reported_as_a_divergence(
    settings: list[str], data: PreparedData, tmp_path: Path
) -> None:
    with pytest.raises(TrainingDivergedError, match=WHERE_AND_WAY_OUT):
        _training(data, *settings).run(tmp_path, QUIET)
    assert list(tmp_path.iterdir()) == [], "nothing that would pass for a trained network"


@pytest.mark.parametrize("window_s", [0.128, 0.1], ids=["core", "torch layer"])
def test_whatever_computes_log_mel_trains_and_embeds(window_s: float, data: PreparedData, tmp_path: Path) -> None:
    """A recording of an extreme scale is reported, and not treated as noise."""
    training = _training(data, f"log_mel.window_s={window_s}")
    training.run(tmp_path, QUIET)
    statistics = data.statistics["fan"]
    weights = tmp_path / "weights.safetensors"
    embedder = ClipEmbedder.load(weights, training.variant, training.recipe, statistics, DEVICE)
    clip = data.bank.waves[0]
    assert embedder.embed([clip], lambda steps: None).vectors.shape[1] == 512
    loud = (clip / 32768).astype(np.float32)
    loud[100] = 3e38
    with pytest.raises(UnscorableError, match="exceeds the range of float32"):
        embedder.embed([loud], lambda steps: None)
    torch.nn.init.constant_(next(embedder.network.parameters()), torch.inf)
    with pytest.raises(UnscorableError, match=r"not finite. Leave the recording out .* train it again"):
        embedder.embed([clip], lambda steps: None)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(
    trained: Path, data: PreparedData, tmp_path: Path
) -> None:
    torch.manual_seed(987)  # earlier draws must not matter
    _training(data).run(tmp_path / "same", QUIET)
    _training(data, "seed=1").run(tmp_path / "other", QUIET)
    for file in ("weights.safetensors", "training.csv"):
        assert (tmp_path / "same" / file).read_bytes() == (trained / file).read_bytes()
        assert (tmp_path / "other" / file).read_bytes() != (trained / file).read_bytes()


def test_the_folder_holds_weights_and_one_line_per_epoch(trained: Path) -> None:
    assert sorted(path.name for path in trained.iterdir()) == ["training.csv", "weights.safetensors"]
    with (trained / "training.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["epoch", "training_loss", "machine_loss", "validation_loss", "validation_auc"]
    assert [int(row["epoch"]) for row in rows] == [1, 2]
    for row in rows:
        assert float(row["training_loss"]) > 0
        assert float(row["validation_loss"]) > 0
        assert 0 <= float(row["validation_auc"]) <= 1


def test_the_loaded_network_gives_finite_logits_and_is_in_inference_mode(trained: Path) -> None:
    network = load_network(trained / "weights.safetensors", variant_of("oe"), load_recipe("smoke"), DEVICE)
    assert not network.training
    with torch.no_grad():
        assert torch.isfinite(network(torch.zeros(2, 32, 16)).machine_logit).all()


def _own_statistics(data: PreparedData, machine: str) -> tuple[float, float]:
    samples = np.concatenate([data.bank.waves[index] for index in data.training[machine]]) / 32768
    return float(samples.mean()), float(samples.std())


def test_each_clip_of_a_batch_is_standardised_by_its_own_machine(data: PreparedData) -> None:
    """With the target machine's statistics a loud machine's clips would stay loud: level alone would separate them."""
    target = data.training["fan"][:3]
    pseudo = [data.training["valve"][0], data.training["ToyCar"][2], data.training["valve"][1]]
    waves = _crops(data).read(Batch(target, pseudo), None)
    assert waves.shape == (6, 16_000)
    for row, (index, machine) in enumerate(
        zip([*target, *pseudo], ["fan", "fan", "fan", "valve", "ToyCar", "valve"], strict=True)
    ):
        mean, std = _own_statistics(data, machine)
        expected = (data.bank.waves[index][:16_000] / 32768 - mean) / std
        np.testing.assert_allclose(waves[row].numpy(), expected, atol=ABSOLUTE)


@pytest.mark.parametrize(("mode", "whole_clip"), [("clip", True), ("segment", False)])
def test_other_ways_to_standardise_use_only_the_clip_or_the_crop(
    mode: str, whole_clip: bool, data: PreparedData
) -> None:
    index, pseudo = data.training["fan"][0], data.training["ToyCar"][0]
    waves = _crops(data, f"training.standardise={mode}").read(Batch([index], [pseudo]), None)
    for row, clip in enumerate((index, pseudo)):
        samples = data.bank.waves[clip] / 32768
        measured = samples if whole_clip else samples[:16_000]
        expected = (samples[:16_000] - measured.mean()) / measured.std()
        np.testing.assert_allclose(waves[row].numpy(), expected, atol=ABSOLUTE)


def test_crops_are_drawn_from_anywhere_in_the_clip(data: PreparedData) -> None:
    index, pseudo = data.training["fan"][0], data.training["valve"][0]
    mean, std = _own_statistics(data, "fan")
    whole = (data.bank.waves[index] / 32768 - mean) / std
    crops, rng = _crops(data), np.random.default_rng(3)
    offsets = set()
    for _ in range(20):
        crop = crops.read(Batch([index], [pseudo]), rng)[0].numpy()
        places = np.flatnonzero(np.abs(whole[: len(whole) - 16_000 + 1] - crop[0]) < ABSOLUTE)
        offsets |= {int(p) for p in places if np.allclose(whole[p : p + 16_000], crop, atol=ABSOLUTE)}
    assert len(offsets) > 10
    assert 0 <= min(offsets) < max(offsets) <= len(whole) - 16_000


@pytest.mark.parametrize("variant", VARIANTS[1:], ids=lambda variant: variant.slug)
def test_every_system_of_table_1_trains_the_parts_that_it_has(
    variant: SystemVariant, data: PreparedData, tmp_path: Path
) -> None:
    training = _training(data, "joint.attribute_weight=5", "joint.flow_weight=1e-4", system=variant.slug)
    training.run(tmp_path, QUIET)
    torch.manual_seed(derive_seed(0, f"{variant.slug} weights", "fan"))
    fresh = build_network(variant, training.recipe, classes=2)
    network = load_network(tmp_path / "weights.safetensors", variant, training.recipe, DEVICE)
    assert (network.attribute_head is not None) == variant.attributes
    assert network.flow is not None
    before = fresh.state_dict()
    still = [name for name, tensor in network.state_dict().items() if torch.equal(tensor, before[name])]
    assert all(name.endswith("permutation") for name in still), still
    with (tmp_path / "training.csv").open(newline="") as file:
        columns = next(csv.reader(file))
    losses = ["machine_loss", *(["attribute_loss"] if variant.attributes else []), "flow_loss"]
    assert columns == ["epoch", "training_loss", *losses, "validation_loss", "validation_auc"]


@pytest.mark.parametrize("system", ["oe", "serialoe-dflow"])
def test_the_validation_loss_of_training_clips_is_their_loss(system: str, data: PreparedData) -> None:
    """Validation clips get their attribute labels and parameters."""
    clips = {name: data.training[name][:4] for name in data.training}
    training = _training(dataclasses.replace(data, validation=clips), "joint.flow_weight=1e-3", system=system)
    model, _, _ = training._fresh()
    log_mel = device_log_mel(training.recipe.log_mel, DEVICE)
    measures = training.validation.run(0, log_mel, model)
    others = [*clips["ToyCar"], *clips["valve"]]
    batch = plain_batch(Batch(clips["fan"], others[::2]), training.crops, training.labels)
    model.eval()
    with torch.no_grad():
        losses, _ = training.losses.of_batch(model, log_mel, batch)
    assert measures["validation_loss"] == pytest.approx(float(losses["loss"]), rel=1e-5)


def test_a_start_from_oe_takes_its_encoder_and_machine_head_alone(trained: Path, data: PreparedData) -> None:
    fresh = _training(data, system="serialoe-flow")
    started = dataclasses.replace(fresh, oe=trained / "weights.safetensors")
    of_oe = load_file(trained / "weights.safetensors")
    first, (model, _, _) = fresh._fresh()[0].state_dict(), started._fresh()
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, of_oe[name] if name in of_oe else first[name]), name
    assert {name for name in of_oe if torch.equal(of_oe[name], first[name])} < {"encoder.bn1.bias"}, "it differs"


def test_a_clip_whose_value_no_training_clip_has_does_not_validate(data: PreparedData) -> None:
    names = {index: data.bank.clips[index].name for index in data.training["fan"]}
    strange = {10_000: dataclasses.replace(next(iter(names.values())), attributes=(("spd", "7"),))}
    labels = attribute_labels(names, "spd", strange)
    assert 10_000 not in labels.class_of
    assert 10_000 not in labels.parameter_of


@pytest.mark.parametrize(("system", "budget"), [("oe", "training"), ("oe-flow", "joint"), ("serialoe-flow", "joint")])
def test_oe_has_its_own_budget_and_the_systems_with_a_flow_theirs(system: str, budget: str, data: PreparedData) -> None:
    training = _training(data, system=system)
    assert training.budget == getattr(training.recipe, budget)
    paper = load_recipe("paper")
    assert (paper.training.epochs, paper.training.learning_rate, paper.training.schedule) == (150, 1e-3, "one-cycle")
    assert (paper.joint.epochs, paper.joint.learning_rate, paper.joint.schedule) == (250, 1e-4, "constant")
    schedule = training._fresh()[2]
    assert isinstance(schedule, OneCycleLR if training.budget.schedule == "one-cycle" else ConstantLR)


def test_the_optimiser_decays_weights_as_the_recipe_says(data: PreparedData) -> None:
    optimiser = _training(data, "training.weight_decay=0.125")._fresh()[1]
    assert [group["weight_decay"] for group in optimiser.param_groups] == [0.125]


def test_the_prior_counts_the_parameter_from_the_mean_of_the_training_clips_alone(data: PreparedData) -> None:
    training = _training(data, system="oe-dflow")
    assert training.labels is not None
    parameters = [training.labels.parameter_of[index] for index in data.training["fan"]]
    prior = training.losses.prior
    assert prior is not None
    assert prior.centre == pytest.approx(np.mean(parameters))
    assert prior.centre != pytest.approx(np.mean(list(training.labels.parameter_of.values()))), "else it shows nothing"
    literal = _training(data, "flow.centred_parameter=false", system="oe-dflow").losses.prior
    assert literal is not None
    assert literal.centre == 0
    assert not load_recipe("paper").flow.centred_parameter


def test_the_loss_is_the_weighted_sum_of_its_parts(data: PreparedData) -> None:
    """Eqs. 1 and 5: machine + 5 attribute + 1e-3 flow, the flow's summed over the dimensions of the map."""
    training = _training(data, "joint.attribute_weight=5", "joint.flow_weight=1e-3", system="serialoe-dflow")
    model, _, _ = training._fresh()
    assert training.labels is not None
    batch = plain_batch(Batch(data.training["fan"][:3], data.training["valve"][:3]), _crops(data), training.labels)
    assert len(set(batch.parameters[:3].tolist())) == 2, "else the prior means would shift nothing"
    log_mel = device_log_mel(training.recipe.log_mel, DEVICE)
    parts, _ = training.losses.of_batch(model, log_mel, batch)
    maps = model(log_mel(batch.waves)).map[:3]  # of the normal clips
    of_training = [training.labels.parameter_of[index] for index in data.training["fan"]]
    prior = DomainInvariantPrior(of_training, centred=True)
    likelihood = flow_loss(model.flow(maps), prior.mean(batch.parameters[:3]))
    torch.testing.assert_close(parts["flow_loss"], likelihood / maps[0].numel(), rtol=1e-5, atol=0)
    total = parts["machine_loss"] + 5 * parts["attribute_loss"] + 1e-3 * likelihood
    torch.testing.assert_close(parts["loss"], total, rtol=1e-5, atol=0)
