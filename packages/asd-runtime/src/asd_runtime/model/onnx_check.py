"""Checks a network's ONNX file before OpenVINO reads it: untrusted bytes, with NumPy and the standard library alone.

What passes is a graph of a few known operators on finite numbers, without anything outside the file, whose shapes fit
and whose memory and work are within limits (docs/model_format.md).
"""

import math

from asd_runtime.model.onnx_file import OnnxFile, read_onnx
from asd_runtime.model.onnx_integers import DEQUANTIZE, QUANTIZE, IntegerTensors
from asd_runtime.model.onnx_shapes import Shape, multiplications, output_shape

OPSET, IR_VERSION = 17, 8
EMBEDDING = 512
_LARGEST_BYTES = 1 << 28  # a ResNet-18 with a flow of 8 steps has 77 MB
_MOST_NODES = 2000
_BATCH = "batch"
# For each number of the spectrogram; a small one counts as more. Real networks have 16 numbers for each in their
# largest map, and take some 43,000 multiplications; those with the smallest spectrograms twice as many.
_LARGEST_MAP = 64
_MOST_WORK = 1 << 20
_LEAST_POINTS = 1 << 14


class NetworkFileError(ValueError):
    """A file that is not the network that it should be."""


def check_network(content: bytes, *, bands: int, frames: int, flow: bool, integers: bool = False) -> None:
    """Checks that the content is a network of a model, and nothing else.

    Args:
        content: of the file.
        bands: mel bands M of the input "log_mel".
        frames: frames F of it.
        flow: whether there is the output "score_map".
        integers: whether it has tensors of 8-bit integers.

    Raises:
        NetworkFileError: in words, what is wrong.
    """
    if len(content) > _LARGEST_BYTES:
        raise NetworkFileError(f"it has {len(content)} bytes, and must have at most {_LARGEST_BYTES}")
    try:
        _check(read_onnx(content), bands, frames, flow, integers)
    except ValueError as error:
        raise NetworkFileError(str(error)) from error


def _check(file: OnnxFile, bands: int, frames: int, flow: bool, integers: bool) -> None:
    if (file.ir_version, file.opset) != (IR_VERSION, OPSET):
        raise ValueError(
            f"it must be of IR version {IR_VERSION} and opset {OPSET}; got {file.ir_version}, {file.opset}"
        )
    outputs: dict[str, Shape] = {"embedding": (EMBEDDING,)}
    if flow:
        outputs["score_map"] = (-(-bands // 32), -(-frames // 32))
    for what, found, wanted in (
        ("input", file.inputs, {"log_mel": (bands, frames)}),
        ("output", file.outputs, outputs),
    ):
        declared = {name: (_BATCH, *shape) for name, shape in wanted.items()}
        if found != declared:
            raise ValueError(f"its {what}s must be {_in_words(declared)}; got {_in_words(found)}")
    shapes, rounded = _computed_shapes(file, bands, frames)
    if rounded != integers:
        raise ValueError(f"it must {'' if integers else 'not '}compute with 8-bit integers, as its model says")
    for name, shape in outputs.items():
        if shapes.get(name) != (1, *shape):
            raise ValueError(f"it does not compute {name} of the shape {shape}; got {shapes.get(name)}")


def _computed_shapes(file: OnnxFile, bands: int, frames: int) -> tuple[dict[str, Shape], bool]:
    """Shapes of all float tensors for a batch of one, within the limits, and whether there are integers."""
    if len(file.nodes) > _MOST_NODES:
        raise ValueError(f"it has {len(file.nodes)} nodes, and may have {_MOST_NODES}")
    shapes = {name: values.shape for name, values in file.constants.items() if values.dtype.kind == "f"}
    names = {*file.constants, *file.inputs}
    if len(names) != len(file.constants) + len(file.inputs):
        raise ValueError("a constant has the name of an input")
    shapes["log_mel"] = (1, bands, frames)
    points, work, integers = max(bands * frames, _LEAST_POINTS), 0, IntegerTensors(file.constants)
    for node in file.nodes:
        if node.output in names:
            raise ValueError(f"{node.output} is there twice")
        names.add(node.output)
        if node.operator in (QUANTIZE, DEQUANTIZE):
            shape, is_map = integers.add(node, shapes), integers.is_map(node)
        else:
            shape, is_map = output_shape(node, shapes, file.constants), True
        if is_map and math.prod(shape) > _LARGEST_MAP * points:
            raise ValueError(f"{node.output} is too large: {shape}")
        if node.operator != QUANTIZE:  # integers are no tensor that other operators take
            shapes[node.output] = shape
            work += multiplications(node, shapes)
    if work > _MOST_WORK * points:
        raise ValueError(
            f"it takes {work:.0e} multiplications for one spectrogram, and may take {_MOST_WORK * points:.0e}"
        )
    return shapes, integers.any


def _in_words(tensors: object) -> str:
    assert isinstance(tensors, dict)
    return ", ".join(f"{name} ({', '.join(map(str, shape))})" for name, shape in tensors.items()) or "none"
