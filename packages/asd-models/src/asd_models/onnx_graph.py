"""A graph of ONNX under construction, and its bytes; `network_onnx` fills one with a network.

Nodes and constants keep the order in which they were added, and their names. So the same network gives the same bytes.
docs/model_format.md lists the operators.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

if TYPE_CHECKING:
    from onnx import NodeProto

_OPSET = 17
_IR_VERSION = 8  # the one of this opset's time: older readers take it too

Shape = tuple[str | int, ...]
Attribute = int | list[int]


@dataclass(frozen=True)
class _Node:
    operator: str
    inputs: tuple[str, ...]
    name: str
    attributes: dict[str, Attribute]


@dataclass
class OnnxGraph:
    """Nodes with one output each, which has the node's name."""

    _nodes: list[_Node] = field(default_factory=list)
    _constants: dict[str, NDArray[np.generic]] = field(default_factory=dict)

    def add(self, operator: str, *inputs: str, name: str, **attributes: Attribute) -> str:
        """Adds a node, and returns its name."""
        self._nodes.append(_Node(operator, inputs, name, attributes))
        return name

    def numbers(self, name: str, values: Tensor) -> str:
        """Adds a constant in float32, and returns its name."""
        self._constants[name] = values.detach().float().cpu().contiguous().numpy()
        return name

    def integers(self, name: str, values: list[int]) -> str:
        """Adds a constant list of axes or indices, and returns its name."""
        self._constants[name] = np.array(values, np.int64)
        return name

    def convolution(self, x: str, weight: Tensor, bias: Tensor | None, *, name: str, stride: int = 1) -> str:
        """Adds a convolution with a square kernel, padded to keep the size at stride 1, and returns its name."""
        kernel = weight.shape[2]
        inputs = [x, self.numbers(f"{name}.weight", weight)]
        if bias is not None:
            inputs.append(self.numbers(f"{name}.bias", bias))
        return self.add(
            "Conv", *inputs, name=name, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[kernel // 2] * 4
        )

    def to_bytes(self, inputs: dict[str, Shape], outputs: dict[str, Shape]) -> bytes:
        """The content of the file.

        Args:
            inputs: name and shape of each input, all float32; a word in a shape names a free dimension.
            outputs: the same of each output, which is a node.
        """
        from onnx import TensorProto, helper, numpy_helper

        nodes = [_proto(node) for node in self._nodes]
        ends = [
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in tensors.items()]
            for tensors in (inputs, outputs)
        ]
        constants = [numpy_helper.from_array(values, name) for name, values in self._constants.items()]
        model = helper.make_model(
            helper.make_graph(nodes, "network", ends[0], ends[1], constants),
            opset_imports=[helper.make_opsetid("", _OPSET)],
            ir_version=_IR_VERSION,
            producer_name="asd-models",
        )
        content: bytes = model.SerializeToString(deterministic=True)
        return content


def _proto(node: _Node) -> "NodeProto":
    from onnx import helper

    proto = helper.make_node(node.operator, node.inputs, [node.name], node.name)
    proto.attribute.extend(helper.make_attribute(name, value) for name, value in node.attributes.items())
    return proto
