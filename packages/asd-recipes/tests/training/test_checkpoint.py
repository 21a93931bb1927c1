"""Continuing from a checkpoint equals never having stopped, bit for bit, and equal states give equal files."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch.optim.lr_scheduler import ConstantLR, LRScheduler, OneCycleLR

from asd_models import Autoencoder, FastFlow, OutlierExposureNet, flow_loss, machine_loss, oe_flow_loss
from asd_recipes.recipe.settings import Joint
from asd_recipes.training.checkpoint import load_checkpoint, save_checkpoint
from asd_recipes.training.optimiser import network_optimiser

State = tuple[torch.nn.Module, torch.optim.Optimizer, LRScheduler]
STEPS = 4


def _outlier_exposure(seed: int) -> State:
    torch.manual_seed(seed)
    model = OutlierExposureNet().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    return model, optimiser, OneCycleLR(optimiser, max_lr=1e-3, total_steps=STEPS)


def _with_flow(seed: int) -> State:
    torch.manual_seed(seed)
    model = OutlierExposureNet(flow=FastFlow(steps=1, hidden_ratio=0.1)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = network_optimiser(model, Joint(), rate=1e-3, weight_decay=0.0)
    return model, optimiser, OneCycleLR(optimiser, max_lr=1e-3, total_steps=STEPS)


def _autoencoder(seed: int) -> State:
    torch.manual_seed(seed)
    model = Autoencoder(40, 16, 4)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    return model, optimiser, ConstantLR(optimiser, factor=1.0)


def _outlier_exposure_loss(model: torch.nn.Module, generator: torch.Generator) -> torch.Tensor:
    inputs = torch.randn(4, 32, 64, generator=generator)
    return machine_loss(model(inputs).machine_logit, torch.tensor([1.0, 1.0, 0.0, 0.0]))


def _joint_loss(model: torch.nn.Module, generator: torch.Generator) -> torch.Tensor:
    output = model(torch.randn(4, 32, 64, generator=generator))
    machine = machine_loss(output.machine_logit, torch.tensor([1.0, 1.0, 0.0, 0.0]))
    return oe_flow_loss(machine, flow_loss(model.flow(output.map[:2])))


def _autoencoder_loss(model: torch.nn.Module, generator: torch.Generator) -> torch.Tensor:
    inputs = torch.randn(32, 40, generator=generator)
    return torch.nn.functional.mse_loss(model(inputs), inputs)


Loss = Callable[[torch.nn.Module, torch.Generator], torch.Tensor]
SYSTEMS = pytest.mark.parametrize(
    ("fresh", "loss"),
    [
        pytest.param(_outlier_exposure, _outlier_exposure_loss, id="AdamW, OneCycleLR, channels last"),
        pytest.param(_with_flow, _joint_loss, id="two groups of parameters"),
        pytest.param(_autoencoder, _autoencoder_loss, id="Adam, ConstantLR"),
    ],
)


def _train(state: State, loss: Loss, steps: range) -> None:
    model, optimiser, schedule = state
    model.train()
    for step in steps:
        optimiser.zero_grad(set_to_none=True)
        loss(model, torch.Generator().manual_seed(step)).backward()
        optimiser.step()
        schedule.step()


def _save(path: Path, state: State) -> bytes:
    model, optimiser, schedule = state
    history = [{"epoch": 1, "training_loss": 0.1}, {"epoch": 2, "training_loss": 1 / 3}]
    save_checkpoint(path, model=model, optimiser=optimiser, schedule=schedule, epoch=2, history=history)
    return path.read_bytes()


def _load(path: Path, state: State) -> tuple[int, list[dict[str, float]]]:
    model, optimiser, schedule = state
    return load_checkpoint(path, model=model, optimiser=optimiser, schedule=schedule)


def _tensors(state: State) -> dict[str, torch.Tensor]:
    """Weights, buffers and optimiser slots by name."""
    slots = state[1].state_dict()["state"]
    named = {f"{place}.{name}": slot for place, by_name in slots.items() for name, slot in by_name.items()}
    return dict(state[0].state_dict()) | named


@SYSTEMS
def test_stopping_and_continuing_equals_not_stopping(fresh: Callable[[int], State], loss: Loss, tmp_path: Path) -> None:
    whole = fresh(0)
    _train(whole, loss, range(STEPS))
    first = fresh(0)
    _train(first, loss, range(2))
    _save(tmp_path / "checkpoint", first)
    second = fresh(1)  # other initial weights: everything that matters must come from the file
    _load(tmp_path / "checkpoint", second)
    _train(second, loss, range(2, STEPS))
    expected, got = _tensors(whole), _tensors(second)
    assert expected.keys() == got.keys()
    assert not [name for name in expected if not torch.equal(expected[name], got[name])]
    assert whole[2].get_last_lr() == second[2].get_last_lr()


@SYSTEMS
def test_loaded_tensors_have_the_memory_layout_of_an_uninterrupted_training(
    fresh: Callable[[int], State], loss: Loss, tmp_path: Path
) -> None:
    whole, second = fresh(0), fresh(1)
    _train(whole, loss, range(2))
    _save(tmp_path / "checkpoint", whole)
    _load(tmp_path / "checkpoint", second)
    expected, got = _tensors(whole), _tensors(second)
    assert {name: tensor.stride() for name, tensor in expected.items()} == {
        name: tensor.stride() for name, tensor in got.items()
    }


@SYSTEMS
def test_the_same_state_gives_the_same_bytes_before_and_after_loading(
    fresh: Callable[[int], State], loss: Loss, tmp_path: Path
) -> None:
    first, second = fresh(0), fresh(1)
    _train(first, loss, range(2))
    saved = _save(tmp_path / "first", first)
    assert _save(tmp_path / "again", first) == saved
    _load(tmp_path / "first", second)
    assert _save(tmp_path / "second", second) == saved


def test_epoch_and_history_come_back_to_the_last_bit(tmp_path: Path) -> None:
    state = _autoencoder(0)
    _train(state, _autoencoder_loss, range(1))
    _save(tmp_path / "checkpoint", state)
    epoch, history = _load(tmp_path / "checkpoint", _autoencoder(1))
    assert (epoch, history) == (2, [{"epoch": 1, "training_loss": 0.1}, {"epoch": 2, "training_loss": 1 / 3}])
