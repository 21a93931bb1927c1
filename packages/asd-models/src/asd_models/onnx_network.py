"""Writes a trained network as ONNX: log-mel in, embedding and the flow's score map out.

The graph is written from the weights, layer by layer, and not traced from `forward`: it takes no time, has only the
operators that docs/model_format.md lists, and its batch stays free. Batch normalisation becomes part of the convolution
before it, computed in float64.
"""

import torch
from torch import nn

from asd_models.onnx_flow import add_score_map
from asd_models.onnx_graph import OnnxGraph
from asd_models.outlier_exposure_net import EMBEDDING, OutlierExposureNet
from asd_models.resnet18 import BasicBlock, ResNet18


def network_onnx(
    net: OutlierExposureNet, *, bands: int, frames: int, dependent: int = 0, log_determinant: bool = False
) -> bytes:
    """The content of an ONNX file that computes what the network computes in inference.

    Args:
        net: the network; its heads are left out.
        bands: mel bands M of its input.
        frames: frames F of its input.
        dependent: leading channels of the flow's latent that are not part of the score, as in `flow_score_map`.
        log_determinant: whether the flow's log-determinant is part of the score.

    Returns:
        A model with the input "log_mel" (batch, M, F) and the outputs "embedding" (batch, 512) and, if there is a flow,
        "score_map" (batch, ceil(M / 32), ceil(F / 32)), all float32. The same network gives the same bytes.

    Raises:
        ImportError: the library onnx is missing; the extra `onnx` of this package brings it.
        ValueError: a size is below 1, or dependent is negative or leaves no channel.
    """
    for name, size in (("bands", bands), ("frames", frames)):
        if size < 1:
            raise ValueError(f"{name} must be at least 1; got {size}.")
    if not 0 <= dependent < EMBEDDING:
        raise ValueError(f"dependent must be within 0 and {EMBEDDING - 1}; got {dependent}.")
    graph = OnnxGraph()
    feature_map = _add_encoder(graph, net.encoder)
    outputs: dict[str, tuple[str | int, ...]] = {"embedding": ("batch", EMBEDDING)}
    if net.flow is not None:
        add_score_map(graph, net.flow, feature_map, dependent=dependent, log_determinant=log_determinant)
        outputs["score_map"] = ("batch", -(-bands // 32), -(-frames // 32))
    return graph.to_bytes({"log_mel": ("batch", bands, frames)}, outputs)


def _add_encoder(graph: OnnxGraph, encoder: ResNet18) -> str:
    """Adds the encoder and the output "embedding", and returns its map."""
    x = graph.add("Unsqueeze", "log_mel", graph.integers("encoder.channel_axis", [1]), name="encoder.spectrogram")
    x = _add_convolution(graph, x, encoder.conv1, encoder.bn1, "encoder.conv1")
    x = graph.add("Relu", x, name="encoder.relu")
    x = graph.add("MaxPool", x, name="encoder.maxpool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    for name, block in encoder.named_modules():
        if isinstance(block, BasicBlock):
            summed = _add_block(graph, x, block, f"encoder.{name}")
            x = graph.add("Relu", summed, name=f"encoder.{name}.relu")
    graph.add("ReduceMean", x, name="embedding", axes=[2, 3], keepdims=0)
    return summed if encoder.pre_relu_map else x


def _add_block(graph: OnnxGraph, x: str, block: BasicBlock, name: str) -> str:
    """Adds a residual block up to its sum, which is returned."""
    inner = _add_convolution(graph, x, block.conv1, block.bn1, f"{name}.conv1")
    inner = graph.add("Relu", inner, name=f"{name}.inner_relu")
    inner = _add_convolution(graph, inner, block.conv2, block.bn2, f"{name}.conv2")
    if block.downsample is not None:
        convolution, norm = block.downsample
        assert isinstance(convolution, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        x = _add_convolution(graph, x, convolution, norm, f"{name}.downsample")
    return graph.add("Add", inner, x, name=f"{name}.sum")


def _add_convolution(graph: OnnxGraph, x: str, convolution: nn.Conv2d, norm: nn.BatchNorm2d, name: str) -> str:
    """Adds a convolution that includes the batch normalisation after it."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight.detach().double() / torch.sqrt(norm.running_var.double() + norm.eps)
    weight = convolution.weight.detach().double() * scale[:, None, None, None]
    bias = norm.bias.detach().double() - norm.running_mean.double() * scale
    return graph.convolution(x, weight, bias, name=name, stride=convolution.stride[0])
