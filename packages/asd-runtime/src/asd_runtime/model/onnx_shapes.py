"""The shape of what each operator of a model's network makes, for a batch of one.

The list of operators, and the only attributes that they may have. A wrong combination is a ValueError in words.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_runtime.model.onnx_file import Node

Shape = tuple[int, ...]
Constants = Mapping[str, NDArray[Any]]


class ShapeError(ValueError):
    """A node whose inputs or attributes do not fit."""


def output_shape(node: Node, shapes: Mapping[str, Shape], constants: Constants) -> Shape:
    """The shape of a node's output.

    Args:
        node: the node.
        shapes: of everything that is computed before it, and of the float32 constants.
        constants: all constants.

    Raises:
        ShapeError: another operator than ours, or inputs or attributes that do not fit.
    """
    if node.operator not in OPERATORS:
        raise ShapeError(f"the operator {node.operator} is not one of {', '.join(sorted(OPERATORS))}")
    counts, integers, attributes, rule = OPERATORS[node.operator]
    if len(node.inputs) not in counts or not node.attributes.keys() <= attributes:
        raise ShapeError(f"{_called(node)} has inputs or attributes that it does not take")
    numbers = node.inputs[: len(node.inputs) - integers]
    if missing := [name for name in numbers if name not in shapes]:
        raise ShapeError(f"{_called(node)} takes {missing[0]}, which is not computed before it")
    lists = node.inputs[len(numbers) :]
    if any(name not in constants or constants[name].dtype != np.int64 for name in lists):
        raise ShapeError(f"{_called(node)} needs a constant list of integers")
    arguments = [constants[name].reshape(-1).tolist() for name in lists]
    try:
        return rule(node.attributes, [shapes[name] for name in numbers], *arguments)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ShapeError(f"{_called(node)} does not fit its inputs") from error


def multiplications(node: Node, shapes: Mapping[str, Shape]) -> int:
    """How many multiplications a node whose shapes are known takes, at most."""
    made = math.prod(shapes[node.output])
    if node.operator == "Conv":
        return made * math.prod(shapes[node.inputs[1]][1:])
    return made * math.prod(_pair(node.attributes, "kernel_shape")) if node.operator == "MaxPool" else made


def _called(node: Node) -> str:
    return f"the {node.operator} that makes {node.output}"


def _require(fits: bool) -> None:
    if not fits:
        raise ValueError


def _pair(attributes: Mapping[str, Any], name: str) -> tuple[int, int]:
    first, second = attributes[name]
    _require(first >= 1 and second >= 1)
    return first, second


def _windows(attributes: Mapping[str, Any], size: Shape, kernel: tuple[int, int]) -> Shape:
    """How many places a window of two dimensions has; the padding is smaller than the window."""
    strides, pads = _pair(attributes, "strides"), attributes["pads"]
    _require(len(pads) == 4 and _pair(attributes, "kernel_shape") == kernel)
    places = []
    for axis in range(2):
        before, after = pads[axis], pads[axis + 2]
        _require(max(before, after) < kernel[axis] <= size[axis] + before + after)
        places.append((size[axis] + before + after - kernel[axis]) // strides[axis] + 1)
    return tuple(places)


def _conv(attributes: Mapping[str, Any], inputs: Sequence[Shape]) -> Shape:
    (batch, channels, *size), (made, taken, height, width) = inputs[:2]
    _require(channels == taken and all(bias == (made,) for bias in inputs[2:]))
    return (batch, made, *_windows(attributes, tuple(size), (height, width)))


def _max_pool(attributes: Mapping[str, Any], inputs: Sequence[Shape]) -> Shape:
    ((batch, channels, height, width),) = inputs
    return (batch, channels, *_windows(attributes, (height, width), _pair(attributes, "kernel_shape")))


def _same(attributes: Mapping[str, Any], inputs: Sequence[Shape]) -> Shape:
    return inputs[0]


def _broadcast(attributes: Mapping[str, Any], inputs: Sequence[Shape]) -> Shape:
    return np.broadcast_shapes(*inputs)


def _concat(attributes: Mapping[str, Any], inputs: Sequence[Shape]) -> Shape:
    first, second = inputs
    _require(attributes["axis"] == 1 and first[:1] + first[2:] == second[:1] + second[2:])
    return (first[0], first[1] + second[1], *first[2:])


def _gather(attributes: Mapping[str, Any], inputs: Sequence[Shape], indices: list[int]) -> Shape:
    (shape,) = inputs
    _require(attributes["axis"] == 1 and len(shape) > 1 and all(0 <= index < shape[1] for index in indices))
    return (shape[0], len(indices), *shape[2:])


def _unsqueeze(attributes: Mapping[str, Any], inputs: Sequence[Shape], axes: list[int]) -> Shape:
    (shape,) = inputs
    _require(axes == [1])
    return (shape[0], 1, *shape[1:])


def _reduce(attributes: Mapping[str, Any], inputs: Sequence[Shape], axes: list[int]) -> Shape:
    (shape,) = inputs
    _require(attributes["keepdims"] == 0 and axes == sorted(set(axes)) and axes[0] >= 1 and axes[-1] < len(shape))
    return tuple(size for axis, size in enumerate(shape) if axis not in axes)


def _reduce_by_attribute(attributes: Mapping[str, Any], inputs: Sequence[Shape]) -> Shape:
    return _reduce(attributes, inputs, list(attributes["axes"]))


_WINDOW = frozenset({"kernel_shape", "strides", "pads"})
_REDUCE = frozenset({"axes", "keepdims"})
_AXIS = frozenset({"axis"})
_NONE: frozenset[str] = frozenset()

OPERATORS: Mapping[str, tuple[tuple[int, ...], int, frozenset[str], Callable[..., Shape]]] = {
    "Add": ((2,), 0, _NONE, _broadcast),
    "Concat": ((2,), 0, _AXIS, _concat),
    "Conv": ((2, 3), 0, _WINDOW, _conv),
    "Exp": ((1,), 0, _NONE, _same),
    "Gather": ((2,), 1, _AXIS, _gather),
    "MaxPool": ((1,), 0, _WINDOW, _max_pool),
    "Mul": ((2,), 0, _NONE, _broadcast),
    "ReduceMean": ((1,), 0, _REDUCE, _reduce_by_attribute),
    "ReduceSum": ((2,), 1, frozenset({"keepdims"}), _reduce),
    "ReduceSumSquare": ((1,), 0, _REDUCE, _reduce_by_attribute),
    "Relu": ((1,), 0, _NONE, _same),
    "Sub": ((2,), 0, _NONE, _broadcast),
    "Tanh": ((1,), 0, _NONE, _same),
    "Unsqueeze": ((2,), 1, _NONE, _unsqueeze),
}
"""Operator: possible numbers of inputs, how many of the last are constant integers, attributes, rule of the shape."""
