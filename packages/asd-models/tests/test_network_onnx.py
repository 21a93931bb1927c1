"""Laws of the network as ONNX: it computes what torch computes, in other people's runtimes."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from asd_models import ChannelWhitening, FastFlow, OutlierExposureNet, flow_score_map, network_onnx

onnx = pytest.importorskip("onnx", reason="the extra onnx is not installed")

Float32Array = NDArray[np.float32]
Outputs = dict[str, Float32Array]
TINY, QUICK = (32, 17), (64, 32)  # mel bands and frames; the profile quick has 64 bands


def drawn_network(
    *, flow: bool = True, whitening: ChannelWhitening | None = None, pre_relu_map: bool = False, steps: int = 2
) -> OutlierExposureNet:
    """A network in which every number differs from its initial value, as after a training."""
    generator = torch.Generator().manual_seed(0)
    flow_net = FastFlow(steps=steps, whitening=whitening) if flow else None
    net = OutlierExposureNet(3, flow_net, pre_relu_map=pre_relu_map, generator=generator)
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_(generator=generator)
                for positive in (module.running_var, module.weight):
                    positive.uniform_(0.5, 2, generator=generator)
                module.bias.normal_(generator=generator)
        for step in flow_net.chain() if flow_net is not None else []:
            step.log_scale.normal_(std=0.3, generator=generator)
            step.offset.normal_(generator=generator)
    return net.eval()


def whitening_of(kind: str | None) -> ChannelWhitening | None:
    generator = torch.Generator().manual_seed(1)
    mean, noise = torch.rand(512, generator=generator), torch.randn(512, 512, generator=generator)
    weights = {"scaled": 0.5 + torch.rand(512, generator=generator), "whitened": torch.eye(512) + 0.01 * noise}
    return None if kind is None else ChannelWhitening(mean, weights[kind])


def spectrograms(count: int, size: tuple[int, int]) -> torch.Tensor:
    return torch.randn(count, *size, generator=torch.Generator().manual_seed(2))


@torch.inference_mode()
def by_torch(
    net: OutlierExposureNet, log_mel: torch.Tensor, *, dependent: int = 0, log_determinant: bool = False
) -> Outputs:
    output = net(log_mel)
    outputs = {"embedding": output.embedding.numpy()}
    if net.flow is not None:
        latent, determinant = net.flow.by_position(output.map)
        score = flow_score_map(latent, determinant if log_determinant else None, dependent=dependent)
        outputs["score_map"] = score.numpy()
    return outputs


def by_onnx_runtime(content: bytes, log_mel: Float32Array) -> Outputs:
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"log_mel": log_mel}), strict=True))


def by_openvino(content: bytes, log_mel: Float32Array) -> Outputs:
    sys.modules.setdefault("openvino.tools.ovc", None)  # type: ignore[arg-type]  # its import reports itself over the network
    openvino = pytest.importorskip("openvino", reason="openvino is not installed")
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(content), "CPU", {"INFERENCE_NUM_THREADS": 1})
    results = compiled(log_mel)
    return {output.any_name: results[output].copy() for output in compiled.outputs}


def assert_equal(found: Outputs, expected: Outputs, tolerances: Any) -> None:
    assert list(found) == list(expected)
    for name, values in expected.items():
        assert found[name].shape == values.shape
        assert found[name].dtype == np.float32
        np.testing.assert_allclose(found[name], values, rtol=0, atol=tolerances.onnx * np.abs(values).max())


@pytest.mark.parametrize("runtime", [by_onnx_runtime, by_openvino])
@pytest.mark.parametrize("flow", [True, False])
@pytest.mark.parametrize("size", [TINY, QUICK])
def test_onnx_computes_what_torch_computes_for_any_batch(
    runtime: Callable[[bytes, Float32Array], Outputs], flow: bool, size: tuple[int, int], tolerances: Any
) -> None:
    net = drawn_network(flow=flow)
    content = network_onnx(net, bands=size[0], frames=size[1])
    for count in (1, 7):
        log_mel = spectrograms(count, size)
        assert_equal(runtime(content, log_mel.numpy()), by_torch(net, log_mel), tolerances)


@pytest.mark.parametrize("pre_relu_map", [True, False])
@pytest.mark.parametrize("log_determinant", [True, False])
@pytest.mark.parametrize("dependent", [0, 8])
@pytest.mark.parametrize("kind", [None, "scaled", "whitened"])
def test_onnx_computes_every_variant_of_the_flow_and_its_score(
    kind: str | None, dependent: int, log_determinant: bool, pre_relu_map: bool, tolerances: Any
) -> None:
    net = drawn_network(whitening=whitening_of(kind), pre_relu_map=pre_relu_map, steps=3)
    content = network_onnx(net, bands=32, frames=17, dependent=dependent, log_determinant=log_determinant)
    log_mel = spectrograms(2, TINY)
    expected = by_torch(net, log_mel, dependent=dependent, log_determinant=log_determinant)
    assert_equal(by_onnx_runtime(content, log_mel.numpy()), expected, tolerances)


def test_the_file_is_valid_and_uses_only_the_operators_of_the_list() -> None:
    net = drawn_network(whitening=whitening_of("whitened"))
    content = network_onnx(net, bands=32, frames=17, dependent=8, log_determinant=True)
    onnx.checker.check_model(content, full_check=True)
    model = onnx.load_from_string(content)
    assert {node.op_type for node in model.graph.node} == {
        *("Add", "Concat", "Conv", "Exp", "Gather", "MaxPool", "Mul", "ReduceMean", "ReduceSum", "ReduceSumSquare"),
        *("Relu", "Sub", "Tanh", "Unsqueeze"),
    }
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", 17)]
    used = {name for node in model.graph.node for name in node.input}
    assert used == {
        "log_mel",
        *(node.name for node in model.graph.node),
        *(c.name for c in model.graph.initializer),
    } - {
        "embedding",
        "score_map",
    }


def test_the_same_network_gives_the_same_bytes() -> None:
    first, second = (network_onnx(drawn_network(), bands=32, frames=17) for _ in range(2))
    assert first == second


def test_writing_a_network_does_not_change_it() -> None:
    net = drawn_network().train()
    before = {name: values.clone() for name, values in net.state_dict().items()}
    network_onnx(net, bands=32, frames=17)
    assert net.training
    assert all(torch.equal(before[name], values) for name, values in net.state_dict().items())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bands": 0, "frames": 17}, "bands must be at least 1; got 0"),
        ({"bands": 32, "frames": -1}, "frames must be at least 1; got -1"),
        ({"bands": 32, "frames": 17, "dependent": 512}, "dependent must be within 0 and 511; got 512"),
    ],
)
def test_a_size_out_of_range_is_named(settings: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        network_onnx(OutlierExposureNet(), **settings)  # type: ignore[arg-type]
