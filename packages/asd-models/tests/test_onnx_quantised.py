"""Laws of a network in 8-bit integers: which tensors are rounded, by how much, and that other runtimes agree."""

import sys

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from asd_models import FastFlow, OutlierExposureNet, network_onnx, quantised_onnx, rounded_tensors

onnx = pytest.importorskip("onnx", reason="the extra onnx is not installed")
runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

BANDS, FRAMES = 64, 32
Float32Array = NDArray[np.float32]


def _content(*, flow: bool = True) -> bytes:
    generator = torch.Generator().manual_seed(0)
    net = OutlierExposureNet(3, FastFlow(steps=2) if flow else None, generator=generator)
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_(generator=generator)
                module.running_var.uniform_(0.5, 2, generator=generator)
    return network_onnx(net.eval(), bands=BANDS, frames=FRAMES)


CONTENT = _content()
LOG_MEL = torch.randn(6, BANDS, FRAMES, generator=torch.Generator().manual_seed(2)).numpy()


def _by_onnx_runtime(content: bytes, names: list[str]) -> list[Float32Array]:
    model = onnx.load_from_string(content)
    made = {output.name for output in model.graph.output}
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in made)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    session = runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    found: list[Float32Array] = session.run(names, {"log_mel": LOG_MEL})
    return found


def _ranges() -> dict[str, tuple[float, float]]:
    names = rounded_tensors(CONTENT)
    values = _by_onnx_runtime(CONTENT, names)
    return {name: (float(x.min()), float(x.max())) for name, x in zip(names, values, strict=True)}


@pytest.fixture(scope="module")
def quantised() -> bytes:
    return quantised_onnx(CONTENT, _ranges())


def test_all_convolutions_but_the_first_and_all_shortcuts_take_rounded_tensors(quantised: bytes) -> None:
    graph = onnx.load_from_string(quantised).graph
    assert graph.node[1].name == "encoder.conv1"
    for node in graph.node:
        rounded = [name.endswith(".rounded") for name in node.input]
        if node.op_type == "Conv" and node.name != "encoder.conv1":
            assert rounded[:2] == [True, True]
        elif node.op_type == "Add" and node.name.startswith("encoder."):
            assert rounded == [True, True]
        else:
            assert not any(rounded)
    assert sum(node.op_type == "QuantizeLinear" for node in graph.node) == len(rounded_tensors(CONTENT))
    onnx.checker.check_model(quantised, full_check=True)
    assert len(quantised) < len(CONTENT) / 3


def test_a_weight_is_within_half_a_step_of_its_channel_and_a_channel_of_zeros_stays_zero() -> None:
    model = onnx.load_from_string(CONTENT)
    (weight,) = (c for c in model.graph.initializer if c.name == "encoder.layer1.0.conv1.weight")
    values = onnx.numpy_helper.to_array(weight).copy()
    values[3] = 0
    weight.CopyFrom(onnx.numpy_helper.from_array(values, weight.name))
    made = onnx.load_from_string(quantised_onnx(model.SerializeToString(), _ranges())).graph.initializer
    arrays = {c.name: onnx.numpy_helper.to_array(c) for c in made}
    integers, scale = arrays[f"{weight.name}.int8"], arrays[f"{weight.name}.scale"]
    assert np.abs(integers).max() == 63
    assert (np.abs(integers * scale[:, None, None, None] - values) <= scale[:, None, None, None] / 2 * 1.0001).all()
    assert not integers[3].any()


def test_zero_is_a_step_of_every_tensor(quantised: bytes) -> None:
    """A convolution pads with 0, and what a Relu cut off is 0."""
    made = {c.name: onnx.numpy_helper.to_array(c) for c in onnx.load_from_string(quantised).graph.initializer}
    for name, (low, high) in _ranges().items():
        scale, zero = float(made[f"{name}.scale"]), int(made[f"{name}.zero"])
        ends = -zero * scale, (255 - zero) * scale
        assert ends[0] <= 0 <= ends[1]
        assert ends == pytest.approx((min(low, 0), max(high, 0)), abs=scale)


def test_the_rounded_network_computes_nearly_the_same_and_openvino_what_onnx_runtime_computes(
    quantised: bytes,
) -> None:
    sys.modules.setdefault("openvino.tools.ovc", None)  # type: ignore[arg-type]  # its import reports itself
    openvino = pytest.importorskip("openvino", reason="openvino is not installed")
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(quantised), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    results = compiled(LOG_MEL)
    for name in ("embedding", "score_map"):
        (exact,), (rounded,) = _by_onnx_runtime(CONTENT, [name]), _by_onnx_runtime(quantised, [name])
        size = np.abs(exact).mean()
        error = np.abs(rounded - exact).mean() / size
        assert 0 < error < 0.05, "8 bits are not 24"
        # Runtimes merge the roundings in other ways, and a value on the edge between two steps may fall to either side.
        assert np.abs(results[name] - rounded).mean() / size < 0.04


def test_the_same_arguments_give_the_same_bytes(quantised: bytes) -> None:
    assert quantised_onnx(CONTENT, _ranges()) == quantised


@pytest.mark.parametrize("wrong", [(0.0, 0.0), (0.0, float("inf")), (float("nan"), 1.0)])
def test_a_range_of_nothing_is_refused_by_name(wrong: tuple[float, float]) -> None:
    ranges = {**_ranges(), "encoder.maxpool": wrong}
    with pytest.raises(ValueError, match=r"the range of encoder.maxpool must be two finite numbers"):
        quantised_onnx(CONTENT, ranges)
