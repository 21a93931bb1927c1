"""Measures of recordings equal those of the whole array, for any cut into blocks."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import asd_features.recording_measures
from asd_features import TruncatedAudioError, measure_recording


def write(path: Path, samples: np.ndarray, rate: int = 16000, **kind: str) -> Path:
    soundfile.write(path, samples, rate, **kind)
    return path


def longest_hold(frames: np.ndarray) -> int:
    """By definition: the longest run of equal rows."""
    return max(len(list(run)) for _, run in groupby(map(tuple, frames.tolist())))


def flat_tops(channel: list[float]) -> int:
    """By definition: samples that are an extreme, like the two before them."""
    return sum(
        channel[place] == channel[place - 1] == channel[place - 2] == extreme
        for extreme in (min(channel), max(channel))
        for place in range(2, len(channel))
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    levels=st.integers(2, 5),
    frames=st.integers(1, 60),
    channels=st.integers(1, 3),
    block=st.integers(1, 70),
    seed=st.integers(0, 10_000),
)
def test_measures_equal_those_of_the_whole_array_for_any_block_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, levels: int, frames: int, channels: int, block: int, seed: int
) -> None:
    # Few different values, so that runs and extremes are many.
    samples = np.random.default_rng(seed).integers(-levels, levels, (frames, channels)).astype(np.int16) * 6000
    monkeypatch.setattr(asd_features.recording_measures, "_BLOCK_SAMPLES", block)
    measures = measure_recording(write(tmp_path / "a.wav", samples))
    exact = samples / 32768
    assert measures.minimum == tuple(exact.min(axis=0))
    assert measures.maximum == tuple(exact.max(axis=0))
    assert measures.longest_hold_samples == longest_hold(samples)
    with np.errstate(divide="ignore"):
        assert measures.level_db == pytest.approx(20 * np.log10(exact.std(axis=0)))
    for channel in range(channels):
        if exact[:, channel].min() < exact[:, channel].max():
            values = exact[:, channel].tolist()
            assert measures.at_extremes[channel] == values.count(min(values)) + values.count(max(values))
            assert measures.flat_tops[channel] == flat_tops(values)


def test_a_sine_at_full_scale_has_minus_3_db(tmp_path: Path) -> None:
    sine = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    measures = measure_recording(write(tmp_path / "a.wav", sine, subtype="FLOAT"))
    assert measures.level_db[0] == pytest.approx(-3.0103, abs=1e-3)


def test_a_constant_has_no_level_however_large_it_is(tmp_path: Path) -> None:
    measures = measure_recording(write(tmp_path / "a.wav", np.full(16000, 0.1, np.float32), subtype="FLOAT"))
    assert measures.level_db == (-np.inf,)


def test_equal_samples_have_equal_digests_in_wav_and_flac_and_other_ones_do_not(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).integers(-3000, 3000, 5000).astype(np.int16)
    digests = [
        measure_recording(write(tmp_path / "a.wav", samples)).digest,
        measure_recording(write(tmp_path / "a.flac", samples)).digest,
        measure_recording(write(tmp_path / "b.wav", samples[:-1])).digest,
        measure_recording(write(tmp_path / "c.wav", samples.reshape(-1, 2))).digest,
    ]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


def test_nan_and_infinity_are_counted(tmp_path: Path) -> None:
    samples = np.zeros(1000, np.float32)
    samples[[10, 20]], samples[30] = np.nan, -np.inf
    assert measure_recording(write(tmp_path / "a.wav", samples, subtype="FLOAT")).nonfinite == 3


def test_a_file_cut_inside_is_truncated(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", np.random.default_rng(0).integers(-3000, 3000, 50000).astype(np.int16))
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(TruncatedAudioError):
        measure_recording(path)
