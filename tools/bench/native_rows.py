"""Segments, high-passed power and weighted means: asd-native beside NumPy, torch and SciPy."""

from collections.abc import Callable, Iterator
from functools import partial

import measure
import numpy as np
import scipy.signal
import torch
from measure import Row, median_s
from numpy.typing import NDArray

import asd_native
from asd_features import high_pass_sos

SAMPLES, LENGTH, HOP, RATE_HZ = 160_000, 80_000, 20_000, 16_000
SEGMENTS = (SAMPLES - LENGTH) // HOP + 1
GRID = {"segment_samples": LENGTH, "hop_samples": HOP}
MEAN, STD = 0.001, 0.14


def rows(threads: int) -> Iterator[Row]:
    """All steps, ours with this many threads."""
    count = 20 if measure.quick else 200
    clips = np.random.default_rng(0).integers(-8000, 8000, (count, SAMPLES)).astype(np.int16)
    out = np.empty((count, SEGMENTS, LENGTH), np.float32)
    theirs = np.empty_like(out)
    given = partial(asd_native.cut_segments, clips, **GRID, mean=MEAN, std=STD, threads=threads, out=out)
    own = partial(asd_native.cut_segments, clips, **GRID, per_segment=True, threads=threads, out=out)
    numpy_given, numpy_own = partial(_numpy_given, clips, theirs), partial(_numpy_own, clips, theirs)
    # The design's goal for segments is for all cores.
    many, of_copy = (4.0, 0.75) if threads > 1 else (None, None)
    cases: list[tuple[str, Callable[[], object], list[tuple[str, Callable[[], NDArray[np.float32]], float | None]]]] = [
        ("", given, [("NumPy", numpy_given, many), ("torch unfold", partial(_torch_given, clips), None)]),
        (", each by itself", own, [("NumPy block sums", numpy_own, many), ("torch", partial(_torch_own, clips), None)]),
    ]
    common = {"audio_s": clips.size / RATE_HZ, "moved_bytes": clips.nbytes + out.nbytes, "threads": threads}
    for name, ours, tools in cases:
        step = f"segments of {count} clips, {SEGMENTS} x {LENGTH} each, standardised{name}, {threads} threads"
        ours_s = median_s(ours)
        for tool, work, reach in tools:
            error = f"max \\|difference\\| {np.abs(out - work()).max():.1e}"
            yield Row(step=step, tool=tool, ours_s=ours_s, theirs_s=median_s(work), error=error, reach=reach, **common)
        copy_s = median_s(partial(np.copyto, theirs, out))
        error = "moves more: the float32 result is read as well"
        row = partial(Row, step=step, tool="plain copy of the result", reach=of_copy, **common)
        yield row(ours_s=ours_s, theirs_s=copy_s, error=error)
    yield _power_row(clips[:8].astype(np.float32) / 32768, threads)
    yield _mean_row(threads)


def _numpy_given(clips: NDArray[np.int16], out: NDArray[np.float32]) -> NDArray[np.float32]:
    scaled = clips.astype(np.float32)
    scaled *= np.float32(1 / 32768 / STD)
    scaled -= np.float32(MEAN / STD)
    for place in range(SEGMENTS):
        out[:, place] = scaled[:, place * HOP : place * HOP + LENGTH]
    return out


def _numpy_own(clips: NDArray[np.int16], out: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sums over blocks as long as a hop; each segment has four."""
    scaled = clips.astype(np.float32)
    scaled *= np.float32(1 / 32768)
    blocks = scaled.reshape(len(clips), -1, HOP)
    sums, squares = blocks.sum(axis=2), np.einsum("ijk,ijk->ij", blocks, blocks)
    of_segment = np.lib.stride_tricks.sliding_window_view(np.stack([sums, squares]), LENGTH // HOP, axis=2).sum(axis=3)
    mean = of_segment[0] / LENGTH
    inverse = 1 / np.sqrt(of_segment[1] / LENGTH - mean**2)
    for place in range(SEGMENTS):
        np.subtract(scaled[:, place * HOP : place * HOP + LENGTH], mean[:, place, None], out=out[:, place])
        out[:, place] *= inverse[:, place, None]
    return out


def _unfolded(clips: NDArray[np.int16]) -> torch.Tensor:
    return torch.from_numpy(clips).float().div_(32768).unfold(1, LENGTH, HOP)


def _torch_given(clips: NDArray[np.int16]) -> NDArray[np.float32]:
    return ((_unfolded(clips) - MEAN) / STD).numpy()


def _torch_own(clips: NDArray[np.int16]) -> NDArray[np.float32]:
    cut = _unfolded(clips)
    return ((cut - cut.mean(dim=2, keepdim=True)) / cut.std(dim=2, keepdim=True, correction=0)).numpy()


def _power_row(clips: NDArray[np.float32], threads: int) -> Row:
    sos = high_pass_sos(RATE_HZ)
    ours = partial(asd_native.high_passed_power, clips, sos, **GRID, threads=threads)

    def theirs() -> NDArray[np.float64]:
        filtered = [scipy.signal.sosfiltfilt(sos, clip.astype(np.float64)) for clip in clips]
        squares = [np.square(each) for each in filtered]
        return np.array([[np.mean(each[i * HOP : i * HOP + LENGTH]) for i in range(SEGMENTS)] for each in squares])

    return Row(
        step=f"high-passed power, {len(clips)} clips of 10 s, order {2 * len(sos)}, {threads} threads",
        tool="SciPy sosfiltfilt, float64",
        ours_s=median_s(ours),
        theirs_s=median_s(theirs),
        error=f"max relative {np.abs(ours()[..., 0] / theirs() - 1).max():.1e}",
        reach=5.0,
        audio_s=clips.size / RATE_HZ,
        flops=2 * 9 * len(sos) * clips.size,  # forwards and backwards; five products and four sums a section
        threads=threads,
    )


def _mean_row(threads: int) -> Row:
    rng = np.random.default_rng(4)
    maps = rng.standard_normal((2000, SEGMENTS, 7, 10)).astype(np.float32)
    weights = rng.random((2000, SEGMENTS, 10))
    ours = partial(asd_native.weighted_map_mean, maps, weights, threads=threads)

    def theirs() -> NDArray[np.float64]:
        weighted = maps.mean(axis=2, dtype=np.float64) * weights
        return weighted.sum(axis=(1, 2)) / weights.sum(axis=(1, 2))

    return Row(
        step=f"weighted means of 2,000 x {SEGMENTS} score maps of 7 x 10, {threads} threads",
        tool="NumPy",
        ours_s=median_s(ours),
        theirs_s=median_s(theirs),
        error=f"max \\|difference\\| {np.abs(ours() - theirs()).max():.1e}",
        moved_bytes=maps.nbytes + weights.nbytes,
        threads=threads,
    )
