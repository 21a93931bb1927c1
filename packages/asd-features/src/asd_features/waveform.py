"""One recording as one channel of samples at one rate, and a note of all that was done to it.

A 16-bit file of the right rate stays int16: that is 8 times faster to read than libsndfile's way to float, half the
memory, and the native kernels scale it by 1/32768 as they go. Nothing is converted unless the caller asks for it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from asd_features.audio_errors import (
    ChannelError,
    EmptyAudioError,
    NonFiniteAudioError,
    SampleRateError,
)
from asd_features.audio_file import AudioInfo, open_audio
from asd_features.frame_blocks import frame_blocks
from asd_features.sample_rate import checked_sample_rate_hz, whole_number

if TYPE_CHECKING:
    from soundfile import SoundFile

INT16_SCALE = 32768.0
# Frames decoded at a time where the header's length cannot be checked against the file's size.
_BLOCK_FRAMES = 1 << 20
# A header of 1 Hz would turn a small file into gigabytes. From 250 Hz up, all rates can be brought to 16 kHz.
_MOST_GROWTH = 64
# Subtypes that float32 cannot hold exactly; all others are read without loss.
_ROUNDED = ("PCM_32", "DOUBLE")
_STORED_AS_IS = ("PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")


@dataclass(frozen=True, eq=False)
class Waveform:
    """Samples of one channel.

    Attributes:
        samples: (T,) int16, or float32 with full scale at 1.
        sample_rate_hz: their rate.
        conversions: what was done to the file's samples, in order, such as "channel 0 of 2" or
            "44100 -> 16000 Hz (soxr HQ)"; empty if they are the file's own.
    """

    samples: NDArray[np.int16] | NDArray[np.float32]
    sample_rate_hz: int
    conversions: tuple[str, ...] = ()


def read_waveform(
    path: str | os.PathLike[str],
    *,
    sample_rate_hz: int = 16000,
    channel: int | Literal["only", "mean"] = "only",
    resample: bool = False,
) -> Waveform:
    """Read a wav or flac file as one channel at the wanted rate.

    Args:
        path: the file; opened and read once.
        sample_rate_hz: the wanted rate.
        channel: "only" refuses a file of several channels; a number (from 0) takes that one; "mean" averages them and
            gives float32.
        resample: whether a file of another rate may be converted (soxr, quality HQ; gives float32, in [-1, 1) for
            16-bit input apart from ripple at full scale).

    Returns:
        The waveform: int16 from a 16-bit file of the right rate, else float32.

    Raises:
        FileNotFoundError: there is no such file.
        UnreadableAudioError: not a whole wav or flac header.
        TruncatedAudioError: the file ends before its declared length.
        EmptyAudioError: no samples.
        NonFiniteAudioError: NaN or infinity in a floating-point file.
        SampleRateError: another rate, and resample is False.
        ChannelError: several channels with channel="only", or no such channel.
        ValueError: an argument outside its range.
        TypeError: a rate or channel that is no whole number.
    """
    wanted_rate_hz = checked_sample_rate_hz(sample_rate_hz)
    if isinstance(channel, str) and channel not in ("only", "mean"):
        raise ValueError(f'channel must be "only", "mean" or a number from 0; got {channel!r}.')
    if not isinstance(channel, str):
        channel = whole_number("channel", channel, of='a channel from 0, or "only" or "mean"')
    with open_audio(path) as (info, sound):
        _check_choice(info, wanted_rate_hz, channel, resample)
        frames = _read_frames(info, sound)
    conversions = [f"{info.subtype} -> float32"] if info.subtype in _ROUNDED else []
    samples = _one_channel(frames, channel, conversions)
    if samples.dtype == np.float32:
        _check_finite(info, samples)
    if info.sample_rate_hz != wanted_rate_hz:
        samples = _resampled(info, samples, wanted_rate_hz)
        conversions.append(f"{info.sample_rate_hz} -> {wanted_rate_hz} Hz (soxr HQ)")
    return Waveform(samples, wanted_rate_hz, tuple(conversions))


def as_float32(samples: NDArray[Any]) -> NDArray[np.float32]:
    """int16 scaled to [-1, 1); float32 as it is."""
    if samples.dtype == np.int16:
        return samples.astype(np.float32) / np.float32(INT16_SCALE)
    return samples.astype(np.float32, copy=False)


def _check_choice(info: AudioInfo, sample_rate_hz: int, channel: int | str, resample: bool) -> None:
    if info.sample_rate_hz != sample_rate_hz and not resample:
        raise SampleRateError(
            info.path, f"has {info.sample_rate_hz} Hz where {sample_rate_hz} Hz are asked for. Pass resample=True to "
            f"convert it, or sample_rate_hz={info.sample_rate_hz} to keep its rate."
        )  # fmt: skip
    if sample_rate_hz > _MOST_GROWTH * info.sample_rate_hz:
        raise SampleRateError(
            info.path, f"has {info.sample_rate_hz} Hz, too little to be brought to {sample_rate_hz} Hz: it would grow "
            f"more than {_MOST_GROWTH}-fold and hold no more sound. Check its header."
        )  # fmt: skip
    if channel == "only" and info.channels > 1:
        raise ChannelError(
            info.path, f'has {info.channels} channels, and channel="only" takes files of one. Pass channel=0 for the '
            'first, or channel="mean" for their average.'
        )  # fmt: skip
    if not isinstance(channel, str) and not 0 <= channel < info.channels:
        raise ChannelError(
            info.path, f"has no channel {channel}: channels count from 0 to {info.channels - 1}. "
            "Pass one of these."
        )  # fmt: skip


def _read_frames(info: AudioInfo, sound: SoundFile) -> NDArray[Any]:
    """All frames, (T, channels) int16 or float32, and not one fewer than declared."""
    # A wav file's length is known to fit into the file, so one block takes it all. A compressed stream may declare
    # anything: there, memory follows what has been decoded.
    whole = sound.format != "FLAC" and info.subtype in _STORED_AS_IS
    blocks = list(frame_blocks(info, sound, block_frames=info.frames if whole else _BLOCK_FRAMES))
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def _one_channel(frames: NDArray[Any], channel: int | str, conversions: list[str]) -> NDArray[Any]:
    channels = frames.shape[1]
    if channels == 1:
        return np.ascontiguousarray(frames[:, 0])
    if channel == "mean":
        conversions.append(f"mean of {channels} channels")
        scale = INT16_SCALE if frames.dtype == np.int16 else 1.0
        with np.errstate(invalid="ignore", over="ignore"):  # NaN and infinity are reported by name afterwards
            mean: NDArray[np.float64] = frames.mean(axis=1, dtype=np.float64) / scale
            return mean.astype(np.float32)
    conversions.append(f"channel {channel} of {channels}")
    return np.ascontiguousarray(frames[:, int(channel)])


def _check_finite(info: AudioInfo, samples: NDArray[np.float32]) -> None:
    finite = np.isfinite(samples)
    if not finite.all():
        bad = int(samples.size - np.count_nonzero(finite))
        raise NonFiniteAudioError(
            info.path, f"{bad} of {samples.size} samples are NaN or infinite, the first at sample "
            f"{int(np.argmin(finite))}. Record or export the clip again."
        )  # fmt: skip


def _resampled(info: AudioInfo, samples: NDArray[Any], sample_rate_hz: int) -> NDArray[np.float32]:
    import soxr

    result: NDArray[np.float32] = soxr.resample(as_float32(samples), info.sample_rate_hz, sample_rate_hz, quality="HQ")
    if result.size == 0:
        raise EmptyAudioError(
            info.path, f"{samples.size} samples at {info.sample_rate_hz} Hz are less than one at {sample_rate_hz} Hz. "
            "Record a longer clip."
        )  # fmt: skip
    return result
