"""The samples of an opened recording, block by block; an error if there are fewer than its header declares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from asd_features.audio_errors import TruncatedAudioError
from asd_features.audio_file import AudioInfo

if TYPE_CHECKING:
    from soundfile import SoundFile


def frame_blocks(info: AudioInfo, sound: SoundFile, *, block_frames: int) -> Iterator[NDArray[Any]]:
    """Yields (at most block_frames, C) int16 from a 16-bit file, float32 from any other, until all frames are read.

    Raises:
        TruncatedAudioError: decoding stops before the declared length; raised after the last block.
    """
    import soundfile

    dtype = "int16" if info.subtype == "PCM_16" else "float32"
    decoded = 0
    try:
        while decoded < info.frames:
            block = sound.read(min(block_frames, info.frames - decoded), dtype=dtype, always_2d=True)
            if len(block) == 0:
                break
            decoded += len(block)
            yield block
    except soundfile.LibsndfileError:
        pass  # the decoder fails at the cut; the check below counts what it had delivered
    if decoded < info.frames:
        raise TruncatedAudioError(
            info.path, f"declares {info.frames} frames, but decoding stopped after {decoded}: cut off or damaged. "
            "Copy or download it again."
        )  # fmt: skip
