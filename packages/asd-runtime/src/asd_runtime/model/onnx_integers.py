"""Which tensors of a network are 8-bit integers: what QuantizeLinear makes, and DequantizeLinear takes.

Integers are nothing but the stored form of floats: what a QuantizeLinear makes may only go into a DequantizeLinear with
the same step and zero point, and a constant of int8 only into one with a step for each output channel. So every other
operator sees floats, and OpenVINO decides where it computes with the integers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_runtime.model.onnx_file import Node
from asd_runtime.model.onnx_shapes import Constants, Shape, ShapeError

QUANTIZE, DEQUANTIZE = "QuantizeLinear", "DequantizeLinear"
_MOST_WEIGHTS = 1 << 26  # as many floats as the largest file holds; a ResNet-18 with a flow has 19 million


@dataclass
class IntegerTensors:
    """The integers of a graph that is gone through in order."""

    constants: Constants
    _shapes: dict[str, Shape] = field(default_factory=dict)
    _facts: dict[str, tuple[str, str]] = field(default_factory=dict)
    _weights: int = 0

    @property
    def any(self) -> bool:
        """Whether a QuantizeLinear was there."""
        return bool(self._shapes)

    def is_map(self, node: Node) -> bool:
        """Whether one of the two operators takes what is computed before it, and not a constant of weights."""
        return node.operator == QUANTIZE or len(node.inputs) != 2

    def add(self, node: Node, shapes: Mapping[str, Shape]) -> Shape:
        """The shape of what one of the two operators makes.

        Args:
            node: the operator.
            shapes: of all float32 tensors before it.

        Raises:
            ShapeError: its inputs or attributes are not those of `asd_models.quantised_onnx`.
        """
        if node.operator == QUANTIZE:
            return self._quantised(node, shapes)
        return self._dequantised(node) if self.is_map(node) else self._constant(node)

    def _quantised(self, node: Node, shapes: Mapping[str, Shape]) -> Shape:
        if len(node.inputs) != 3 or node.attributes or node.inputs[0] not in shapes:
            raise ShapeError(f"{node.output} must round one tensor that is computed before it")
        tensor, scale, zero = node.inputs
        _require_scale(node, self.constants.get(scale), ())
        if not _is(self.constants.get(zero), np.uint8, ()):
            raise ShapeError(f"{node.output} must have one zero point of uint8")
        self._shapes[node.output], self._facts[node.output] = shapes[tensor], (scale, zero)
        return shapes[tensor]

    def _dequantised(self, node: Node) -> Shape:
        rounded, *facts = node.inputs or ("",)
        if node.attributes or self._facts.get(rounded) != tuple(facts):
            raise ShapeError(f"{node.output} must take back what was rounded, by the same step and zero point")
        return self._shapes[rounded]

    def _constant(self, node: Node) -> Shape:
        weight, scale = (self.constants.get(name) for name in node.inputs)
        if weight is None or weight.dtype != np.int8 or weight.ndim != 4 or dict(node.attributes) != {"axis": 0}:
            raise ShapeError(f"{node.output} must be made from a constant of int8 of four dimensions, by axis 0")
        _require_scale(node, scale, weight.shape[:1])
        self._weights += weight.size
        if self._weights > _MOST_WEIGHTS:
            raise ShapeError(f"{node.output} is one weight too many: all together may be {_MOST_WEIGHTS} numbers")
        return weight.shape


def _is(constant: NDArray[Any] | None, kind: type[np.generic], shape: Shape) -> bool:
    return constant is not None and constant.dtype == kind and constant.shape == shape


def _require_scale(node: Node, scale: NDArray[Any] | None, shape: Shape) -> None:
    if scale is None or not _is(scale, np.float32, shape) or not (scale > 0).all():
        raise ShapeError(f"{node.output} must have constant steps above 0, of the shape {shape}")
