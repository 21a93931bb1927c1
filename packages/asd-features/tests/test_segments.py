"""Segments cover a clip and hold its standardised samples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asd_features import SegmentSettings, segments

SMALL = SegmentSettings(sample_rate_hz=100, length_s=0.2, overlap=0.75)


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(-32768, 32768, shape).astype(np.int16)


@pytest.mark.parametrize(("seconds", "count"), [(10, 5), (11, 6), (12, 7), (5, 1), (3, 1), (6.25, 2)])
def test_the_paper_s_segments_are_5_s_with_one_more_for_a_tail(seconds: float, count: int) -> None:
    paper = SegmentSettings()
    assert (paper.length_samples, paper.hop_samples) == (80000, 20000)
    samples = int(seconds * 16000)
    assert paper.count(samples) == count
    assert segments(noise(samples)).shape == (count, 80000)


@settings(max_examples=40, deadline=None)
@given(samples=st.integers(1, 200), overlap=st.sampled_from([0.0, 0.5, 0.75]))
def test_every_sample_is_in_a_segment_and_count_and_starts_are_known_beforehand(samples: int, overlap: float) -> None:
    cut = SegmentSettings(sample_rate_hz=100, length_s=0.2, overlap=overlap)
    wave = np.arange(samples, dtype=np.float32)
    result = segments(wave, cut)
    assert result.shape == (cut.count(samples), 20)
    np.testing.assert_array_equal(result[:, 0], cut.starts(samples))
    assert result.dtype == np.float32
    assert set(result.ravel()) == set(wave)
    step = np.diff(result, axis=1)
    assert np.isin(step, [1, 1 - samples]).all()  # in order, and repeated from the start where the clip is short


def test_a_clip_of_n_is_cut_as_by_itself() -> None:
    waves = noise(3, 90)
    batch = segments(waves, SMALL, mean=0.1, std=0.5)
    for wave, row in zip(waves, batch, strict=True):
        np.testing.assert_array_equal(row, segments(wave, SMALL, mean=0.1, std=0.5))


def test_int16_is_scaled_then_standardised() -> None:
    wave = noise(20)
    expected = (wave / 32768 - 0.25) / 0.5
    np.testing.assert_allclose(segments(wave, SMALL, mean=0.25, std=0.5)[0], expected, rtol=1e-6, atol=1e-6)


def test_each_segment_can_have_its_own_standardisation() -> None:
    result = segments(noise(90), SMALL, per_segment=True)
    np.testing.assert_allclose(result.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(result.std(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(segments(np.full(90, 7, np.int16), SMALL, per_segment=True), 0)


def test_the_result_can_be_written_where_the_caller_says() -> None:
    out = np.empty((SMALL.count(90), 20), np.float32)
    result = segments(noise(90), SMALL, out=out)
    assert np.shares_memory(result, out)
    np.testing.assert_array_equal(out, segments(noise(90), SMALL))


@pytest.mark.parametrize("std", [0.0, -1.0, float("nan"), float("inf")])
def test_a_spread_that_is_not_positive_is_refused_and_the_error_names_the_way_out(std: float) -> None:
    with pytest.raises(ValueError, match=r"std must be positive.*per_segment=True"):
        segments(noise(90), SMALL, std=std)


@pytest.mark.parametrize(
    ("name", "value"), [("sample_rate_hz", 0), ("length_s", 0.0), ("length_s", float("inf")), ("overlap", 1.0),
                        ("overlap", -0.1), ("overlap", 0.999999)]
)  # fmt: skip
def test_a_setting_outside_its_range_is_named(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        SegmentSettings(**{name: value})  # type: ignore[arg-type]
