"""What is wrong is refused, with an exception that names the argument; and nothing is converted silently."""

import re
from collections.abc import Callable
from functools import partial
from importlib import metadata
from typing import Any

import numpy as np
import pytest
from other_threads import others_run_during

import asd_native

WAVE = np.zeros((2, 400), np.float32)
SOS = np.array([[0.5, -0.5, 0.0, 1.0, 0.0, 0.0]])
SCORES, WEIGHTS = np.ones((2, 3)), np.ones((2, 3))
MAPS, MAP_WEIGHTS = np.ones((2, 3, 4, 5), np.float32), np.ones((2, 3, 5))


def cut(wave: Any = WAVE, **options: Any) -> Any:
    return asd_native.cut_segments(wave, **{"segment_samples": 100, "hop_samples": 50, **options})


def power(wave: Any = WAVE, sos: Any = SOS, **options: Any) -> Any:
    return asd_native.high_passed_power(wave, sos, **{"segment_samples": 100, "hop_samples": 50, **options})


def mean(scores: Any = SCORES, weights: Any = WEIGHTS, **options: Any) -> Any:
    return asd_native.weighted_mean(scores, weights, **options)


def map_mean(maps: Any = MAPS, weights: Any = MAP_WEIGHTS, **options: Any) -> Any:
    return asd_native.weighted_map_mean(maps, weights, **options)


def count(**options: Any) -> Any:
    return asd_native.segment_count(**{"samples": 400, "segment_samples": 100, "hop_samples": 50, **options})


def with_value(array: Any, value: float) -> Any:
    changed = array.copy()
    changed.flat[-1] = value
    return changed


read_only = np.empty((2, 7, 100), np.float32)
read_only.flags.writeable = False

REFUSALS: list[tuple[Callable[..., Any], dict[str, Any], type[Exception], str]] = [
    *((f, {"wave": WAVE.astype(t)}, TypeError, "wave must be int16 or float32; got .*astype")
      for f in (cut, power)
      for t in (np.float64, np.int32, np.uint8, np.complex64, np.float16, ">f4", ">i2", bool, object)),
    *((f, {"wave": w}, TypeError, "wave must be a numpy array") for f in (cut, power) for w in ([0.0, 1.0], None, 3.0)),
    *((f, {"wave": np.zeros(s, np.float32)}, ValueError, r"wave must be \(T,\) or \(N, T\)")
      for f in (cut, power) for s in ((), (1, 2, 3), (0,), (2, 0), (0, 0))),
    *((f, {"wave": with_value(WAVE, v)}, ValueError, "wave must be finite; sample 399 of clip 1")
      for f in (cut, power) for v in (np.nan, np.inf, -np.inf)),
    *((f, {"segment_samples": v}, ValueError, "segment_samples must be >= 1")
      for f in (cut, power, count) for v in (0, -5)),
    *((f, {"hop_samples": v}, ValueError, "hop_samples must be >= 1") for f in (cut, power, count) for v in (0, -5)),
    *((f, {"hop_samples": v}, TypeError, "hop_samples must be an int")
      for f in (cut, power, count) for v in (2.0, "2", None)),
    *((f, {"segment_samples": 2**70}, ValueError, "segment_samples must fit 64 bits") for f in (cut, power, count)),
    *((f, {"threads": -1}, ValueError, "threads must be") for f in (cut, power, mean, map_mean)),
    *((f, {"threads": 1.5}, TypeError, "threads must be an int") for f in (cut, power, mean, map_mean)),
    (count, {"samples": 0}, ValueError, "samples must be >= 1"),
    (count, {"samples": -4}, ValueError, "samples must be >= 1"),
    *((cut, {"std": v}, ValueError, "std must be finite and > 0") for v in (0.0, -1.0, np.nan, np.inf, 5e-324)),
    *((cut, {"mean": v}, ValueError, "mean must be finite") for v in (np.nan, np.inf)),
    *((cut, {n: v}, TypeError, f"{n} must be a float; got {type(v).__name__}")
      for n in ("mean", "std") for v in ("a", None, 1j, [1.0], np.ones(2))),
    (cut, {"mean": 10**400}, ValueError, "mean must fit a float"),
    *((cut, {"per_segment": v}, TypeError, f"per_segment must be a bool; got {type(v).__name__}")
      for v in (None, 0, 1, "yes", 1.0, np.int64(1), np.ones(1, bool))),
    (cut, {"mean": 0.5, "per_segment": True}, ValueError, "mean and std must be left out"),
    (cut, {"segment_samples": 2**62}, ValueError, "segment_samples gives .* more than memory can hold"),
    *((power, {"bins": v}, ValueError, "bins must be between 1 and segment_samples = 100") for v in (0, -1, 101)),
    *((power, {"causal": v}, TypeError, "causal must be a bool") for v in (None, 1, "yes")),
    (power, {"sos": SOS.astype(np.float32)}, TypeError, "sos must be float64"),
    (power, {"sos": SOS.tolist()}, TypeError, "sos must be a numpy array"),
    *((power, {"sos": np.zeros(s)}, ValueError, r"sos must be \(K, 6\)") for s in ((6,), (1, 5), (1, 1, 6))),
    *((power, {"sos": np.tile(SOS, (k, 1))}, ValueError, "sos must have 1 to 32 sections") for k in (0, 33)),
    (power, {"sos": SOS * 2}, ValueError, "sos must have a0 = 1"),
    (power, {"sos": with_value(SOS, np.nan)}, ValueError, "sos must be finite"),
    (power, {"sos": with_value(SOS, 1.0)}, ValueError, "sos must be stable"),
    *((power, {"sos": np.array([[b, 0.0, 0.0, 1.0, 0.0, 0.0]] * 2)}, ValueError, "sos must have a finite gain .* 2 sec")
      for b in (1e300, -1e200)),
    (power, {"sos": np.array([[1.7e308, 1.7e308, 0.0, 1.0, 0.0, 0.0]])}, ValueError, "sos must have a finite gain"),
    (power, {"wave": WAVE[:, :5], "segment_samples": 5}, ValueError, "wave must be longer than .* 6 samples"),
    (mean, {"scores": SCORES.astype(int)}, TypeError, "scores must be float64 or float32"),
    (mean, {"scores": SCORES[0]}, ValueError, r"scores must be \(N, S\)"),
    (mean, {"scores": SCORES[:, :0]}, ValueError, "scores must be without an empty axis"),
    (mean, {"scores": with_value(SCORES, np.nan)}, ValueError, "scores must be finite; clip 1"),
    (mean, {"weights": WEIGHTS[:, :2]}, ValueError, r"weights must be \(N, S\) like scores"),
    (map_mean, {"maps": MAPS.astype(np.float16)}, TypeError, "maps must be float32 or float64"),
    (map_mean, {"maps": MAPS[0]}, ValueError, r"maps must be \(N, S, H, W\)"),
    (map_mean, {"maps": MAPS[:, :, :0]}, ValueError, "maps must be without an empty axis"),
    (map_mean, {"maps": with_value(MAPS, np.inf)}, ValueError, "maps must be finite; clip 1"),
    (map_mean, {"weights": np.ones((2, 3, 4))}, ValueError, r"weights must be \(N, S, W\)"),
    *((f, {"weights": with_value(w, v)}, ValueError, f"weights must be {rule}; clip 1")
      for f, w in ((mean, WEIGHTS), (map_mean, MAP_WEIGHTS))
      for v, rule in ((-1.0, ">= 0"), (np.nan, "finite"), (np.inf, "finite"))),
    (cut, {"out": np.empty((2, 7, 100))}, TypeError, "out must be float32; got float64"),
    (cut, {"out": [0.0]}, TypeError, "out must be a numpy array"),
    (cut, {"out": np.empty((2, 7, 9), np.float32)}, ValueError, r"out must have shape \(2, 7, 100\); got \(2, 7, 9\)"),
    (cut, {"out": np.empty((7, 100), np.float32)}, ValueError, "out must have shape"),
    (cut, {"out": np.empty((2, 100, 7), np.float32).swapaxes(1, 2)}, ValueError, "out must be C-contiguous"),
    (cut, {"out": read_only}, ValueError, "out must be writable"),
    (power, {"out": np.empty((2, 7, 1), np.float32)}, TypeError, "out must be float64"),
    (mean, {"out": np.empty(3)}, ValueError, r"out must have shape \(2,\)"),
    (map_mean, {"out": np.empty(4)[::2]}, ValueError, "out must be C-contiguous"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("function", "options", "error", "message"), REFUSALS, ids=[f"{f.__name__}-{m[:30]}" for f, _, _, m in REFUSALS]
)
def test_what_is_wrong_is_refused_by_name(
    function: Callable[..., Any], options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        function(**options)


def test_the_calls_that_the_refusals_vary_are_themselves_right() -> None:
    for function in (cut, power, mean, map_mean, count):
        function()


def test_an_output_that_shares_memory_with_the_input_is_refused() -> None:
    buffer = np.zeros(2000, np.float32)
    wave, out = buffer[:400], buffer[399:1099].reshape(7, 100)
    with pytest.raises(ValueError, match="out must not share memory"):
        cut(wave, out=out)
    cut(wave, out=buffer[400:1100].reshape(7, 100))
    scores = np.ones((2, 3))
    with pytest.raises(ValueError, match="out must not share memory"):
        mean(scores, out=scores.reshape(6)[:2])


def test_a_short_clip_is_repeated_before_its_length_is_judged() -> None:
    assert power(WAVE[:, :1]).shape == (2, 1, 1)


def test_sizes_may_be_numpy_integers() -> None:
    assert cut(segment_samples=np.int64(100), hop_samples=np.uint8(50), threads=np.int32(1)).shape == (2, 7, 100)


def test_numbers_and_truth_values_may_be_of_numpy() -> None:
    expected = cut(WAVE + 1, mean=2.0, std=4.0)
    for mean_value, std_value in ((np.float32(2), np.int16(4)), (2, np.array(4.0)), (np.float64(2), 4)):
        np.testing.assert_array_equal(cut(WAVE + 1, mean=mean_value, std=std_value), expected)
    ramp = np.arange(400, dtype=np.float32)
    for truth in (True, False):
        np.testing.assert_array_equal(cut(ramp, per_segment=np.bool_(truth)), cut(ramp, per_segment=truth))
    assert not np.array_equal(cut(ramp, per_segment=np.True_), cut(ramp, per_segment=np.False_))


def test_the_licence_travels_with_the_package() -> None:
    files = metadata.distribution("asd-native").files or []
    licences = [file for file in files if file.name == "LICENSE"]
    assert len(licences) == 1
    assert licences[0].read_text().startswith("MIT License")


def test_the_build_is_described() -> None:
    info = asd_native.build_info()
    assert info["version"] == asd_native.__version__
    assert info["abi_version"] == asd_native.abi_version() == 1
    assert re.match(r"(gcc|clang) \d+", info["compiler"])
    assert info["instruction_set"] in {"baseline", "avx2", "avx512"}
    assert info["cuda"] == bool(info["cuda_architectures"])


# Calls of some tens of milliseconds, many ticks of the thread beside them; their input is made before the clock starts.
LONG_CALLS: dict[str, Callable[[], Callable[[], Any]]] = {
    "cut_segments": lambda: partial(
        cut, np.ones((64, 160000), np.int16), segment_samples=80000, hop_samples=20000, per_segment=True
    ),
    "log_mel": lambda: partial(
        asd_native.LogMel(
            sample_rate_hz=16000, window_samples=2048, hop_samples=256, bands=224, low_hz=50, high_hz=7800
        ).spectrogram,
        np.ones((8, 160000), np.int16),
    ),
    "high_passed_power": lambda: partial(
        power, np.zeros((64, 160000), np.int16), np.tile(SOS, (32, 1)), segment_samples=80000, hop_samples=20000
    ),
    "weighted_mean": lambda: partial(mean, np.ones((8, 1000000)), np.ones((8, 1000000))),
    "weighted_map_mean": lambda: partial(map_mean, np.ones((8, 5, 128, 4096), np.float32), np.ones((8, 5, 4096))),
}


@pytest.mark.timed
@pytest.mark.parametrize("name", LONG_CALLS)
def test_other_threads_run_while_a_call_works(name: str) -> None:
    assert others_run_during(LONG_CALLS[name]())
