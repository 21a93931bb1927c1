"""The network of a system: built with initial weights, or loaded from a file for inference."""

from pathlib import Path

import torch
from safetensors.torch import load_file

from asd_models import FastFlow, OutlierExposureNet
from asd_models.outlier_exposure_net import EMBEDDING
from asd_recipes.recipe.seeding import derive_seed
from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.system_variants import SystemVariant
from asd_recipes.training.encoder_weights import fill_encoder
from asd_recipes.training.flow_input import blank_whitening
from asd_recipes.training.tensor_file import save_tensors
from asd_recipes.waveforms.device_choice import Device


def build_network(variant: SystemVariant, recipe: Recipe, *, classes: int) -> OutlierExposureNet:
    """The network of a system, with initial weights from torch's global generator.

    Args:
        variant: says whether there is a flow and an attribute head.
        recipe: sizes of the flow; seed of its permutations.
        classes: number of attribute values K.
    """
    settings, flow = recipe.flow, None
    if variant.flow:
        flow = FastFlow(
            EMBEDDING,
            steps=settings.steps,
            hidden_ratio=settings.hidden_ratio,
            clamp=settings.clamp,
            seed=derive_seed(recipe.seed, "flow", variant.slug) % 2**31,
            whitening=blank_whitening(settings.input),
        )
    pre_relu = settings.maps == "pre-relu"
    return OutlierExposureNet(classes if variant.attributes else 0, flow, pre_relu_map=pre_relu)


def first_network(variant: SystemVariant, recipe: Recipe, machine: str, *, classes: int) -> OutlierExposureNet:
    """The network of a system for a machine, with its initial weights; they are the same for all attribute items."""
    torch.manual_seed(derive_seed(recipe.seed, f"{variant.slug} weights", machine))
    network = build_network(variant, recipe, classes=classes)
    if recipe.training.encoder_weights:
        fill_encoder(network, recipe.training.encoder_weights)
    return network


def write_untrained(folder: Path, variant: SystemVariant, recipe: Recipe, machine: str) -> None:
    """Writes the initial weights to the file where a training writes its final weights."""
    save_tensors(folder / "weights.safetensors", first_network(variant, recipe, machine, classes=0).state_dict())


def load_network(weights: Path, variant: SystemVariant, recipe: Recipe, device: Device) -> OutlierExposureNet:
    """The trained network of a system, ready for inference."""
    state = load_file(weights)
    head = state.get("attribute_head.weight")
    model = build_network(variant, recipe, classes=0 if head is None else len(head))
    model.load_state_dict(state)
    return model.to(device.torch_device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload,no-any-return]
