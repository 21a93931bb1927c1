"""Attribute labels and physical parameters of a machine's training clips (Fujimura 2023, Eq. 8 and Sec. 3.1).

SerialOE-Flow learns the joint value of all attribute items. A DFlow system learns one item; there is one such system
for each item that has several values among the training clips.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_models import category_values
from asd_recipes.dataset.clip_name import ClipName
from asd_recipes.training.machine_data import PreparedData

_QUANTITY = re.compile(r"(?P<number>-?\d+(?:\.\d+)?)(?P<unit>[A-Za-z]*)")


@dataclass(frozen=True)
class AttributeLabels:
    """Classes and parameter values of a machine's clips, by clip index."""

    classes: tuple[str, ...]  # K values in sorted order
    class_of: Mapping[int, int]
    parameter_of: Mapping[int, float]  # v: the number itself, or a category's class index

    def one_hot(self, indices: Sequence[int]) -> NDArray[np.float32]:
        """(B, K) one-hot rows; all zero for a clip of another machine (Eq. 8)."""
        rows = np.zeros((len(indices), len(self.classes)), np.float32)
        for row, index in enumerate(indices):
            if index in self.class_of:
                rows[row, self.class_of[index]] = 1.0
        return rows

    def parameters(self, indices: Sequence[int]) -> NDArray[np.float32]:
        """(B,) values v; 0 for a clip of another machine, which never trains the flow."""
        return np.array([self.parameter_of.get(index, 0.0) for index in indices], np.float32)


def varying_items(names: Sequence[ClipName]) -> list[str]:
    """Attribute items with more than one value among the clips, in sorted order."""
    values: dict[str, set[str]] = {}
    for name in names:
        for item, value in name.attributes:
            values.setdefault(item, set()).add(value)
    return sorted(item for item, seen in values.items() if len(seen) > 1)


def attribute_labels(
    training: Mapping[int, ClipName], item: str | None, validation: Mapping[int, ClipName] | None = None
) -> AttributeLabels:
    """Labels of a machine's clips.

    Args:
        training: names by clip index; their values are the classes.
        item: the attribute item; None for the joint value of all items.
        validation: more clips; a clip whose value no training clip has gets no label.
    """
    texts = {index: _value(name, item) for index, name in training.items()}
    classes = tuple(sorted(set(texts.values())))
    numbers = _as_numbers(classes)
    for index, name in (validation or {}).items():
        if (text := _value(name, item)) in classes:
            texts[index] = text
    return AttributeLabels(
        classes=classes,
        class_of={index: classes.index(text) for index, text in texts.items()},
        parameter_of={index: numbers[text] for index, text in texts.items()},
    )


def machine_labels(data: PreparedData, machine: str, item: str | None) -> AttributeLabels:
    """Labels of all training and validation clips of a machine; arguments as for `attribute_labels`."""
    parts = data.training[machine], data.validation[machine]
    training, validation = ({index: data.bank.clips[index].name for index in part} for part in parts)
    return attribute_labels(training, item, validation)


def _value(name: ClipName, item: str | None) -> str:
    if item is None:
        return "_".join(f"{key}_{value}" for key, value in name.attributes)
    return dict(name.attributes).get(item, "")


def _as_numbers(classes: Sequence[str]) -> dict[str, float]:
    """The numbers if all values are numbers with one unit ("28V", "31V"), else places in sorted order (Sec. 4.2)."""
    quantities = [match for text in classes if (match := _QUANTITY.fullmatch(text))]
    if len(quantities) == len(classes) and len({match["unit"] for match in quantities}) == 1:
        return {text: float(match["number"]) for text, match in zip(classes, quantities, strict=True)}
    return category_values(classes)
