"""A network in 8-bit integers: the ranges of what it rounds are those that sound of the training gives."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from asd_models import quantised_onnx, rounded_tensors
from asd_runtime.scoring.engine import import_openvino


def network_in_int8(content: bytes, spectrograms: Iterable[NDArray[np.float32]]) -> bytes:
    """The ONNX file of a network in 8-bit integers.

    Args:
        content: the network in float32.
        spectrograms: (S, M, F) each, of normal sound; what is beyond the least and greatest value that they give is
            clipped.
    """
    openvino = import_openvino()
    names = rounded_tensors(content)
    graph = openvino.Core().read_model(content)
    graph.add_outputs(names)
    ranges = {name: (0.0, 0.0) for name in names}
    compiled = None
    for log_mel in spectrograms:
        if compiled is None:
            graph.reshape({"log_mel": [1, *log_mel.shape[1:]]})
            compiled = openvino.Core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        for segment in log_mel:
            computed = compiled({"log_mel": segment[None]})
            for name, (low, high) in ranges.items():
                ranges[name] = min(low, float(computed[name].min())), max(high, float(computed[name].max()))
    return quantised_onnx(content, ranges)
