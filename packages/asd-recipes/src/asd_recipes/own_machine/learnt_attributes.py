"""The attribute values that the network of one's own machine learns to distinguish."""

from asd_recipes.own_machine.normal import NORMAL
from asd_recipes.recipe.system_variants import SystemVariant
from asd_recipes.training.attribute_labels import AttributeLabels, machine_labels
from asd_recipes.training.machine_data import PreparedData

_OE = SystemVariant("oe", "OE", inlier_models=True)
_SERIAL_OE = SystemVariant("serialoe", "SerialOE", attributes=True, inlier_models=True)


def learnt_labels(data: PreparedData) -> AttributeLabels | None:
    """The joint attribute values of the training pieces; None if there are fewer than two."""
    labels = machine_labels(data, NORMAL, None)
    return labels if len(labels.classes) > 1 else None


def variant_for(labels: AttributeLabels | None) -> SystemVariant:
    """SerialOE if there are attributes to learn, else OE."""
    return _SERIAL_OE if labels else _OE
