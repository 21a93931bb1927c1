"""Crops from a bank equal NumPy's slices and the segments of cut_segments; wrong indices are refused by name."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import asd_native

FLOAT32_RELATIVE = 1.2e-7  # one rounding to float32, and moments that differ in their last bits: as in test_segments.py

LENGTHS = [700, 90, 1, 400]
EDGES = np.concatenate([[0], np.cumsum(LENGTHS)])
BANK = np.random.default_rng(3).integers(-32768, 32768, EDGES[-1], dtype=np.int16)
CLIPS, OFFSETS = np.array([0, 3, 1, 2, 0]), np.array([11, 0, 0, 0, 600])


def gather(bank: Any = BANK, edges: Any = EDGES, clips: Any = CLIPS, offsets: Any = OFFSETS, **options: Any) -> Any:
    return asd_native.gather_segments(bank, edges, clips, offsets, **{"segment_samples": 100, **options})


def reference(
    bank: NDArray[Any], lengths: list[int], clips: list[int], offsets: list[int], length: int
) -> NDArray[np.float64]:
    values = bank.astype(np.float64) / (32768 if bank.dtype == np.int16 else 1)
    waves = np.split(values, np.cumsum(lengths)[:-1])
    crops = [np.resize(waves[c], max(lengths[c], length))[o : o + length] for c, o in zip(clips, offsets, strict=True)]
    return np.stack(crops)


@st.composite
def batches(draw: st.DrawFn) -> tuple[list[int], list[int], list[int], int]:
    """Lengths of the clips; clips and offsets of the crops; length of a crop."""
    lengths = draw(st.lists(st.integers(1, 600), min_size=1, max_size=5))
    length = draw(st.integers(1, 700))
    clips = draw(st.lists(st.integers(0, len(lengths) - 1), min_size=1, max_size=6))
    offsets = [draw(st.integers(0, max(0, lengths[clip] - length))) for clip in clips]
    return lengths, clips, offsets, length


@settings(max_examples=120, deadline=None)
@given(batches(), st.sampled_from(["int16", "float32"]), st.booleans(), st.integers(0, 3), st.integers(0, 2**32 - 1))
def test_crops_by_given_means_and_deviations_equal_numpy(
    batch: tuple[list[int], list[int], list[int], int], dtype: str, each: bool, threads: int, seed: int
) -> None:
    lengths, clips, offsets, length = batch
    rng = np.random.default_rng(seed)
    wave = rng.integers(-32768, 32768, sum(lengths), dtype=np.int16)
    bank = wave if dtype == "int16" else wave.astype(np.float32)
    # The deviations are powers of two: not even the last bit may differ.
    mean = rng.choice([0.0, 0.25, -3.0], len(clips)) if each else 0.25
    std = rng.choice([0.125, 1.0, 64.0], len(clips)) if each else 0.125
    got = asd_native.gather_segments(
        bank, np.cumsum([0, *lengths]), np.array(clips), np.array(offsets), segment_samples=length, mean=mean, std=std,
        threads=threads,
    )  # fmt: skip
    crops = reference(bank, lengths, clips, offsets, length)
    assert got.dtype == np.float32
    expected = (crops - np.reshape(mean, (-1, 1))) / np.reshape(std, (-1, 1))
    np.testing.assert_array_equal(got, expected.astype(np.float32))


@settings(max_examples=120, deadline=None)
@given(batches(), st.sampled_from(["int16", "float32"]), st.integers(0, 3), st.integers(0, 2**32 - 1))
def test_crops_by_their_own_moments_equal_numpy(
    batch: tuple[list[int], list[int], list[int], int], dtype: str, threads: int, seed: int
) -> None:
    lengths, clips, offsets, length = batch
    wave = np.random.default_rng(seed).integers(-32768, 32768, sum(lengths), dtype=np.int16)
    bank = wave if dtype == "int16" else wave.astype(np.float32)
    got = asd_native.gather_segments(
        bank, np.cumsum([0, *lengths]), np.array(clips), np.array(offsets), segment_samples=length, per_segment=True,
        threads=threads,
    )  # fmt: skip
    crops = reference(bank, lengths, clips, offsets, length)
    constant = crops.min(axis=1, keepdims=True) == crops.max(axis=1, keepdims=True)
    centred = np.where(constant, 0.0, crops - crops.mean(axis=1, keepdims=True))
    expected = centred / np.where(constant, 1.0, crops.std(axis=1, keepdims=True))
    np.testing.assert_allclose(got, expected, rtol=FLOAT32_RELATIVE, atol=1e-7)


@pytest.mark.parametrize(
    "options", [{}, {"mean": 0.01, "std": 0.3}, {"per_segment": True}], ids=["as it is", "given", "own"]
)
@pytest.mark.parametrize("length", [100, 80000])
def test_a_crop_has_the_bits_of_the_segment_that_is_cut_there(options: dict[str, Any], length: int) -> None:
    # Also large enough for stores past the caches, which small outputs do not take.
    bank = np.random.default_rng(5).integers(-3000, 3000, 500000, dtype=np.int16)
    edges, clips, offsets = np.array([0, 200000, 200050, 500000]), np.arange(20) % 3, np.arange(20) * 997
    offsets[clips == 1] = 0
    got = gather(bank, edges, clips, offsets, segment_samples=length, threads=2, **options)
    for crop, clip, offset in zip(got, clips, offsets, strict=True):
        begin = edges[clip] + offset
        wave = bank[begin : min(begin + length, edges[clip + 1])]
        (expected,) = asd_native.cut_segments(wave, segment_samples=length, hop_samples=length, **options)
        np.testing.assert_array_equal(crop, expected)


def test_numbers_are_the_same_as_arrays_that_repeat_them() -> None:
    expected = gather(mean=0.01, std=0.3)
    np.testing.assert_array_equal(gather(mean=np.full(5, 0.01), std=np.full(5, 0.3)), expected)
    np.testing.assert_array_equal(gather(mean=np.array(0.01), std=np.float64(0.3)), expected)


def test_neither_layout_nor_threads_change_a_bit() -> None:
    expected = gather(per_segment=True)
    frozen = BANK.copy()
    frozen.flags.writeable = False
    for bank in (frozen, np.repeat(BANK, 2)[::2], np.ascontiguousarray(BANK[::-1])[::-1]):
        for threads in (0, 1, 2, 5):
            got = gather(bank, EDGES, np.repeat(CLIPS, 2)[::2], OFFSETS, per_segment=True, threads=threads)
            np.testing.assert_array_equal(got, expected)


def test_the_result_is_written_to_out() -> None:
    out = np.full((5, 100), np.nan, np.float32)
    assert gather(out=out) is out
    np.testing.assert_array_equal(out, gather())


def test_no_crops_and_no_clips_give_no_rows() -> None:
    none = np.empty(0, np.int64)
    assert gather(clips=none, offsets=none).shape == (0, 100)
    assert gather(BANK[:0], np.zeros(1, np.int64), none, none).shape == (0, 100)


def test_samples_that_no_crop_reads_are_not_looked_at() -> None:
    bank = BANK.astype(np.float32)
    bank[200] = np.nan
    assert np.isfinite(gather(bank)).all()


def changed(array: NDArray[Any], at: int, value: float) -> NDArray[Any]:
    copy = array.copy()
    copy[at] = value
    return copy


REFUSALS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"bank": BANK.astype(np.float64)}, TypeError, "bank must be int16 or float32; got float64"),
    ({"bank": BANK.reshape(1, -1)}, ValueError, r"bank must be \(T,\), the clips one after the other"),
    ({"bank": changed(BANK.astype(np.float32), 15, np.nan)}, ValueError, "bank must be finite; sample 15 of clip 0"),
    ({"edges": EDGES.astype(np.int32)}, TypeError, r"edges must be int64; got int32: pass np.asarray\(..., np.int64\)"),
    ({"edges": EDGES[:0]}, ValueError, r"edges must be \(C \+ 1,\)"),
    ({"edges": changed(EDGES, 4, 1192)}, ValueError, "edges must rise .* = 1191; those of clip 3 are 791 and 1192"),
    ({"edges": changed(EDGES, 0, -1)}, ValueError, "edges must rise .*; those of clip 0 are -1 and 700"),
    ({"edges": changed(EDGES, 1, 0)}, ValueError, "edges must rise .*; those of clip 0 are 0 and 0: leave"),
    ({"edges": changed(EDGES, 3, 789)}, ValueError, "edges must rise .*; those of clip 2 are 790 and 789"),
    ({"clips": CLIPS.astype(np.float32)}, TypeError, "clips must be int64"),
    ({"clips": CLIPS[:, None]}, ValueError, "clips must be one-dimensional"),
    ({"clips": changed(CLIPS, 2, 4)}, ValueError, "clips must be between 0 and 3, the last .*; got 4 at 2"),
    ({"clips": changed(CLIPS, 2, -1)}, ValueError, "clips must be between 0 and 3, .*; got -1 at 2"),
    ({"offsets": OFFSETS[:4]}, ValueError, r"offsets must be \(B,\) like clips; got shape \(4,\)"),
    ({"offsets": OFFSETS.tolist()}, TypeError, "offsets must be a numpy array"),
    ({"offsets": changed(OFFSETS, 4, 601)}, ValueError, "offsets must be between 0 and .* = 600; got 601 at 4"),
    ({"offsets": changed(OFFSETS, 2, 1)}, ValueError, "offsets must be between 0 and .* = 0; got 1 at 2"),
    ({"offsets": changed(OFFSETS, 0, -1)}, ValueError, "offsets must be between 0 and .* = 600; got -1 at 0"),
    ({"offsets": changed(OFFSETS, 0, 2**63 - 1)}, ValueError, "offsets must be between 0 and .* = 600; got 9223"),
    ({"segment_samples": 0}, ValueError, "segment_samples must be >= 1"),
    ({"segment_samples": 2**62}, ValueError, "segment_samples gives .* more than memory can hold"),
    ({"mean": np.zeros(5)}, ValueError, "mean and std must both be numbers or both be arrays"),
    ({"mean": np.zeros(4), "std": np.ones(5)}, ValueError, r"mean must be \(B,\) like clips; got shape \(4,\)"),
    ({"mean": np.zeros(5), "std": np.ones(1)}, ValueError, r"std must be \(B,\) like clips; got shape \(1,\)"),
    ({"mean": np.zeros(5), "std": np.ones(5, int)}, TypeError, "std must be float64 or float32"),
    ({"mean": np.full(5, np.inf), "std": np.ones(5)}, ValueError, "means must be finite; got inf at 0"),
    *(({"mean": np.zeros(5), "std": changed(np.ones(5), 3, v)}, ValueError, "stds must be finite and > 0; got .* at 3")
      for v in (0.0, -1.0, np.nan, np.inf, 5e-324)),
    ({"mean": np.zeros(5), "std": np.ones(5), "per_segment": True}, ValueError, "mean.* must be"),
    ({"std": 0.0}, ValueError, "std must be finite and > 0"),
    ({"mean": "a"}, TypeError, "mean must be a float; got str"),
    ({"per_segment": 1}, TypeError, "per_segment must be a bool"),
    ({"threads": -1}, ValueError, "threads must be"),
    ({"out": np.empty((5, 99), np.float32)}, ValueError, r"out must have shape \(5, 100\)"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "error", "message"), REFUSALS, ids=[message[:40] for _, _, message in REFUSALS])
def test_what_is_wrong_is_refused_by_name(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        gather(**options)


def test_an_output_that_shares_memory_with_an_input_is_refused() -> None:
    buffer = np.zeros(2000, np.float32)
    bank, out = buffer[:1191], buffer[1190:1690].reshape(5, 100)
    calls: list[Callable[[], Any]] = [
        lambda: gather(bank, out=out),
        lambda: gather(edges=buffer[:10].view(np.int64), out=buffer[:500].reshape(5, 100)),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="out must not share memory"):
            call()
