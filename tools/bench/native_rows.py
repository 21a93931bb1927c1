"""Segments and high-passed power: asd-native beside NumPy, torch and SciPy."""

from collections.abc import Iterator

import numpy as np
import scipy.signal
import torch
from measure import Row, median_s

import asd_native
from asd_features import high_pass_sos

CLIPS, SAMPLES, LENGTH, HOP = 200, 160_000, 80_000, 20_000
GRID = {"segment_samples": LENGTH, "hop_samples": HOP}


def _clips() -> np.ndarray:
    return np.random.default_rng(0).integers(-8000, 8000, (CLIPS, SAMPLES)).astype(np.int16)


def rows(threads: int) -> Iterator[Row]:
    """Both steps with so many threads of ours."""
    clips = _clips()
    out = np.empty((CLIPS, 5, LENGTH), np.float32)
    numpy_out = np.empty_like(out)
    mean, std = 0.001, 0.14

    def ours() -> None:
        asd_native.cut_segments(clips, **GRID, mean=mean, std=std, threads=threads, out=out)

    def numpy_given() -> None:
        scaled = clips.astype(np.float32)
        scaled *= np.float32(1 / 32768 / std)
        scaled -= np.float32(mean / std)
        for place in range(5):
            numpy_out[:, place] = scaled[:, place * HOP : place * HOP + LENGTH]

    def torch_unfold() -> torch.Tensor:
        return (torch.from_numpy(clips).float().div_(32768).unfold(1, LENGTH, HOP) - mean) / std

    step = f"segments, 200 clips to 5 x 80,000, {threads} threads"
    ours_s = median_s(ours)
    theirs_s = median_s(numpy_given)
    error = f"max |difference| {np.abs(out - numpy_out).max():.1e}"
    yield Row(step, "NumPy", ours_s, theirs_s, error)
    error = f"max |difference| {np.abs(out - torch_unfold().numpy()).max():.1e}"
    yield Row(step, "torch unfold", ours_s, median_s(torch_unfold), error)
    plain = np.zeros_like(out)
    yield Row(step, "plain copy of the result", ours_s, median_s(lambda: np.copyto(plain, out)), "-")
    yield _power_row(clips[0].astype(np.float32) / 32768, threads)


def _power_row(clip: np.ndarray, threads: int) -> Row:
    sos = high_pass_sos(16_000)
    ours = asd_native.high_passed_power(clip, sos, **GRID)
    filtered = scipy.signal.sosfiltfilt(sos, clip.astype(np.float64))
    theirs = [np.mean(np.square(filtered[start : start + LENGTH])) for start in range(0, 80_001, HOP)]
    error = f"max relative {np.abs(ours[:, 0] / theirs - 1).max():.1e}"
    return Row(
        f"high-passed power, one 10 s clip, {threads} threads",
        "SciPy sosfiltfilt",
        median_s(lambda: asd_native.high_passed_power(clip, sos, **GRID, threads=threads), runs=21),
        median_s(lambda: scipy.signal.sosfiltfilt(sos, clip.astype(np.float64)), runs=21),
        error,
    )
