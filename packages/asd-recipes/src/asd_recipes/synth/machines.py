"""The seven machine models by name, in the order of the development set."""

from __future__ import annotations

from asd_recipes.synth import bearing, fan, gearbox, slider, toy_car, toy_train, valve
from asd_recipes.synth.condition import MachineModel

MODELS: dict[str, MachineModel] = {
    module.MODEL.machine: module.MODEL for module in (bearing, fan, gearbox, slider, toy_car, toy_train, valve)
}
