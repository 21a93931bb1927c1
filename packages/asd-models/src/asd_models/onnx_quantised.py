"""Rewrites a network's ONNX file so that its convolutions compute with 8-bit integers.

What a convolution takes is rounded to 256 steps between the ends of its range, and its weights to 127 steps for each
output channel, symmetric about 0 (QuantizeLinear and DequantizeLinear around float operators, which runtimes of ONNX
merge into integer ones). Both inputs of a residual sum are rounded too. The first convolution, which takes the
spectrogram, stays in float32: it is a fiftieth of the work, and half a decibel is too coarse a step.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

_STEPS = 255
_WEIGHT_STEPS = 63
"""Of each sign: processors with AVX2 alone add two products in 16 bits; 2 * 255 * 63 fits, 2 * 255 * 127 does not."""


def rounded_tensors(content: bytes) -> list[str]:
    """The tensors of a network that `quantised_onnx` rounds, and whose ranges it needs, in order of computation."""
    return list(dict.fromkeys(name for node in _integer_nodes(_parsed(content)) for name in _taken(node)))


def quantised_onnx(content: bytes, ranges: Mapping[str, tuple[float, float]]) -> bytes:
    """The network in 8-bit integers.

    Args:
        content: what `network_onnx` wrote.
        ranges: least and greatest value of each of `rounded_tensors`; what lies beyond is clipped.

    Returns:
        A model with the same inputs and outputs. The same arguments give the same bytes.

    Raises:
        ImportError: the library onnx is missing; the extra `onnx` of this package brings it.
        KeyError: a range is missing.
        ValueError: a range is not finite or holds one value only.
    """
    from onnx import helper, numpy_helper

    model = _parsed(content)
    graph = model.graph
    in_integers = {node.name for node in _integer_nodes(model)}
    rounded = {name for node in _integer_nodes(model) for name in _taken(node)}
    constants = {constant.name: constant for constant in graph.initializer}
    nodes: list[NodeProto] = []
    made: dict[str, NDArray[np.generic]] = {}

    def dequantised(name: str, *inputs: str) -> str:
        nodes.append(helper.make_node("DequantizeLinear", inputs, [name], name))
        return name

    for node in graph.node:
        if node.name in in_integers:
            inputs = [f"{name}.rounded" if name in rounded else name for name in node.input]
            if node.op_type == "Conv":
                weight = node.input[1]
                integers, scale = _weights(numpy_helper.to_array(constants.pop(weight)))
                made |= {f"{weight}.int8": integers, f"{weight}.scale": scale}
                inputs[1] = dequantised(f"{weight}.rounded", f"{weight}.int8", f"{weight}.scale")
                nodes[-1].attribute.append(helper.make_attribute("axis", 0))
            del node.input[:]
            node.input.extend(inputs)
        nodes.append(node)
        (output,) = node.output
        if output in rounded:
            made |= dict(zip((f"{output}.scale", f"{output}.zero"), _scale(output, *ranges[output]), strict=True))
            facts = (f"{output}.scale", f"{output}.zero")
            nodes.append(helper.make_node("QuantizeLinear", [output, *facts], [f"{output}.uint8"], f"{output}.uint8"))
            dequantised(f"{output}.rounded", f"{output}.uint8", *facts)
    kept = [*constants.values(), *(numpy_helper.from_array(values, name) for name, values in made.items())]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(kept)
    quantised: bytes = model.SerializeToString(deterministic=True)
    return quantised


def _parsed(content: bytes) -> "ModelProto":
    import onnx

    return onnx.load_from_string(content)


def _integer_nodes(model: "ModelProto") -> list["NodeProto"]:
    """The convolutions, but for the one that takes the spectrogram, and the sums of the residual blocks."""
    spectrogram = {node.output[0] for node in model.graph.node if node.op_type == "Unsqueeze"}
    return [
        node
        for node in model.graph.node
        if (node.op_type == "Conv" and node.input[0] not in spectrogram)
        or (node.op_type == "Add" and node.name.startswith("encoder."))
    ]


def _taken(node: "NodeProto") -> list[str]:
    """What it takes that is computed before it."""
    return list(node.input if node.op_type == "Add" else node.input[:1])


def _scale(name: str, low: float, high: float) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Step and zero point; 0 is always one of the steps, as a convolution pads with it."""
    low, high = min(low, 0.0), max(high, 0.0)
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise ValueError(f"the range of {name} must be two finite numbers, the second larger; got {low} to {high}.")
    scale = (high - low) / _STEPS
    return np.array(scale, np.float32), np.array(round(-low / scale), np.uint8)


def _weights(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Integers (out, in, height, width), and the step (out,) of each output channel; a channel of zeros has step 1."""
    largest = np.abs(weight).reshape(len(weight), -1).max(axis=1)
    scale = np.where(largest > 0, largest / _WEIGHT_STEPS, 1).astype(np.float32)
    return np.rint(weight / scale[:, None, None, None]).astype(np.int8), scale
