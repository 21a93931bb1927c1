"""The part of `network_onnx` that writes the flow and its score: `FastFlow.by_position` and `flow_score_map`."""

import torch
from torch import nn

from asd_models.channel_whitening import ChannelWhitening
from asd_models.fast_flow import COEFFICIENT_SCALE, CouplingStep, FastFlow
from asd_models.onnx_graph import OnnxGraph


def add_score_map(graph: OnnxGraph, flow: FastFlow, x: str, *, dependent: int, log_determinant: bool) -> None:
    """Adds the flow and the output "score_map".

    Args:
        graph: holds the encoder.
        flow: the flow.
        x: name of the encoder's map in the graph.
        dependent: leading channels of the latent to leave out.
        log_determinant: whether it is subtracted from the score.
    """
    if flow.whitening is not None:
        x = _add_whitening(graph, flow.whitening, x)
    log_scales = []
    for number, step in enumerate(flow.chain()):
        x, log_scale = _add_step(graph, step, x, f"flow.{number}")
        log_scales.append(log_scale)
    if dependent:
        invariant = graph.integers("flow.invariant", list(range(dependent, flow.channels)))
        x = graph.add("Gather", x, invariant, name="flow.latent", axis=1)
    squares = graph.add("ReduceSumSquare", x, name="flow.squares", axes=[1], keepdims=0)
    half = graph.numbers("flow.half", torch.tensor(0.5))
    if not log_determinant:
        graph.add("Mul", squares, half, name="score_map")
        return
    score = graph.add("Mul", squares, half, name="flow.prior")
    total = log_scales[0]
    for number, log_scale in enumerate(log_scales[1:], start=1):
        total = graph.add("Add", total, log_scale, name=f"flow.{number}.log_scales")
    determinant = graph.add(
        "ReduceSum", total, graph.integers("flow.channel_axis", [1]), name="flow.log_determinant", keepdims=0
    )
    score = graph.add("Sub", score, determinant, name="flow.score")
    graph.add("Sub", score, graph.numbers("flow.constant_log_determinant", _constant(flow)), name="score_map")


def _constant(flow: FastFlow) -> torch.Tensor:
    """The log-determinant of what is the same for every map: the whitening and the channel scales."""
    total = sum((step.log_scale.detach().double().sum() for step in flow.chain()), torch.zeros((), dtype=torch.float64))
    return total if flow.whitening is None else total + flow.whitening.log_determinant.double()


def _add_whitening(graph: OnnxGraph, whitening: ChannelWhitening, x: str) -> str:
    mean = graph.numbers("flow.whitening.mean", whitening.mean[:, None, None])
    x = graph.add("Sub", x, mean, name="flow.whitening.centred")
    if whitening.weight.dim() == 2:
        return graph.convolution(x, whitening.weight[:, :, None, None], None, name="flow.whitening")
    weight = graph.numbers("flow.whitening.weight", whitening.weight[:, None, None])
    return graph.add("Mul", x, weight, name="flow.whitening")


def _add_step(graph: OnnxGraph, step: CouplingStep, x: str, name: str) -> tuple[str, str]:
    """Adds a coupling step, and returns its output and the log-scale of its active channels."""
    order = step.permutation.tolist()
    passive, active = (
        graph.add("Gather", x, graph.integers(f"{name}.{part}.indices", indices), name=f"{name}.{part}", axis=1)
        for part, indices in (("passive", order[: step.passive]), ("active", order[step.passive :]))
    )
    log_scale, shift = _add_coefficients(graph, step, passive, name)
    scale = graph.add("Exp", log_scale, name=f"{name}.scale")
    active = graph.add("Mul", active, scale, name=f"{name}.scaled")
    active = graph.add("Add", active, shift, name=f"{name}.shifted")
    x = graph.add("Concat", passive, active, name=f"{name}.joined", axis=1)
    x = graph.add("Mul", x, graph.numbers(f"{name}.channel_scale", step.log_scale[0].exp()), name=f"{name}.rescaled")
    return graph.add("Add", x, graph.numbers(f"{name}.offset", step.offset[0]), name=name), log_scale


def _add_coefficients(graph: OnnxGraph, step: CouplingStep, passive: str, name: str) -> tuple[str, str]:
    """Adds the sub-network, and returns log-scale and shift of the active channels.

    The last convolution is written as two, one for each, with the coefficients' scale in its weights.
    """
    first, _, last = step.subnetwork
    assert isinstance(first, nn.Conv2d)
    assert isinstance(last, nn.Conv2d)
    assert last.bias is not None
    hidden = graph.convolution(passive, first.weight, first.bias, name=f"{name}.conv1")
    hidden = graph.add("Relu", hidden, name=f"{name}.relu")
    raw, shift = (
        graph.convolution(
            hidden, COEFFICIENT_SCALE * last.weight[rows], COEFFICIENT_SCALE * last.bias[rows], name=f"{name}.{part}"
        )
        for part, rows in (("raw_log_scale", slice(step.active)), ("shift", slice(step.active, None)))
    )
    bounded = graph.add("Tanh", raw, name=f"{name}.bounded")
    clamp = graph.numbers(f"{name}.clamp", torch.tensor(step.clamp))
    return graph.add("Mul", bounded, clamp, name=f"{name}.log_scale"), shift
