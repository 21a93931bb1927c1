"""Frame stacks equal the plain loop of the official baseline; residual covariances equal NumPy's."""

import numpy as np

from asd_recipes.baseline.autoencoder import _ResidualSums
from asd_recipes.baseline.frame_stacks import FrameStacks, clip_frames, stacked


def _plain(frames: np.ndarray, width: int) -> np.ndarray:
    return np.array([np.concatenate(frames[k : k + width]) for k in range(len(frames) - width + 1)])


def test_a_vector_is_a_frame_and_those_that_follow_it() -> None:
    frames = np.random.default_rng(0).standard_normal((12, 4)).astype(np.float32)
    np.testing.assert_array_equal(stacked(frames, 5), _plain(frames, 5))


def test_no_vector_reaches_over_the_end_of_a_clip() -> None:
    rng = np.random.default_rng(1)
    clips = [rng.standard_normal((n, 3)).astype(np.float32) for n in (7, 5, 9)]
    stacks = FrameStacks(clips, 5)
    expected = np.concatenate([_plain(clip, 5) for clip in clips])
    assert len(stacks) == len(expected)
    np.testing.assert_array_equal(stacks.rows(np.arange(len(stacks))), expected)


def test_a_ten_second_clip_has_313_frames_of_128_bands() -> None:
    assert clip_frames(np.zeros(160_000, np.int16)).shape == (313, 128)


def test_the_precision_is_the_inverse_of_numpys_covariance() -> None:
    rows = np.random.default_rng(2).standard_normal((900, 128)) @ np.diag(np.linspace(0.5, 2, 128)) + 3
    sums = _ResidualSums()
    for part in np.split(rows, 9):
        sums.add(part)
    np.testing.assert_allclose(sums.precision() @ np.cov(rows, rowvar=False), np.eye(128), atol=1e-3)
