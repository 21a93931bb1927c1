"""Laws of the engine: one segment's output depends on nothing else, and nothing leaves the process."""

import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from small_network import rounded_network, small_network

from asd_runtime.model.manifest import Precision
from asd_runtime.scoring.engine import EngineError, Network, NetworkOutput

BANDS, FRAMES = 32, 33


def loaded(*, threads: int = 1, flow: bool = True, precision: Precision = "float32") -> Network:
    content = small_network(bands=BANDS, frames=FRAMES, flow=flow).SerializeToString()
    return Network.load(content, bands=BANDS, frames=FRAMES, precision=precision, threads=threads)


def spectrograms(count: int) -> NDArray[np.float32]:
    return np.random.default_rng(1).standard_normal((count, BANDS, FRAMES)).astype(np.float32)


def bits(output: NetworkOutput) -> tuple[bytes, bytes]:
    assert output.score_map is not None
    return output.embedding.tobytes(), output.score_map.tobytes()


@pytest.mark.parametrize("flow", [True, False])
def test_openvino_and_onnx_runtime_agree(flow: bool) -> None:
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    content = small_network(bands=BANDS, frames=FRAMES, flow=flow).SerializeToString()
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    expected = session.run(None, {"log_mel": spectrograms(5)})
    output = loaded(flow=flow)(spectrograms(5))
    np.testing.assert_allclose(output.embedding, expected[0], atol=1e-5)  # sums of 1,024 products in another order
    assert output.embedding.shape == (5, 512)
    if flow:
        assert output.score_map is not None
        np.testing.assert_allclose(output.score_map, expected[1], rtol=1e-5)
        assert output.score_map.shape == (5, 1, 2)
    else:
        assert output.score_map is None


def test_the_output_of_a_segment_does_not_depend_on_what_else_is_in_the_call() -> None:
    network, log_mel = loaded(threads=2), spectrograms(23)
    together = bits(network(log_mel))
    alone = [bits(network(segment[None])) for segment in log_mel]
    assert together == (b"".join(one[0] for one in alone), b"".join(one[1] for one in alone))


def test_the_output_does_not_depend_on_the_number_of_threads() -> None:
    log_mel = spectrograms(9)
    one, three = (loaded(threads=threads)(log_mel) for threads in (1, 3))
    assert bits(one) == bits(three)


def test_eight_threads_on_one_network_give_the_bits_of_one() -> None:
    network, log_mel = loaded(threads=2), spectrograms(40)
    parts = [log_mel[first : first + 10] for first in range(0, 30, 3)] * 4
    expected = [bits(network(part)) for part in parts]
    ready = threading.Barrier(8)

    def all_parts(_: int) -> list[tuple[bytes, bytes]]:
        ready.wait(timeout=30)
        return [bits(network(part)) for part in parts]

    with ThreadPoolExecutor(8) as pool:
        assert all(found == expected for found in pool.map(all_parts, range(8)))


def test_an_output_stays_as_it_is_when_the_network_runs_again() -> None:
    network = loaded()
    first = network(spectrograms(3))
    before = bits(first)
    network(spectrograms(3) + 1)
    assert bits(first) == before


def test_no_segments_give_no_outputs() -> None:
    output = loaded()(spectrograms(0))
    assert output.embedding.shape == (0, 512)
    assert output.score_map is not None
    assert output.score_map.shape == (0, 1, 2)


@pytest.mark.parametrize("shape", [(2, BANDS, FRAMES + 1), (2, 1, FRAMES), (BANDS, FRAMES), (2, 1, BANDS, FRAMES)])
def test_another_shape_is_refused_and_harms_no_later_call(shape: tuple[int, ...]) -> None:
    network = loaded()
    for _ in range(3):
        with pytest.raises(ValueError, match=r"log_mel must be \(S, 32, 33\); got shape"):
            network(np.zeros(shape, np.float32))
    assert np.isfinite(network(spectrograms(3)).embedding).all()


def test_the_description_says_engine_precision_and_threads() -> None:
    description = loaded().description
    assert description.startswith("OpenVINO 20")
    assert description.endswith(", float32, 1 thread")


def test_more_threads_than_cores_are_as_many_as_cores_and_said_so() -> None:
    said = re.search(r", (\d+) threads?$", loaded(threads=1000).description)
    assert said is not None
    assert 1 <= int(said[1]) <= (os.cpu_count() or 1)


def test_bfloat16_is_computed_or_refused_but_never_replaced() -> None:
    exact = loaded()(spectrograms(3)).embedding
    openvino = sys.modules["openvino"]
    if "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        rounded = loaded(precision="bfloat16")(spectrograms(3)).embedding
        assert 0 < np.abs(rounded - exact).max() < 0.05 * np.abs(exact).max()
    else:
        with pytest.raises(EngineError, match=r"this processor \(.+\) does not compute in bfloat16. Score in float32."):
            loaded(precision="bfloat16")


def test_a_network_in_int8_computes_what_onnx_runtime_computes() -> None:
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    content = rounded_network(bands=BANDS, frames=FRAMES).SerializeToString()
    log_mel = spectrograms(5)
    (expected,) = runtime.InferenceSession(content, providers=["CPUExecutionProvider"]).run(
        ["embedding"], {"log_mel": log_mel}
    )
    network = Network.load(content, bands=BANDS, frames=FRAMES, precision="int8", threads=2)
    assert "int8" in network.description
    found = network(log_mel).embedding
    np.testing.assert_allclose(found, expected, atol=1e-3)
    exact = loaded()(log_mel).embedding
    assert 0 < np.abs(found - exact).max() < 0.05 * np.abs(exact).max()
    alone = [network(segment[None]).embedding.tobytes() for segment in log_mel]
    assert found.tobytes() == b"".join(alone), "each segment is an inference of its own"


def test_what_openvino_cannot_load_is_an_error_of_the_engine() -> None:
    with pytest.raises(EngineError, match="OpenVINO cannot load the network"):
        Network.load(b"no network", bands=BANDS, frames=FRAMES, precision="float32", threads=1)


def test_a_network_runs_without_a_file_a_report_or_a_heavy_import(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    (tmp_path / "network.onnx").write_bytes(small_network(bands=BANDS, frames=FRAMES).SerializeToString())
    program = f"""
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import numpy as np
from asd_runtime.model.manifest import Precision
from asd_runtime.scoring.engine import Network
assert "openvino" not in sys.modules, "OpenVINO is imported too early"
content = Path("../network.onnx").read_bytes()
network = Network.load(content, bands={BANDS}, frames={FRAMES}, precision="float32", threads=2)
with ThreadPoolExecutor(8) as pool:  # OpenVINO's own conversion to NumPy may lock two threads for good here
    list(pool.map(network, [np.zeros((2, {BANDS}, {FRAMES}), np.float32)] * 16))
heavy = ("openvino_telemetry", "openvino.tools", "http", "torch", "onnx")
print([name for name in sys.modules if name.startswith(heavy)])
"""
    # Outside a CI job, where OpenVINO's own report would be left out anyway.
    environment = {"HOME": str(tmp_path / "home"), "PYTHONPATH": ":".join(path for path in sys.path if path)}
    command = [sys.executable, "-W", "error", "-c", program]
    run = subprocess.run(
        command, cwd=tmp_path / "work", env=environment, check=True, capture_output=True, text=True, timeout=60
    )
    assert (run.stdout.strip(), run.stderr) == ("[]", "")
    assert not [*(tmp_path / "home").iterdir(), *(tmp_path / "work").iterdir()]
