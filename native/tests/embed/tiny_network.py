"""A network of one random convolution as ONNX, with the inputs and outputs of a model's (docs/model_format.md)."""

from typing import Any

import numpy as np

EMBEDDING, OPSET, IR_VERSION = 512, 17, 8


def tiny_network(seed: int, *, bands: int, frames: int, flow: bool) -> bytes:
    """Input "log_mel" (batch, bands, frames); outputs "embedding" (batch, 512), with flow "score_map" (batch, H, W)."""
    from onnx import TensorProto, helper, numpy_helper

    generator = np.random.default_rng(seed)
    constants = {
        "axis": np.array([1], np.int64),
        "weight": generator.normal(0, 0.02, (EMBEDDING, 1, 3, 3)).astype(np.float32),
        "half": np.array(0.5, np.float32),
    }
    nodes = [
        helper.make_node("Unsqueeze", ["log_mel", "axis"], ["channel"]),
        helper.make_node("Conv", ["channel", "weight"], ["maps"], kernel_shape=[3, 3], strides=[4, 4], pads=[1] * 4),
        helper.make_node("Tanh", ["maps"], ["0"]),
        *(halved(helper, str(number), str(number + 1)) for number in range(3)),
        helper.make_node("ReduceMean", ["3"], ["embedding"], axes=[2, 3], keepdims=0),
    ]
    outputs = [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", EMBEDDING])]
    if flow:
        nodes.append(helper.make_node("ReduceSumSquare", ["3"], ["squares"], axes=[1], keepdims=0))
        nodes.append(helper.make_node("Mul", ["squares", "half"], ["score_map"]))
        shape = ["batch", -(-bands // 32), -(-frames // 32)]
        outputs.append(helper.make_tensor_value_info("score_map", TensorProto.FLOAT, shape))
    inputs = [helper.make_tensor_value_info("log_mel", TensorProto.FLOAT, ["batch", bands, frames])]
    kept = [numpy_helper.from_array(values, name) for name, values in constants.items() if flow or name != "half"]
    content: bytes = helper.make_model(
        helper.make_graph(nodes, "network", inputs, outputs, kept),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    ).SerializeToString()
    return content


def halved(helper: Any, maps: str, name: str) -> Any:
    """A node that halves maps: together the network divides bands and frames by 32, rounded up."""
    return helper.make_node("MaxPool", [maps], [name], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
