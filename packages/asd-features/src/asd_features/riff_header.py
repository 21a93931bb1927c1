"""Checks that a wav file has as many bytes of samples as it declares.

libsndfile reads a wav file that was cut off (a full disk, a broken download) silently as a shorter one. So the chunks
are followed here: RIFF and RIFX of the WAVE format, and the 64-bit forms RF64 (EBU Tech 3306) and BW64
(ITU-R BS.2088), whose lengths are in a `ds64` chunk. Decoding the samples is left to libsndfile.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from asd_features.audio_errors import EmptyAudioError, TruncatedAudioError, UnreadableAudioError

WAVE_MAGICS = (b"RIFF", b"RIFX", b"RF64", b"BW64")
# 0xFFFFFFFF stands for "see ds64" in RF64; plain RIFF has it if the writer could not seek back.
_UNKNOWN_LENGTH = 0xFFFFFFFF
# Real files have a dozen. Without a limit, following a file of zeros, a chain of empty chunks, would take minutes.
_MOST_CHUNKS = 1000


def check_wave_length(file: BinaryIO, path: Path, *, file_bytes: int) -> None:
    """Find the data chunk of a wav file and compare its declared length with the file's.

    Args:
        file: open for reading; its position is changed.
        path: only for errors.
        file_bytes: size of the file.

    Raises:
        TruncatedAudioError: the file ends before its samples do.
        EmptyAudioError: the data chunk has length 0.
        UnreadableAudioError: a RIFF file of another kind than WAVE, or a chain of chunks without samples.
    """
    file.seek(0)
    head = file.read(12)
    if len(head) < 12:
        raise TruncatedAudioError(path, f"a wav header has 12 bytes, this file ends after {len(head)}. Copy it again.")
    magic, form = head[:4], head[8:12]
    if form != b"WAVE":
        raise UnreadableAudioError(path, f"a RIFF file of kind {form!r}, not WAVE. Convert it to wav or flac.")
    order = ">" if magic == b"RIFX" else "<"
    length_in_ds64: int | None = None
    position = 12
    for _ in range(_MOST_CHUNKS):
        file.seek(position)
        header = file.read(8)
        if len(header) < 8:
            raise TruncatedAudioError(
                path, f"the file ends at byte {file_bytes}, before any samples (no data chunk). Copy it again."
            )
        name, length = struct.unpack(order + "4sI", header)
        position += 8
        if name == b"ds64":
            length_in_ds64 = _data_length_of_ds64(file.read(16), path)
        elif name == b"data":
            if length == _UNKNOWN_LENGTH and length_in_ds64 is not None:
                length = length_in_ds64
            _check_length(length, path, held=file_bytes - position)
            return
        position += length + length % 2  # chunks begin at even positions
    raise UnreadableAudioError(
        path, f"no data chunk among the first {_MOST_CHUNKS} chunks. The file is damaged: copy or export it again."
    )


def _data_length_of_ds64(body: bytes, path: Path) -> int:
    if len(body) < 16:
        raise TruncatedAudioError(path, "the file ends within its ds64 chunk. Copy it again.")
    return int(struct.unpack("<8xQ", body)[0])


def _check_length(declared: int, path: Path, *, held: int) -> None:
    if declared == 0:
        raise EmptyAudioError(
            path,
            f"the header declares no samples ({held} bytes follow it: more than a few mean an interrupted recording). "
            "Record or export the clip again; to use what there is: ffmpeg -i IN.wav -c copy OUT.wav",
        )
    if declared == _UNKNOWN_LENGTH:
        raise TruncatedAudioError(
            path,
            f"the header does not declare the length of its samples ({held} bytes), as after a piped recording, so "
            "a cut cannot be detected. Check the clip and write a complete header: ffmpeg -i IN.wav -c copy OUT.wav",
        )
    if declared > held:
        raise TruncatedAudioError(
            path,
            f"the header declares {declared} bytes of samples, the file holds {held}. "
            "Copy or download it again; to use what is left: ffmpeg -i IN.wav -c copy OUT.wav",
        )
