"""Arrays of other libraries in host memory are read and written in place, and always given back."""

import gc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from foreign_arrays import CPU, CUDA, CUDA_HOST, IS_COPIED, OPENCL, READ_ONLY, CudaInterfaceArray, DLPackArray

import asd_native

GRID = {"segment_samples": 100, "hop_samples": 50}
RNG = np.random.default_rng(7)
WAVE = RNG.integers(-32768, 32768, (2, 400), dtype=np.int16)
FLOATS = RNG.standard_normal((2, 400)).astype(np.float32)
SOS = np.array([[0.5, -0.5, 0.0, 1.0, 0.0, 0.0]])
BUILT_WITH_CUDA = asd_native.build_info()["cuda"]


def cut(wave: Any, **options: Any) -> Any:
    return asd_native.cut_segments(wave, **{**GRID, **options})


def torch() -> Any:
    return pytest.importorskip("torch", reason="torch is not installed: its tensors are not tried")


@pytest.mark.parametrize("wave", [WAVE, FLOATS], ids=["int16", "float32"])
def test_a_tensor_of_torch_gives_the_bits_of_its_array(wave: Any) -> None:
    tensor = torch().from_numpy(wave)
    np.testing.assert_array_equal(cut(tensor, per_segment=True), cut(wave, per_segment=True))
    np.testing.assert_array_equal(cut(tensor[:, ::2]), cut(wave[:, ::2]))
    expected = asd_native.high_passed_power(wave, SOS, **GRID)
    np.testing.assert_array_equal(asd_native.high_passed_power(tensor, torch().from_numpy(SOS), **GRID), expected)


def test_every_function_reads_tensors_of_torch() -> None:
    from_numpy = torch().from_numpy
    maps, weights = RNG.random((2, 3, 4, 5)), RNG.random((2, 3, 5))
    scores = RNG.random((2, 3)).astype(np.float32)
    np.testing.assert_array_equal(
        asd_native.weighted_map_mean(from_numpy(maps), from_numpy(weights)), asd_native.weighted_map_mean(maps, weights)
    )
    np.testing.assert_array_equal(
        asd_native.weighted_mean(from_numpy(scores), weights[:, :, 0]),
        asd_native.weighted_mean(scores, weights[:, :, 0]),
    )
    edges, clips, offsets = np.array([0, 500, 800]), np.array([1, 0]), np.array([0, 3])
    gathered = asd_native.gather_segments(WAVE.reshape(-1), edges, clips, offsets, segment_samples=200)
    tensors = [from_numpy(part) for part in (WAVE.reshape(-1), edges, clips, offsets)]
    np.testing.assert_array_equal(asd_native.gather_segments(*tensors, segment_samples=200), gathered)
    log_mel = asd_native.LogMel(
        sample_rate_hz=16000, window_samples=256, hop_samples=64, bands=8, low_hz=50, high_hz=7800
    )
    np.testing.assert_array_equal(log_mel.spectrogram(from_numpy(WAVE)), log_mel.spectrogram(WAVE))


def test_out_may_be_a_tensor_which_is_written_in_place_and_returned() -> None:
    out = torch().full((2, 7, 100), float("nan"))
    assert cut(torch().from_numpy(WAVE), out=out) is out
    np.testing.assert_array_equal(out.numpy(), cut(WAVE))
    assert cut(WAVE, out=out) is out, "tensors and arrays in host memory go together"


def test_a_tensor_is_not_copied_so_that_out_may_not_share_its_memory() -> None:
    buffer = np.zeros(2000, np.float32)
    wave = torch().from_numpy(buffer)[:400]
    with pytest.raises(ValueError, match="out must not share memory"):
        cut(wave, out=buffer[399:1099].reshape(7, 100))
    with pytest.raises(ValueError, match="out must not share memory"):
        cut(buffer[:400], out=torch().from_numpy(buffer)[399:1099].reshape(7, 100))
    cut(wave, out=buffer[400:1100].reshape(7, 100))


def test_what_torch_refuses_to_lend_is_refused_in_its_words() -> None:
    with pytest.raises(BufferError, match="detach"):
        cut(torch().zeros(400, requires_grad=True))


LENDERS: dict[str, dict[str, Any]] = {
    "version 1": {},
    "without strides": {"with_strides": False},
    "at an offset": {"byte_offset": 64},
    "of pinned memory": {"device": CUDA_HOST},
    "read-only": {"flags": READ_ONLY},
    "unversioned": {"versioned": False},
    "unversioned, from before versions": {"versioned": False, "knows_versions": False},
}


@pytest.mark.parametrize("options", LENDERS.values(), ids=LENDERS.keys())
def test_every_form_of_dlpack_is_read_and_given_back_once(options: dict[str, Any]) -> None:
    wave = DLPackArray(WAVE, **options)
    np.testing.assert_array_equal(cut(wave), cut(WAVE))
    gc.collect()
    assert (wave.lent, wave.given_back, wave.left_in_capsule) == (1, 1, 0)
    assert wave.asked[0] == {"max_version": (1, 0)}, "no stream is passed for host memory"


def test_a_view_that_is_not_dense_is_read_by_its_strides() -> None:
    for view in (WAVE[:, ::2], WAVE[:, ::-1], WAVE[::-1], np.asfortranarray(WAVE), WAVE[:1]):
        np.testing.assert_array_equal(cut(DLPackArray(view)), cut(view))


FAILURES: dict[str, tuple[dict[str, Any], type[BaseException], str]] = {
    "another major version": ({"major": 2}, BufferError, "wave must come by DLPack 1; .* version 2.0"),
    "another device": ({"device": OPENCL}, BufferError, "wave must be in host memory or on a CUDA device; .* type 4"),
    "a device other than told": (
        {"capsule_device": CUDA},
        BufferError,
        "wave must be where its __dlpack_device__ says",
    ),
    "bfloat16": ({"code": 4, "bits": 16}, TypeError, "wave must be of a type that NumPy has; .* code 4 of 16 bits"),
    "vectors": ({"lanes": 2}, TypeError, "wave must be of a type that NumPy has"),
    "half of a byte": ({"bits": 4}, TypeError, "wave must be of a type that NumPy has"),
    "three bytes": ({"bits": 24}, TypeError, "wave must be of a type that NumPy has"),
    "another type": ({"code": 1}, TypeError, "wave must be int16 or float32; got uint16: .*astype"),
    "a negative number of axes": ({"axes": -1}, BufferError, "wave must have 0 to 32 axes"),
    "a scalar": ({"axes": 0}, ValueError, r"wave must be \(T,\) or \(N, T\); got shape \(\)"),
    "no memory": ({"null": True}, BufferError, "wave must point to memory"),
    "an error of its own": ({"error": KeyError("mine")}, KeyError, "mine"),
    "an interrupt": ({"error": KeyboardInterrupt("stop")}, KeyboardInterrupt, "stop"),
    "a type error of its own": ({"error": TypeError("mine")}, TypeError, "mine"),
}


@pytest.mark.parametrize(("options", "error", "message"), FAILURES.values(), ids=FAILURES.keys())
def test_what_cannot_be_read_is_refused_by_name_and_given_back(
    options: dict[str, Any], error: type[BaseException], message: str
) -> None:
    wave = DLPackArray(WAVE, **options)
    with pytest.raises(error, match=message):
        cut(wave)
    gc.collect()
    assert (wave.given_back, wave.left_in_capsule) == (wave.lent, 0)


MISTAKES: dict[str, tuple[Callable[..., Any], type[Exception], str]] = {
    "a size": (lambda wave: cut(wave, hop_samples=0), ValueError, "hop_samples must be >= 1"),
    "an out of another shape": (lambda wave: cut(wave, out=np.empty(3, np.float32)), ValueError, "out must have shape"),
    "a list as out": (lambda wave: cut(wave, out=[0.0]), TypeError, "out must be a numpy array"),
    "a stream": (
        lambda wave: cut(wave, stream=0),
        ValueError,
        "stream must be left out for arrays in host memory; wave",
    ),
    "a negative stream": (lambda wave: cut(wave, stream=-1), ValueError, "stream must be a CUDA stream as an int >= 0"),
    "no stream": (lambda wave: cut(wave, stream="0"), TypeError, "stream must be an int"),
}


@pytest.mark.parametrize(("call", "error", "message"), MISTAKES.values(), ids=MISTAKES.keys())
def test_what_was_lent_is_given_back_when_another_argument_is_wrong(
    call: Callable[..., Any], error: type[Exception], message: str
) -> None:
    wave = DLPackArray(FLOATS)
    with pytest.raises(error, match=message):
        call(wave)
    gc.collect()
    assert (wave.given_back, wave.left_in_capsule) == (wave.lent, 0)


def test_what_was_lent_is_given_back_when_a_sample_is_not_finite() -> None:
    bad = FLOATS.copy()
    bad[1, 399] = np.nan
    wave, out = DLPackArray(bad), DLPackArray(np.empty((2, 7, 100), np.float32))
    with pytest.raises(ValueError, match="wave must be finite; sample 399 of clip 1"):
        cut(wave, out=out)
    gc.collect()
    assert wave.given_back == out.given_back == 1


OUTS: dict[str, tuple[Any, dict[str, Any], type[Exception], str]] = {
    "read-only": (np.empty((2, 7, 100), np.float32), {"flags": READ_ONLY}, ValueError, "out must be writable"),
    "a copy": (np.empty((2, 7, 100), np.float32), {"flags": IS_COPIED}, ValueError, "out must be the memory"),
    "float64": (np.empty((2, 7, 100)), {}, TypeError, r"out must be float32; got float64: pass torch.empty\(\(2, 7"),
    "of another shape": (np.empty((2, 7, 99), np.float32), {}, ValueError, "out must have shape"),
    "a view": (np.empty((2, 7, 200), np.float32)[:, :, ::2], {}, ValueError, "out must be C-contiguous"),
}


@pytest.mark.parametrize(("array", "options", "error", "message"), OUTS.values(), ids=OUTS.keys())
def test_an_out_that_cannot_be_written_is_refused_and_given_back(
    array: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    out = DLPackArray(array, **options)
    with pytest.raises(error, match=message):
        cut(WAVE, out=out)
    gc.collect()
    assert (out.given_back, out.left_in_capsule) == (out.lent, 0)


def test_an_out_by_dlpack_is_written_in_place_returned_and_given_back() -> None:
    target = np.full((2, 7, 100), np.nan, np.float32)
    out = DLPackArray(target, versioned=False)
    assert cut(WAVE, out=out) is out
    np.testing.assert_array_equal(target, cut(WAVE))
    gc.collect()
    assert (out.lent, out.given_back, out.left_in_capsule) == (1, 1, 0)


def test_a_capsule_is_taken_once() -> None:
    class Twice:
        def __init__(self) -> None:
            self.lender = DLPackArray(WAVE)
            self.capsule = self.lender.__dlpack__()

        def __dlpack_device__(self) -> tuple[int, int]:
            return CPU, 0

        def __dlpack__(self, **_: Any) -> Any:
            return self.capsule

    wave = Twice()
    cut(wave)
    with pytest.raises(BufferError, match="wave must come in a DLPack capsule that nobody has used"):
        cut(wave)
    lender = wave.lender
    assert lender.given_back == 1
    del wave
    gc.collect()
    assert (lender.given_back, lender.left_in_capsule) == (1, 0)


@pytest.mark.skipif(BUILT_WITH_CUDA, reason="built with CUDA: see test_cuda_arrays.py")
@pytest.mark.parametrize("stream", [None, 0, 1, 2, 140000])
def test_a_build_without_cuda_says_so_for_an_array_on_a_cuda_device(stream: int | None) -> None:
    wave = DLPackArray(WAVE, device=CUDA)
    with pytest.raises(RuntimeError, match=r"not built with CUDA: wave is on a CUDA device; .*wave.cpu\(\)"):
        cut(wave, stream=stream)
    gc.collect()
    assert wave.given_back == wave.lent == 1
    assert wave.asked == [{"stream": stream or 1, "max_version": (1, 0)}], "DLPack's 1 is the legacy default stream"
    with pytest.raises(RuntimeError, match="not built with CUDA"):
        cut(CudaInterfaceArray(WAVE), stream=stream)


def test_a_function_that_runs_on_the_processor_alone_says_so() -> None:
    log_mel = asd_native.LogMel(
        sample_rate_hz=16000, window_samples=256, hop_samples=64, bands=8, low_hz=50, high_hz=7800
    )
    with pytest.raises(ValueError, match=r"wave must be in host memory, where this runs; .*wave.cpu\(\)"):
        log_mel.spectrogram(DLPackArray(WAVE, device=CUDA))
    with pytest.raises(ValueError, match="sos must be in host memory"):
        asd_native.high_passed_power(WAVE, DLPackArray(SOS, device=CUDA), **GRID)


INTERFACES: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "version 1": ({"version": 1}, BufferError, "wave must have version 2 or 3 .* got 1"),
    "version 4": ({"version": 4}, BufferError, "wave must have version 2 or 3 .* got 4"),
    "a version in words": ({"version": "three"}, TypeError, 'an int as "version"'),
    "a mask": ({"mask": object()}, BufferError, "wave must not be masked"),
    "a shape that is none": ({"shape": 800}, TypeError, 'a tuple of ints as "shape"'),
    "fewer strides than axes": ({"strides": (2,)}, TypeError, 'an int for each axis as "strides"'),
    "a view": (
        {"strides": (800, 4), "shape": (1, 200)},
        ValueError,
        r"wave must be C-contiguous .*wave.contiguous\(\)",
    ),
    "no address": ({"data": (0, False)}, BufferError, "wave must point to memory"),
    "half an address": ({"data": (1,)}, TypeError, 'an address and a bool as "data"'),
    "an odd address": ({"data": (WAVE.ctypes.data + 1, False)}, ValueError, "wave must be C-contiguous and aligned"),
    "another type": ({"typestr": "<u2"}, TypeError, "wave must be int16 or float32; got uint16"),
    "the other order of bytes": ({"typestr": ">i2"}, TypeError, "wave must be int16 or float32; got >i2"),
    "a type that is none": ({"typestr": "spam"}, TypeError, 'a type that NumPy knows as "typestr"'),
    "stream 0": ({"stream": 0}, TypeError, 'None or a positive int as "stream"'),
    "a negative stream": ({"stream": -5}, TypeError, 'None or a positive int as "stream"'),
    "a stream in words": ({"stream": "mine"}, TypeError, 'None or a positive int as "stream"'),
}


@pytest.mark.parametrize(("entries", "error", "message"), INTERFACES.values(), ids=INTERFACES.keys())
def test_a_cuda_array_interface_that_is_wrong_is_refused_by_name(
    entries: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        cut(CudaInterfaceArray(WAVE, **entries))


def test_an_interface_that_is_no_dict_or_raises_is_refused() -> None:
    class NoDict:
        __cuda_array_interface__ = 3

    class Raises:
        @property
        def __cuda_array_interface__(self) -> Any:
            raise RuntimeError("requires grad")

    with pytest.raises(TypeError, match="wave must have a dict"):
        cut(NoDict())
    with pytest.raises(RuntimeError, match="requires grad"):
        cut(Raises())


def test_nothing_is_left_over_after_many_calls_of_every_kind() -> None:
    lenders = [DLPackArray(WAVE), DLPackArray(WAVE, versioned=False), DLPackArray(WAVE, code=1)]
    for _ in range(200):
        for wave in lenders:
            try:
                cut(wave)
            except TypeError:
                continue
    gc.collect()
    assert [(wave.lent, wave.given_back, wave.left_in_capsule) for wave in lenders] == [(200, 200, 0)] * 3
