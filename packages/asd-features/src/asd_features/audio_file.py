"""Opening a wav or flac file safely: checks what it is, and that it is whole, before anything is allocated for it.

ASD data is published as wav and flac. In both a truncated file can be told from a short one; other formats that
libsndfile knows are refused, because there it cannot.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from asd_features.audio_errors import EmptyAudioError, TruncatedAudioError, UnreadableAudioError
from asd_features.riff_header import WAVE_MAGICS, check_wave_length

if TYPE_CHECKING:
    from soundfile import SoundFile

_CONVERT = "Convert it to wav or flac, for example: ffmpeg -i IN OUT.wav"
# A flac frame holds at most 65,535 samples a channel and takes at least 10 bytes (RFC 9639, Sec. 9): a header that
# declares more than this ratio is wrong, whatever follows.
_MOST_FLAC_SAMPLES_PER_BYTE = 65_535 / 10


@dataclass(frozen=True)
class AudioInfo:
    """What the header of a recording says.

    Attributes:
        path: the file.
        sample_rate_hz: samples a second.
        channels: number of channels.
        frames: samples a channel.
        subtype: libsndfile's name of the sample format, such as "PCM_16" or "FLOAT".
    """

    path: Path
    sample_rate_hz: int
    channels: int
    frames: int
    subtype: str

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate_hz


@contextmanager
def open_audio(path: str | os.PathLike[str]) -> Iterator[tuple[AudioInfo, SoundFile]]:
    """Open a recording once, check its header against the file's size, and give libsndfile's view of it."""
    path = Path(path)
    if path.exists() and not path.is_file():
        # Checked before opening: opening a named pipe would wait for a writer, perhaps for ever.
        raise UnreadableAudioError(path, "not a regular file. Pass the path of one wav or flac file.")
    import soundfile

    with open(path, "rb", buffering=0) as file:
        file_bytes = os.fstat(file.fileno()).st_size
        _check_container(file, path, file_bytes=file_bytes)
        file.seek(0)  # libsndfile takes the current position as the beginning
        try:
            sound = soundfile.SoundFile(file.fileno(), closefd=False)
        except soundfile.LibsndfileError as error:
            raise UnreadableAudioError(path, f"{error.error_string} {_CONVERT}") from error
        with sound:
            info = AudioInfo(path, int(sound.samplerate), int(sound.channels), int(sound.frames), str(sound.subtype))
            _check_length(info, sound.format, file_bytes=file_bytes)
            yield info, sound


def _check_container(file: BinaryIO, path: Path, *, file_bytes: int) -> None:
    if file_bytes == 0:
        raise EmptyAudioError(path, "the file has no bytes. Copy or record it again.")
    magic = file.read(4)
    if magic in WAVE_MAGICS:
        check_wave_length(file, path, file_bytes=file_bytes)
    elif magic != b"fLaC":
        raise UnreadableAudioError(path, f"begins with {magic!r}, so it is neither wav nor flac. {_CONVERT}")


def _check_length(info: AudioInfo, container: str, *, file_bytes: int) -> None:
    if info.sample_rate_hz <= 0:
        raise UnreadableAudioError(info.path, f"declares a sample rate of {info.sample_rate_hz} Hz. {_CONVERT}")
    if info.frames <= 0:
        raise EmptyAudioError(info.path, "holds no samples. Record or export the clip again.")
    if container == "FLAC" and info.frames > file_bytes * _MOST_FLAC_SAMPLES_PER_BYTE:
        raise TruncatedAudioError(
            info.path, f"{file_bytes} bytes cannot hold the declared {info.frames} frames (or their number is not "
            "declared). Write it again with a complete header: flac -d IN.flac, then flac OUT.wav"
        )  # fmt: skip
