"""A recording of any length, block by block: the samples of `read_waveform`, in bounded memory.

The samples do not depend on the blocks, to the last bit: the mean of channels is taken frame by frame, and soxr gives
the same samples as a stream and at once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from asd_features.audio_errors import ChannelError, EmptyAudioError, NonFiniteAudioError, SampleRateError
from asd_features.audio_file import AudioInfo, open_audio
from asd_features.frame_blocks import frame_blocks
from asd_features.sample_rate import checked_sample_rate_hz, whole_number

if TYPE_CHECKING:
    from soundfile import SoundFile

INT16_SCALE = 32768.0
Channel = int | Literal["only", "mean"]
Samples = NDArray[np.int16] | NDArray[np.float32]
# For all channels together. A clip of DCASE is one block. A compressed stream that declares more than it holds takes
# only as much memory as has been decoded.
_BLOCK_SAMPLES = 1 << 20
# A header that says 1 Hz would turn a small file into gigabytes. All rates from 250 Hz up can be brought to 16 kHz.
_MOST_GROWTH = 64


def waveform_blocks(
    path: str | os.PathLike[str],
    *,
    sample_rate_hz: int = 16000,
    channel: Channel = "only",
    resample: bool = False,
) -> Iterator[Samples]:
    """Read a wav or flac file of any length as one channel at the wanted rate, in blocks.

    Args:
        path, sample_rate_hz, channel, resample: as for `read_waveform`.

    Yields:
        (T,) int16 or float32, T at least 1, all of one type. Together they are the samples of `read_waveform`.

    Raises:
        As `read_waveform`; for a wrong argument at once. A file that is cut off or holds NaN is known as such only when
        it has been read: the error then comes after blocks, which must not be used.
    """
    sample_rate_hz, channel = checked_request(sample_rate_hz, channel)

    def blocks() -> Iterator[Samples]:
        with open_audio(path) as (info, sound):
            yield from opened_blocks(info, sound, sample_rate_hz, channel, resample=resample)

    return blocks()


def checked_request(sample_rate_hz: int, channel: Channel) -> tuple[int, Channel]:
    """Rate and channel, checked.

    Raises:
        TypeError, ValueError: see `read_waveform`.
    """
    rate_hz = checked_sample_rate_hz(sample_rate_hz)
    if isinstance(channel, str):
        if channel not in ("only", "mean"):
            raise ValueError(f'channel must be "only", "mean" or a number from 0; got {channel!r}.')
        return rate_hz, channel
    return rate_hz, whole_number("channel", channel, kind='a channel from 0, or "only" or "mean"')


def opened_blocks(
    info: AudioInfo, sound: SoundFile, sample_rate_hz: int, channel: Channel, *, resample: bool
) -> Iterator[Samples]:
    """The blocks of an opened file."""
    _check_choice(info, sample_rate_hz, channel, resample)
    frames = frame_blocks(info, sound, block_frames=max(1, _BLOCK_SAMPLES // info.channels))
    blocks = _finite(info, (_one_channel(block, channel) for block in frames))
    return blocks if info.sample_rate_hz == sample_rate_hz else _resampled(info, blocks, sample_rate_hz)


def as_float32(samples: NDArray[Any]) -> NDArray[np.float32]:
    """int16 scaled to [-1, 1); float32 as it is."""
    if samples.dtype == np.int16:
        return samples.astype(np.float32) / np.float32(INT16_SCALE)
    return samples.astype(np.float32, copy=False)


def _check_choice(info: AudioInfo, sample_rate_hz: int, channel: Channel, resample: bool) -> None:
    if info.sample_rate_hz != sample_rate_hz and not resample:
        raise SampleRateError(
            info.path, f"has {info.sample_rate_hz} Hz, but {sample_rate_hz} Hz are wanted.",
            f"Pass resample=True to convert it, or sample_rate_hz={info.sample_rate_hz} to keep its rate.",
        )  # fmt: skip
    if sample_rate_hz > _MOST_GROWTH * info.sample_rate_hz:
        raise SampleRateError(
            info.path, f"has {info.sample_rate_hz} Hz, too little to be converted to {sample_rate_hz} Hz: it would "
            f"grow more than {_MOST_GROWTH}-fold without more sound. Check its header."
        )  # fmt: skip
    if channel == "only" and info.channels > 1:
        raise ChannelError(
            info.path, f'has {info.channels} channels, but channel="only" takes files with one.',
            'Pass channel=0 for the first, or channel="mean" for their average.',
        )  # fmt: skip
    if not isinstance(channel, str) and not 0 <= channel < info.channels:
        raise ChannelError(
            info.path, f"has no channel {channel}: channels count from 0 to {info.channels - 1}. "
            "Pass one of these."
        )  # fmt: skip


def _one_channel(frames: NDArray[Any], channel: Channel) -> Samples:
    if channel == "mean" and frames.shape[1] > 1:
        scale = INT16_SCALE if frames.dtype == np.int16 else 1.0
        with np.errstate(invalid="ignore", over="ignore"):  # NaN and infinity are reported by name afterwards
            mean: NDArray[np.float64] = frames.mean(axis=1, dtype=np.float64) / scale
            return mean.astype(np.float32)
    one: Samples = np.ascontiguousarray(frames[:, 0 if isinstance(channel, str) else channel])
    return one


def _finite(info: AudioInfo, blocks: Iterator[Samples]) -> Iterator[Samples]:
    """The blocks, up to the first with NaN or infinity; then an error that counts all such samples."""
    seen, bad, first = 0, 0, 0
    for block in blocks:
        if block.dtype == np.float32:
            finite = np.isfinite(block)
            if not finite.all():
                first = first if bad else seen + int(np.argmin(finite))
                bad += int(block.size - np.count_nonzero(finite))
        seen += block.size
        if not bad:
            yield block
    if bad:
        raise NonFiniteAudioError(
            info.path, f"{bad} of {seen} samples are NaN or infinite, the first at sample {first}. Record or export "
            "the clip again."
        )  # fmt: skip


def _resampled(info: AudioInfo, blocks: Iterator[Samples], sample_rate_hz: int) -> Iterator[Samples]:
    import soxr

    stream = soxr.ResampleStream(info.sample_rate_hz, sample_rate_hz, 1, dtype="float32", quality="HQ")
    taken, given = 0, 0
    for block in blocks:
        taken += block.size
        resampled: NDArray[np.float32] = stream.resample_chunk(as_float32(block))
        given += resampled.size
        if resampled.size:
            yield resampled
    rest: NDArray[np.float32] = stream.resample_chunk(np.empty(0, np.float32), last=True)
    if given + rest.size == 0:
        raise EmptyAudioError(
            info.path, f"{taken} samples at {info.sample_rate_hz} Hz are less than one at {sample_rate_hz} Hz. "
            "Record a longer clip."
        )  # fmt: skip
    if rest.size:
        yield rest
