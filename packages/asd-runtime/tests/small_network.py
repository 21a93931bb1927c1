"""A small network in the form of a model's, for tests without torch."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def rounded_network(*, bands: int = 32, frames: int = 33, flow: bool = True) -> onnx.ModelProto:
    """The same network, whose convolution takes 8-bit integers."""
    model = small_network(bands=bands, frames=frames, flow=flow)
    graph = model.graph
    weight = next(constant for constant in graph.initializer if constant.name == "weight")
    values = numpy_helper.to_array(weight)
    scale = (np.abs(values).reshape(512, -1).max(axis=1) / 63).astype(np.float32)
    graph.initializer.remove(weight)
    graph.initializer.extend(
        [
            numpy_helper.from_array(np.rint(values / scale[:, None, None, None]).astype(np.int8), "weight.int8"),
            numpy_helper.from_array(scale, "weight.scale"),
            numpy_helper.from_array(np.float32(8 / 255), "step"),
            numpy_helper.from_array(np.uint8(128), "zero"),
        ]
    )
    spectrogram, convolution, *others = list(graph.node)
    convolution.input[:] = ["rounded", "weight.rounded"]
    del graph.node[:]
    graph.node.extend(
        [
            spectrogram,
            helper.make_node("QuantizeLinear", ["spectrogram", "step", "zero"], ["integers"]),
            helper.make_node("DequantizeLinear", ["integers", "step", "zero"], ["rounded"]),
            helper.make_node("DequantizeLinear", ["weight.int8", "weight.scale"], ["weight.rounded"], axis=0),
            convolution,
            *others,
        ]
    )
    return model


def small_network(*, bands: int = 32, frames: int = 33, flow: bool = True) -> onnx.ModelProto:
    """One convolution; the embedding is its mean, and the score map half the sum of its squares."""
    rng = np.random.default_rng(0)
    weight = rng.standard_normal((512, 1, 32, 32)).astype(np.float32) / 32
    nodes = [
        helper.make_node("Unsqueeze", ["log_mel", "axis"], ["spectrogram"]),
        helper.make_node(
            "Conv", ["spectrogram", "weight"], ["map"], kernel_shape=[32, 32], strides=[32, 32], pads=[0, 0, 31, 31]
        ),
        helper.make_node("ReduceMean", ["map"], ["embedding"], axes=[2, 3], keepdims=0),
    ]
    outputs = [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", 512])]
    if flow:
        nodes.append(helper.make_node("ReduceSumSquare", ["map"], ["squares"], axes=[1], keepdims=0))
        nodes.append(helper.make_node("Mul", ["squares", "half"], ["score_map"]))
        shape = ["batch", -(-bands // 32), -(-frames // 32)]
        outputs.append(helper.make_tensor_value_info("score_map", TensorProto.FLOAT, shape))
    constants = [
        numpy_helper.from_array(np.array([1], np.int64), "axis"),
        numpy_helper.from_array(weight, "weight"),
        *([numpy_helper.from_array(np.float32(0.5), "half")] if flow else []),
    ]
    log_mel = helper.make_tensor_value_info("log_mel", TensorProto.FLOAT, ["batch", bands, frames])
    graph = helper.make_graph(nodes, "network", [log_mel], outputs, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
