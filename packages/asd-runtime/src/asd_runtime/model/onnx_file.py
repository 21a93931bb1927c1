"""An ONNX file as plain values: nodes, constants, inputs and outputs; `check_network` judges them.

Everything that a model's network does not need is refused while reading: data outside the file, subgraphs, functions,
sparse constants, training, other domains, numbers in other forms than raw bytes.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from asd_runtime.model.protobuf import Message, MessageKind, WireError, WireReader

_MOST_FIELDS = 100_000  # a flow of 8 steps has 4,000
_LONGEST_NAME = 100
_LARGEST_SIZE = 1 << 26  # of a dimension or an attribute
_MOST_DIMENSIONS = 4
_MOST_INDICES = 1 << 12  # of the 512 channels of a map
_FLOAT = 1  # data types
_DTYPES: Mapping[int, np.dtype[Any]] = {
    _FLOAT: np.dtype("<f4"), 2: np.dtype("u1"), 3: np.dtype("i1"), 7: np.dtype("<i8")
}  # fmt: skip
_INTEGER, _INTEGERS = 2, 7  # attribute types

_MODEL = MessageKind(
    "model",
    {1: ("ir_version", "integer"), 2: ("producer_name", "bytes"), 7: ("graph", "bytes"), 8: ("opset_import", "bytes")},
    {3: "producer_version", 4: "domain", 6: "doc_string", 14: "metadata_props", 20: "training_info", 25: "functions"},
)
_OPSET = MessageKind("opset", {1: ("domain", "bytes"), 2: ("version", "integer")}, {})
_GRAPH = MessageKind(
    "graph",
    {
        1: ("node", "bytes"),
        2: ("name", "bytes"),
        5: ("initializer", "bytes"),
        11: ("input", "bytes"),
        12: ("output", "bytes"),
    },
    {10: "doc_string", 13: "value_info", 14: "quantization_annotation", 15: "sparse_initializer"},
)
_NODE = MessageKind(
    "node",
    {
        1: ("input", "bytes"),
        2: ("output", "bytes"),
        3: ("name", "bytes"),
        4: ("op_type", "bytes"),
        5: ("attribute", "bytes"),
    },
    {6: "doc_string", 7: "domain", 8: "overload"},
)
_ATTRIBUTE = MessageKind(
    "attribute",
    {1: ("name", "bytes"), 3: ("i", "integer"), 8: ("ints", "integer"), 20: ("type", "integer")},
    {2: "f", 4: "s", 5: "t", 6: "g", 7: "floats", 9: "strings", 10: "tensors", 11: "graphs", 21: "ref_attr_name"},
)
_TENSOR = MessageKind(
    "constant",
    {1: ("dims", "integer"), 2: ("data_type", "integer"), 8: ("name", "bytes"), 9: ("raw_data", "bytes")},
    {3: "segment", 4: "float_data", 5: "int32_data", 7: "int64_data", 13: "external_data", 14: "data_location"},
)
_VALUE = MessageKind("value", {1: ("name", "bytes"), 2: ("type", "bytes")}, {3: "doc_string"})
_TYPE = MessageKind("type", {1: ("tensor_type", "bytes")}, {4: "sequence_type", 5: "map_type", 8: "sparse_tensor_type"})
_TENSOR_TYPE = MessageKind("tensor type", {1: ("elem_type", "integer"), 2: ("shape", "bytes")}, {})
_SHAPE = MessageKind("shape", {1: ("dim", "bytes")}, {})
_DIMENSION = MessageKind("dimension", {1: ("dim_value", "integer"), 2: ("dim_param", "bytes")}, {3: "denotation"})

Shape = tuple[int | str, ...]
Value = TypeVar("Value")


@dataclass(frozen=True)
class Node:
    """One operation; its output has no other producer."""

    operator: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, int | tuple[int, ...]]


@dataclass(frozen=True)
class OnnxFile:
    """What the file says; inputs and outputs are float32, a word in a shape is a free dimension."""

    ir_version: int
    opset: int
    nodes: tuple[Node, ...]
    constants: Mapping[str, NDArray[Any]]
    inputs: Mapping[str, Shape]
    outputs: Mapping[str, Shape]


def read_onnx(content: bytes) -> OnnxFile:
    """The file's values; the constants share the memory of the content.

    Raises:
        ValueError: it is not an ONNX file, or has something that a model's network does not have.
    """
    return _Reading(WireReader(most_fields=_MOST_FIELDS)).file(memoryview(content))


@dataclass(frozen=True)
class _Reading:
    wire: WireReader

    def file(self, content: memoryview) -> OnnxFile:
        model = self.wire.read(content, _MODEL)
        opset = self.wire.read(_one(model.pieces, "opset_import"), _OPSET)
        if any(map(len, opset.pieces["domain"])):
            raise WireError("it takes operators of another domain than ONNX's own")
        graph = self.wire.read(_one(model.pieces, "graph"), _GRAPH).pieces
        constants = [self.constant(piece) for piece in graph["initializer"]]
        return OnnxFile(
            ir_version=_one(model.integers, "ir_version"),
            opset=_one(opset.integers, "version"),
            nodes=tuple(self.node(piece) for piece in graph["node"]),
            constants=_by_name(constants),
            inputs=_by_name([self.value(piece) for piece in graph["input"]]),
            outputs=_by_name([self.value(piece) for piece in graph["output"]]),
        )

    def node(self, content: memoryview) -> Node:
        node = self.wire.read(content, _NODE).pieces
        attributes = [self.attribute(piece) for piece in node["attribute"]]
        return Node(
            operator=_text(_one(node, "op_type")),
            inputs=tuple(_text(piece) for piece in node["input"]),
            output=_text(_one(node, "output")),
            attributes=_by_name(attributes),
        )

    def attribute(self, content: memoryview) -> tuple[str, int | tuple[int, ...]]:
        attribute = self.wire.read(content, _ATTRIBUTE)
        name, kind = _text(_one(attribute.pieces, "name")), _one(attribute.integers, "type")
        one, several = attribute.integers["i"], attribute.integers["ints"]
        for value in (*one, *several):
            if value > _LARGEST_SIZE:
                raise WireError(f"the attribute {name} has a number that is negative or too large")
        if kind == _INTEGER and len(one) == 1 and not several:
            return name, one[0]
        if kind == _INTEGERS and not one:
            return name, tuple(several)
        raise WireError(f"the attribute {name} is not of its type")

    def constant(self, content: memoryview) -> tuple[str, NDArray[Any]]:
        tensor = self.wire.read(content, _TENSOR)
        name, shape = _text(_one(tensor.pieces, "name")), tensor.integers["dims"]
        dtype = _DTYPES.get(_one(tensor.integers, "data_type"))
        if dtype is None:
            raise WireError(f"the constant {name} is neither float32 nor int64, int8 or uint8")
        if len(shape) > _MOST_DIMENSIONS or not all(1 <= size <= _LARGEST_SIZE for size in shape):
            raise WireError(
                f"the constant {name} has more than {_MOST_DIMENSIONS} dimensions, or one of an impossible size"
            )
        if dtype == np.int64 and math.prod(shape) > _MOST_INDICES:
            raise WireError(f"the constant {name} has more than {_MOST_INDICES} indices")
        raw = _one(tensor.pieces, "raw_data")
        if len(raw) != math.prod(shape) * dtype.itemsize:
            raise WireError(f"the constant {name} does not have as many bytes as its shape says")
        values = np.frombuffer(raw, dtype).reshape(shape)
        if dtype.kind == "f" and not np.isfinite(values).all():
            raise WireError(f"the constant {name} has a number that is infinite or NaN")
        return name, values

    def value(self, content: memoryview) -> tuple[str, Shape]:
        value = self.wire.read(content, _VALUE).pieces
        name = _text(_one(value, "name"))
        kind = self.wire.read(_one(self.wire.read(_one(value, "type"), _TYPE).pieces, "tensor_type"), _TENSOR_TYPE)
        if _one(kind.integers, "elem_type") != _FLOAT:
            raise WireError(f"{name} is not float32")
        dimensions = self.wire.read(_one(kind.pieces, "shape"), _SHAPE).pieces["dim"]
        return name, tuple(self.dimension(piece) for piece in dimensions)

    def dimension(self, content: memoryview) -> int | str:
        dimension: Message = self.wire.read(content, _DIMENSION)
        sizes, words = dimension.integers["dim_value"], dimension.pieces["dim_param"]
        if len(sizes) + len(words) != 1:
            raise WireError("a dimension must be one number or one word")
        return sizes[0] if sizes else _text(words[0])


def _one(fields: Mapping[str, list[Value]], name: str) -> Value:
    if len(fields[name]) != 1:
        raise WireError(f"it must have {name} once at each place; got {len(fields[name])}")
    return fields[name][0]


def _by_name(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise WireError("a name is there twice")
    return found


def _text(piece: memoryview) -> str:
    """A name: printable ASCII, so that it can be part of an error."""
    if not 1 <= len(piece) <= _LONGEST_NAME:
        raise WireError(f"a name must have 1 to {_LONGEST_NAME} characters; got {len(piece)}")
    if not all(0x20 <= byte < 0x7F for byte in piece):
        raise WireError("a name has a character beyond printable ASCII")
    return bytes(piece).decode("ascii")
