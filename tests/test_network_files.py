"""A network as its ONNX file: the runtime accepts what asd-models writes, and computes what torch computes."""

import re
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from asd_models import FastFlow, OutlierExposureNet, flow_score_map, network_onnx
from asd_runtime.model.onnx_check import IR_VERSION, OPSET, check_network
from asd_runtime.model.onnx_integers import DEQUANTIZE, QUANTIZE
from asd_runtime.model.onnx_shapes import OPERATORS
from asd_runtime.scoring.engine import Network

BANDS, FRAMES = 64, 33
PAGE = Path(__file__).parents[1] / "docs" / "model_format.md"


def _trained(*, flow: bool) -> OutlierExposureNet:
    generator = torch.Generator().manual_seed(0)
    net = OutlierExposureNet(flow=FastFlow(steps=8) if flow else None, generator=generator)
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_(generator=generator)
                module.running_var.uniform_(0.5, 2, generator=generator)
    return net.eval()


@pytest.mark.parametrize("flow", [True, False])
def test_the_runtime_accepts_a_written_network_and_computes_what_torch_computes(flow: bool) -> None:
    net = _trained(flow=flow)
    content = network_onnx(net, bands=BANDS, frames=FRAMES)
    check_network(content, bands=BANDS, frames=FRAMES, flow=flow)
    network = Network.load(content, bands=BANDS, frames=FRAMES, precision="float32", threads=1)
    log_mel = torch.randn(3, BANDS, FRAMES, generator=torch.Generator().manual_seed(1))
    output = network(log_mel.numpy())
    with torch.inference_mode():
        expected = net(log_mel)
        found = [(output.embedding, expected.embedding)]
        if net.flow is not None:
            found.append((output.score_map, flow_score_map(net.flow(expected.map).latent)))
    for ours, theirs in found:
        # float32 convolutions of another library, batch normalisation within them
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=0, atol=1e-5 * theirs.abs().max().item())


@pytest.mark.timed
def test_a_network_is_checked_in_less_than_a_tenth_of_a_second() -> None:
    content = network_onnx(_trained(flow=True), bands=BANDS, frames=FRAMES)
    times = []
    for _ in range(5):
        start = time.process_time()
        check_network(content, bands=BANDS, frames=FRAMES, flow=True)
        times.append(time.process_time() - start)
    assert min(times) < 0.1  # 76 MB, of which each number is looked at


def test_the_page_lists_the_operators_that_are_accepted() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([A-Z]\w+)` \|", page, re.MULTILINE)) == {*OPERATORS, QUANTIZE, DEQUANTIZE}
    assert f"IR version {IR_VERSION}, opset {OPSET}" in page
