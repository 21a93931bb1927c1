"""Pseudo-target data: source segments mixed with crops of target clips (Fujimura 2023, Sec. 3.1).

Ten clips of the target domain are too few to fit an inlier model. Mixed into those of the source domain, they widen the
model towards the target, so that the domain shift causes fewer false alarms. The paper leaves the mixing open; here it
is lambda * source + (1 - lambda) * crop, with lambda ~ Beta(0.2, 0.2) for each segment.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def pseudo_target_segments(
    source: NDArray[np.float32],
    target_clips: Sequence[ArrayLike],
    *,
    alpha: float = 0.2,
    seed: int | np.random.Generator,
) -> NDArray[np.float32]:
    """Mix each source segment with a random crop of a random target clip.

    Args:
        source: (N, L) floating point, segments of L samples.
        target_clips: floating-point waveforms (T,) of any lengths, standardised as `source` is; a clip shorter than L
            is repeated.
        alpha: both parameters of the Beta distribution, above 0.
        seed: the same seed gives the same segments.

    Returns:
        (N, L) float32; source is not changed.

    Raises:
        ValueError: if source is not (N, L) with L at least 1, if there is no target clip, if one is not a non-empty
            (T,), if one of them or a source segment holds NaN or infinity, or if alpha is not above 0.
        TypeError: if source or a target clip holds integers: they would be mixed unscaled.
    """
    source = _floating("source", source)
    if source.ndim != 2 or source.shape[1] == 0:
        raise ValueError(f"source must be (N, L); got shape {source.shape}. For one segment pass segment[None].")
    if not (alpha > 0 and np.isfinite(alpha)):
        raise ValueError(f"alpha must be above 0 and finite; got {alpha}.")
    if len(target_clips) == 0:
        raise ValueError("target_clips must hold at least one waveform; got none.")
    length = source.shape[1]
    clips = [_long_enough(number, clip, length) for number, clip in enumerate(target_clips)]
    generator = np.random.default_rng(seed)
    weights = generator.beta(alpha, alpha, size=len(source)).astype(np.float32)
    chosen = generator.integers(len(clips), size=len(source))
    starts = generator.integers(np.array([len(clip) for clip in clips])[chosen] - length + 1)
    mixed = np.empty_like(source)
    for row, (weight, clip, start) in enumerate(zip(weights, chosen, starts, strict=True)):
        mixed[row] = weight * source[row] + (1 - weight) * clips[clip][start : start + length]
        if not np.isfinite(
            mixed[row]
        ).all():  # the clips are finite; row by row, because a mask of all rows would be large
            raise ValueError(f"source[{row}] holds NaN or infinity. Leave the clip out, or repair its samples.")
    return mixed


def _long_enough(number: int, clip: ArrayLike, length: int) -> NDArray[np.float32]:
    wave = _floating(f"target_clips[{number}]", clip)
    if wave.ndim != 1 or wave.size == 0:
        raise ValueError(f"target_clips[{number}] must be a non-empty (T,); got shape {wave.shape}.")
    if not np.isfinite(wave).all():
        raise ValueError(f"target_clips[{number}] holds NaN or infinity. Leave it out, or repair its samples.")
    return np.resize(wave, length) if wave.size < length else wave


def _floating(name: str, array: ArrayLike) -> NDArray[np.float32]:
    found = np.asarray(array)
    if not np.issubdtype(found.dtype, np.floating):
        raise TypeError(
            f"{name} must be floating point, standardised as all segments are; got {found.dtype}. "
            "Scale int16 samples by 1/32768 and standardise them first."
        )
    return found.astype(np.float32, copy=False)
