"""One recording as one channel of samples at one rate, with a list of the conversions applied to it.

A 16-bit file of the right rate stays int16: that is 8 times faster to read than as float through libsndfile and takes
half the memory, and the native kernels scale it by 1/32768 as they read. Nothing is converted unless the caller asks
for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from asd_features.audio_file import AudioInfo, open_audio
from asd_features.waveform_blocks import Channel, Samples, checked_request, opened_blocks

# Subtypes that float32 cannot hold exactly; all others are read without loss.
_ROUNDED = ("PCM_32", "DOUBLE")


@dataclass(frozen=True, eq=False)
class Waveform:
    """Samples of one channel.

    Attributes:
        samples: (T,) int16, or float32 with full scale at 1.
        sample_rate_hz: their rate.
        conversions: what was done to the file's samples, in order, such as "channel 0 of 2" or
            "44100 -> 16000 Hz (soxr HQ)"; empty if they are the file's own.
    """

    samples: Samples
    sample_rate_hz: int
    conversions: tuple[str, ...] = ()


def read_waveform(
    path: str | os.PathLike[str],
    *,
    sample_rate_hz: int = 16000,
    channel: int | Literal["only", "mean"] = "only",
    resample: bool = False,
) -> Waveform:
    """Read a wav or flac file as one channel at the wanted rate, whole; `waveform_blocks` reads longer ones.

    Args:
        path: the file; opened and read once.
        sample_rate_hz: the wanted rate.
        channel: "only" refuses a file of several channels; a number (from 0) takes that one; "mean" averages them and
            gives float32.
        resample: whether a file of another rate may be converted (soxr, quality HQ; gives float32, in [-1, 1) for
            16-bit input apart from ripple at full scale).

    Returns:
        The waveform: int16 from a 16-bit file of the right rate, otherwise float32.

    Raises:
        FileNotFoundError: there is no such file.
        UnreadableAudioError: not a complete wav or flac header.
        TruncatedAudioError: the file ends before its declared length.
        EmptyAudioError: no samples.
        NonFiniteAudioError: NaN or infinity in a floating-point file.
        SampleRateError: another rate, and resample is False.
        ChannelError: several channels with channel="only", or no such channel.
        ValueError: an argument outside its range.
        TypeError: a rate or channel that is not a whole number.
    """
    wanted_rate_hz, channel = checked_request(sample_rate_hz, channel)
    with open_audio(path) as (info, sound):
        blocks = list(opened_blocks(info, sound, wanted_rate_hz, channel, resample=resample))
    # All blocks are of one type.
    samples: Samples = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)  # type: ignore[assignment]
    return Waveform(samples, wanted_rate_hz, tuple(_conversions(info, wanted_rate_hz, channel)))


def _conversions(info: AudioInfo, sample_rate_hz: int, channel: Channel) -> Iterator[str]:
    if info.subtype in _ROUNDED:
        yield f"{info.subtype} -> float32"
    if info.channels > 1:
        yield f"mean of {info.channels} channels" if channel == "mean" else f"channel {channel} of {info.channels}"
    if info.sample_rate_hz != sample_rate_hz:
        yield f"{info.sample_rate_hz} -> {sample_rate_hz} Hz (soxr HQ)"
