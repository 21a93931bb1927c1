"""A small network in the form of a model's, for tests without torch."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


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
