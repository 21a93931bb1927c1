"""What `asd fit` says about a training before it begins."""

from asd_recipes.own_machine.normal import NORMAL
from asd_recipes.own_machine.own_data import MOST_PIECES, OwnData
from asd_recipes.recipe.settings import Recipe
from asd_recipes.training.attribute_labels import AttributeLabels
from asd_recipes.waveforms.device_choice import Device
from asd_recipes.waveforms.device_log_mel import describe_log_mel
from asd_runtime.counted import counted


def describe_training(data: OwnData, labels: AttributeLabels | None, *, recipe: Recipe, device: Device) -> list[str]:
    """Lines for the user: how much sound trains, how much is held out, the device, and the attributes learnt."""
    held_out = "the last part of each recording" if data.held_out == "time" else "whole recordings"
    training, validation = data.prepared.training[NORMAL], data.prepared.validation[NORMAL]
    lines = [
        f"{counted(data.recordings, 'normal recording')}, {data.seconds:.0f} s: {counted(len(training), 'piece')} to "
        f"train on, {len(validation)} held out ({held_out}); "
        f"{counted(len(data.prepared.training) - 1, 'other machine')}; "
        f"{device.description}, {describe_log_mel(recipe.log_mel, device)}"
    ]
    if len(training) > MOST_PIECES:
        lines.append(f"the network trains on all pieces, the inlier models on {MOST_PIECES} evenly spread ones")
    if labels:
        lines.append(f"the network also learns to distinguish {len(labels.classes)} attribute values")
    return lines
