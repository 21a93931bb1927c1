"""Arrays on a CUDA device give what arrays in host memory give, without a copy.

Runs in a build with CUDA: on the emulated device (-DASD_EMULATED_CUDA=ON), or, where torch sees one, on a real one.
ASD_REQUIRE_CUDA=1 makes a failure of what would be left out.
"""

import gc
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from foreign_arrays import CPU, CUDA, READ_ONLY, CudaInterfaceArray, DLPackArray
from numpy.typing import NDArray

import asd_native

INFO = asd_native.build_info()
EMULATED = INFO["cuda_architectures"] == "emulated"
TOLERANCE = 1e-12  # of doubles: the orders of the sums differ, and on a real device the contraction of products
FLOAT_TOLERANCE = 1.3e-7  # moments that differ in the last place may round the other way

GRID = {"segment_samples": 300, "hop_samples": 110}
RNG = np.random.default_rng(11)
WAVE = RNG.integers(-32768, 32768, (3, 1000), dtype=np.int16)
FLOATS = RNG.standard_normal((3, 1000)).astype(np.float32)
SOS = np.array([[0.5, -0.5, 0.0, 1.0, 0.0, 0.0], [0.3, -0.6, 0.3, 1.0, 0.2, 0.5]])
SCORES, WEIGHTS = RNG.standard_normal((3, 7)), RNG.random((3, 7))
MAPS, MAP_WEIGHTS = RNG.standard_normal((3, 2, 4, 5)).astype(np.float32), RNG.random((3, 2, 5))
EDGES, CLIPS, OFFSETS = np.array([0, 1000, 1200, 3000]), np.array([2, 0, 1, 2]), np.array([1500, 3, 0, 0])


class Emulated:
    """Arrays of a made-up library on the emulated device, whose memory is the host's."""

    lend: Any = DLPackArray

    def put(self, array: NDArray[Any]) -> Any:
        return self.lend(array.copy(), **({"device": CUDA} if self.lend is DLPackArray else {}))

    def get(self, array: Any) -> NDArray[Any]:
        return array.array  # type: ignore[no-any-return]


class EmulatedInterface(Emulated):
    lend = CudaInterfaceArray


class Torch:
    """Tensors of torch on a real device."""

    def put(self, array: NDArray[Any]) -> Any:
        import torch

        return torch.from_numpy(array.copy()).cuda()

    def get(self, array: Any) -> NDArray[Any]:
        return array.cpu().numpy()  # type: ignore[no-any-return]


class TorchInterface(Torch):
    """The same with only the CUDA array interface, with the stream that torch uses."""

    def put(self, array: NDArray[Any]) -> Any:
        tensor = super().put(array)
        lent = CudaInterfaceArray(array)
        lent._interface = {**tensor.__cuda_array_interface__, "version": 3, "stream": 1}
        lent.array = tensor
        return lent

    def get(self, array: Any) -> NDArray[Any]:
        return super().get(array.array)


def skipped() -> str | None:
    if not INFO["cuda"]:
        return "not built with CUDA"
    if EMULATED:
        return None
    torch = pytest.importorskip("torch", reason="torch, whose tensors these tests pass, is not installed")
    return None if torch.cuda.is_available() else "torch sees no CUDA device"


@pytest.fixture(params=["dlpack", "interface"])
def memory(request: pytest.FixtureRequest) -> Any:
    if reason := skipped():
        (pytest.fail if os.environ.get("ASD_REQUIRE_CUDA") == "1" else pytest.skip)(reason)
    by_dlpack = request.param == "dlpack"
    if EMULATED:
        return Emulated() if by_dlpack else EmulatedInterface()
    return Torch() if by_dlpack else TorchInterface()


@pytest.fixture
def emulated() -> None:
    if not EMULATED:
        pytest.skip("asks the emulated device of a build with -DASD_EMULATED_CUDA=ON")


def workspace(samples: int = 1000, clips: int = 3) -> NDArray[np.float64]:
    size = asd_native.high_passed_power_workspace(clips=clips, samples=samples, sos=SOS, **GRID)
    return np.full(size, np.nan)


CALLS: dict[str, tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = {
    "cut_segments of int16": (asd_native.cut_segments, (WAVE,), {**GRID, "mean": 0.1, "std": 0.3}),
    "cut_segments of float32": (asd_native.cut_segments, (FLOATS,), {**GRID, "per_segment": True}),
    "cut_segments of one clip": (asd_native.cut_segments, (FLOATS[0, :100],), GRID),
    "gather_segments": (
        asd_native.gather_segments,
        (WAVE.reshape(-1), EDGES, CLIPS, OFFSETS),
        {"segment_samples": 300},
    ),
    "gather_segments by own moments": (
        asd_native.gather_segments,
        (FLOATS.reshape(-1), EDGES, CLIPS, OFFSETS),
        {"segment_samples": 300, "per_segment": True},
    ),
    "weighted_mean": (asd_native.weighted_mean, (SCORES, WEIGHTS), {}),
    "weighted_mean of float32": (asd_native.weighted_mean, (SCORES.astype(np.float32), WEIGHTS), {}),
    "weighted_map_mean": (asd_native.weighted_map_mean, (MAPS, MAP_WEIGHTS), {}),
}


@pytest.mark.parametrize(("call", "arrays", "options"), CALLS.values(), ids=CALLS.keys())
def test_a_call_on_a_device_gives_what_it_gives_on_the_host(
    memory: Any, call: Callable[..., Any], arrays: tuple[Any, ...], options: dict[str, Any]
) -> None:
    expected = call(*arrays, **options)
    lent, out = [memory.put(array) for array in arrays], memory.put(np.full_like(expected, np.nan))
    assert call(*lent, **options, out=out) is out
    tolerance = FLOAT_TOLERANCE if expected.dtype == np.float32 else TOLERANCE
    np.testing.assert_allclose(memory.get(out), expected, rtol=0, atol=tolerance * np.abs(expected).max())


def test_crops_by_each_ones_mean_and_deviation_are_those_of_the_host(memory: Any) -> None:
    mean, std = np.array([0.1, 0.0, -2.0, 3.0]), np.array([1.0, 0.3, 2.0, 5.0])
    arrays = (WAVE.reshape(-1), EDGES, CLIPS, OFFSETS)
    expected = asd_native.gather_segments(*arrays, segment_samples=300, mean=mean, std=std)
    out = memory.put(np.empty_like(expected))
    lent = [memory.put(array) for array in arrays]
    asd_native.gather_segments(*lent, segment_samples=300, mean=memory.put(mean), std=memory.put(std), out=out)
    np.testing.assert_allclose(memory.get(out), expected, rtol=0, atol=FLOAT_TOLERANCE * np.abs(expected).max())


@pytest.mark.parametrize("wave", [WAVE, FLOATS], ids=["int16", "float32"])
def test_power_on_a_device_is_that_of_the_host(memory: Any, wave: NDArray[Any]) -> None:
    expected = asd_native.high_passed_power(wave, SOS, **GRID, bins=7)
    out, scratch = memory.put(np.empty_like(expected)), memory.put(workspace())
    got = asd_native.high_passed_power(memory.put(wave), SOS, **GRID, bins=7, workspace=scratch, out=out)
    assert got is out
    np.testing.assert_allclose(memory.get(out), expected, rtol=0, atol=TOLERANCE * expected.max())


def test_a_crop_that_is_out_of_range_is_nan(memory: Any) -> None:
    out = memory.put(np.zeros((4, 300), np.float32))
    offsets = np.array([1500, 701, 0, -1])
    lent = [memory.put(array) for array in (WAVE.reshape(-1), EDGES, CLIPS, offsets)]
    asd_native.gather_segments(*lent, segment_samples=300, out=out)
    assert np.isnan(memory.get(out)).all(axis=1).tolist() == [False, True, False, True]
    assert np.isfinite(memory.get(out)[[0, 2]]).all()


def test_arrays_without_clips_give_arrays_without_clips(memory: Any) -> None:
    out = memory.put(np.empty((0, 8, 300), np.float32))
    assert asd_native.cut_segments(memory.put(WAVE[:0]), **GRID, out=out) is out


def cut(memory: Any, wave: Any = None, **options: Any) -> Any:
    """A call that is correct except for what a test changes: `out` is (3, 8, 300)."""
    given = {**GRID, "out": memory.put(np.empty((3, 8, 300), np.float32)), **options}
    return asd_native.cut_segments(memory.put(WAVE) if wave is None else wave, **given)


def test_the_call_that_the_refusals_vary_is_itself_right(memory: Any) -> None:
    cut(memory)


def test_out_must_be_given_and_the_message_shows_it(memory: Any) -> None:
    shown = r"out must be given .*: pass torch.empty\(\(3, 8, 300\), dtype=torch.float32, device=\"cuda\"\)"
    with pytest.raises(TypeError, match=shown):
        cut(memory, out=None)


def test_arrays_of_a_call_must_be_in_one_place(memory: Any) -> None:
    with pytest.raises(ValueError, match="out must be on the CUDA device of wave; it is in host memory"):
        cut(memory, out=np.empty((3, 8, 300), np.float32))
    with pytest.raises(ValueError, match="out must be in host memory as wave is; it is on a CUDA device"):
        cut(memory, WAVE)
    with pytest.raises(ValueError, match="weights must be on the CUDA device of scores"):
        asd_native.weighted_mean(memory.put(SCORES), WEIGHTS, out=memory.put(np.empty(3)))


def test_the_workspace_must_be_given_and_of_its_size(memory: Any) -> None:
    lent, out = memory.put(WAVE), memory.put(np.empty((3, 8, 1)))
    with pytest.raises(TypeError, match=r"workspace must be given .*torch.empty\(\(30\d\d,\), dtype=torch.float64"):
        asd_native.high_passed_power(lent, SOS, **GRID, out=out)
    short = memory.put(workspace()[:-1])
    with pytest.raises(ValueError, match="workspace must have shape"):
        asd_native.high_passed_power(lent, SOS, **GRID, out=out, workspace=short)
    with pytest.raises(TypeError, match="workspace must be float64"):
        asd_native.high_passed_power(lent, SOS, **GRID, out=out, workspace=memory.put(workspace().astype(np.float32)))
    with pytest.raises(ValueError, match="workspace must be left out for arrays in host memory"):
        asd_native.high_passed_power(WAVE, SOS, **GRID, workspace=memory.put(workspace()))


def test_nothing_is_converted_on_a_device(memory: Any) -> None:
    with pytest.raises(
        TypeError, match=r"weights must be float64 on a CUDA device; got float32: pass weights.double\(\)"
    ):
        asd_native.weighted_mean(
            memory.put(SCORES), memory.put(WEIGHTS.astype(np.float32)), out=memory.put(np.empty(3))
        )
    with pytest.raises(TypeError, match="wave must be int16 or float32; got float64"):
        cut(memory, memory.put(WAVE.astype(np.float64)))


@pytest.mark.usefixtures("emulated")
def test_a_view_on_a_device_is_refused_with_the_way_out() -> None:
    for view in (WAVE[:, ::2], WAVE[::-1], np.asfortranarray(WAVE)):
        for lent in (DLPackArray(view, device=CUDA), CudaInterfaceArray(view)):
            with pytest.raises(ValueError, match=r"wave must be C-contiguous .* strides of .*wave.contiguous\(\)"):
                cut(Emulated(), lent)


@pytest.mark.usefixtures("emulated")
def test_an_out_that_may_not_be_written_or_overlaps_is_refused() -> None:
    read_only = np.empty((3, 8, 300), np.float32)
    with pytest.raises(ValueError, match="out must be writable"):
        cut(Emulated(), out=DLPackArray(read_only, device=CUDA, flags=READ_ONLY))
    with pytest.raises(ValueError, match="out must be writable"):
        cut(Emulated(), out=CudaInterfaceArray(read_only, data=(read_only.ctypes.data, True)))
    buffer = np.zeros(8000, np.float32)
    wave, out = buffer[:3000].reshape(3, 1000), buffer[:7200].reshape(3, 8, 300)
    with pytest.raises(ValueError, match="out must not share memory"):
        cut(Emulated(), DLPackArray(wave, device=CUDA), out=DLPackArray(out, device=CUDA))


@pytest.mark.usefixtures("emulated")
@pytest.mark.parametrize("stream", [None, 0, 1, 2, 140000])
def test_the_producer_is_told_the_stream_and_gets_back_what_it_lent(stream: int | None) -> None:
    wave, out = (
        DLPackArray(WAVE, device=CUDA),
        DLPackArray(np.empty((3, 8, 300), np.float32), device=CUDA, versioned=False),
    )
    cut(Emulated(), wave, out=out, stream=stream)
    assert wave.asked == out.asked == [{"stream": stream or 1, "max_version": (1, 0)}]
    gc.collect()
    assert (wave.lent, wave.given_back, wave.left_in_capsule) == (1, 1, 0)
    assert (out.lent, out.given_back, out.left_in_capsule) == (1, 1, 0)


@pytest.mark.usefixtures("emulated")
def test_host_memory_that_is_told_to_be_elsewhere_is_refused() -> None:
    wave = DLPackArray(WAVE, device=CUDA, capsule_device=CPU)
    with pytest.raises(BufferError, match="wave must be where its __dlpack_device__ says"):
        cut(Emulated(), wave)


@pytest.mark.usefixtures("emulated")
def test_streams_of_several_producers_are_all_ordered() -> None:
    scores, weights = CudaInterfaceArray(SCORES, stream=7), CudaInterfaceArray(WEIGHTS, stream=9)
    out = CudaInterfaceArray(np.empty(3), stream=7)
    asd_native.weighted_mean(scores, weights, stream=5, out=out)
    np.testing.assert_allclose(out.array, asd_native.weighted_mean(SCORES, WEIGHTS), rtol=0, atol=TOLERANCE)
