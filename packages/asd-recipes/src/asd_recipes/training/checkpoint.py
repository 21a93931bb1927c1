"""Training state in one safetensors file: weights, optimiser, schedule, epoch and history; no pickle.

A training that continues from a checkpoint ends with the same bytes as one that never stopped, because every random
draw of an epoch comes from that epoch's own seed.
"""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from asd_recipes.training.tensor_file import save_tensors


def save_checkpoint(
    path: Path,
    *,
    model: torch.nn.Module,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    epoch: int,
    history: list[dict[str, float]],
) -> None:
    """Writes the state after a number of whole epochs."""
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    state = optimiser.state_dict()
    for place, slots in state["state"].items():
        for name, tensor in slots.items():
            tensors[f"optimiser.{place}.{name}"] = tensor
    facts = {
        "epoch": epoch,
        "history": history,
        "groups": [{key: value for key, value in group.items() if key != "params"} for group in state["param_groups"]],
        "schedule": schedule.state_dict(),
    }
    save_tensors(path, tensors, metadata={"facts": json.dumps(facts)})


def load_checkpoint(
    path: Path,
    *,
    model: torch.nn.Module,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> tuple[int, list[dict[str, float]]]:
    """Restores the state into the three objects; returns (epochs done, history)."""
    weights: dict[str, torch.Tensor] = {}
    slots: dict[int, dict[str, torch.Tensor]] = {}
    with safe_open(path, framework="pt") as file:
        facts: dict[str, Any] = json.loads(file.metadata()["facts"])
        for key in file.keys():  # noqa: SIM118 - a safetensors file is not a mapping
            kind, _, name = key.partition(".")
            if kind == "model":
                weights[name] = file.get_tensor(key)
            else:
                place, _, slot = name.partition(".")
                slots.setdefault(int(place), {})[slot] = file.get_tensor(key)
    model.load_state_dict(weights)
    _restore_optimiser(optimiser, slots, facts["groups"])
    schedule.load_state_dict(facts["schedule"])
    return int(facts["epoch"]), list(facts["history"])


def _restore_optimiser(
    optimiser: torch.optim.Optimizer, slots: dict[int, dict[str, torch.Tensor]], saved_groups: list[dict[str, Any]]
) -> None:
    """Gives the moments the memory layout of their parameters: fused optimisers walk through both by address."""
    groups = optimiser.state_dict()["param_groups"]
    for group, saved in zip(groups, saved_groups, strict=True):
        group.update(saved)
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    laid_out = {
        place: {
            name: torch.empty_like(parameters[place]).copy_(slot) if slot.shape == parameters[place].shape else slot
            for name, slot in named.items()
        }
        for place, named in slots.items()
    }
    optimiser.load_state_dict({"state": laid_out, "param_groups": groups})
