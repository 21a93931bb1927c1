"""All recordings of a data set, each file read once, block by block; 16-bit samples are kept as they are.

Training crops and inference segments are cut from the bank; for the DCASE 2023 development set it is 2.3 GB of int16.
A bank is two flat files, one of int16 and one of float32 samples. Every process maps them into memory and shares the
pages. The recordings are read again when a file's name, size or modification time changes, or when the recipe asks for
other audio. A damaged file stays out until it changes; a file that could not be read for another reason (no permission,
a missing disk) is tried again each time.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from asd_features import AudioError, ChannelError, SampleRateError, waveform_blocks
from asd_recipes.dataset.clip import Clip
from asd_recipes.folder_lock import hold_lock
from asd_runtime.sound.audio import Audio
from asd_runtime.sound.problem import Problem
from asd_runtime.sound.samples import Samples
from asd_runtime.whole_file import whole_folder, write_json

_SCHEMA = 1
_TYPES = ("int16", "float32")


@dataclass(frozen=True)
class WaveformBank:
    """Recordings, in the order of `clips`."""

    clips: tuple[Clip, ...]
    waves: tuple[Samples, ...]
    problems: tuple[Problem, ...]
    digest: str  # SHA-256 over the keys and samples of all clips

    def select(self, *, machine: str | None = None, folder: str, domain: str | None = None) -> list[int]:
        """Indices of the clips of a machine, folder and domain, in order."""
        return [
            index
            for index, clip in enumerate(self.clips)
            if clip.folder == folder
            and (machine is None or clip.machine == machine)
            and (domain is None or clip.name.domain == domain)
        ]

    def labelled_test(self, machine: str) -> list[int]:
        """Indices of a machine's test clips with known labels."""
        test = self.select(machine=machine, folder="test")
        return [index for index in test if self.clips[index].name.label is not None]


def open_bank(clips: Sequence[Clip], audio: Audio, folder: Path, *, advance: Callable[[int], None]) -> WaveformBank:
    """The bank in a folder, if it holds these clips in their current state; otherwise reads every file and replaces it.

    A file that cannot be read is left out and named in `problems`.

    Args:
        clips: recordings of a data set.
        audio: how a recording becomes samples.
        folder: folder of the bank; created, or replaced as a whole.
        advance: called for each clip.
    """
    states = [_state(clip.path) for clip in clips]
    key = _key(clips, states, audio)
    with hold_lock(folder.with_name(f".{folder.name}.lock")):  # waits if another run is reading the same data
        if _holds(folder, key):
            advance(len(clips))
        else:
            with whole_folder(folder) as partial:
                _write(clips, states, audio, partial, key, advance)
        return load_bank(clips, folder)


def load_bank(clips: Sequence[Clip], folder: Path) -> WaveformBank:
    """Maps the bank that `open_bank` wrote for these clips."""
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    flat = {kind: _mapped(folder / f"samples.{kind}", kind) for kind in _TYPES}
    by_key = {clip.key: clip for clip in clips}
    return WaveformBank(
        clips=tuple(by_key[entry["key"]] for entry in index["clips"]),
        waves=tuple(flat[item["type"]][item["start"] : item["start"] + item["length"]] for item in index["clips"]),
        problems=tuple(Problem(**problem) for problem in index["problems"]),
        digest=index["digest"],
    )


def _mapped(path: Path, kind: str) -> Samples:
    if path.stat().st_size == 0:  # an empty file cannot be mapped
        return np.empty(0, kind)
    return np.memmap(path, kind, mode="r").view(np.ndarray)


def _state(path: Path) -> list[int] | None:
    """Size and modification time; None for a file that does not exist or cannot be accessed."""
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


def _key(clips: Sequence[Clip], states: Sequence[list[int] | None], audio: Audio) -> str:
    """Hash of the files' identities and of the audio settings."""
    files = [[clip.key, os.path.realpath(clip.path), state] for clip, state in zip(clips, states, strict=True)]
    text = json.dumps([_SCHEMA, asdict(audio), files])
    return hashlib.sha256(text.encode()).hexdigest()


def _holds(folder: Path, key: str) -> bool:
    path = folder / "index.json"
    return path.is_file() and json.loads(path.read_text(encoding="utf-8"))["key"] == key


def _write(
    clips: Sequence[Clip],
    states: Sequence[list[int] | None],
    audio: Audio,
    folder: Path,
    key: str,
    advance: Callable[[int], None],
) -> None:
    """Reads every clip once. The index is written last: a folder without it is not a bank.

    If a file exists but could not be read this time, the index has no key, so that the next run reads it again.
    """
    entries: list[dict[str, Any]] = []
    problems: list[Problem] = []
    digest, lasting = hashlib.sha256(), True
    with (folder / "samples.int16").open("wb") as integers, (folder / "samples.float32").open("wb") as floats:
        files = {"int16": integers, "float32": floats}
        for clip, state in zip(clips, states, strict=True):
            with_clip = digest.copy()
            try:
                entries.append(_append(clip, audio, files, with_clip))
                digest = with_clip
            except _UnreadError as unread:
                problems.append(Problem(clip.key, type(unread.cause).__name__, unread.reason))
                lasting &= isinstance(unread.cause, AudioError) or state is None
            advance(1)
    index = {
        "key": key if lasting else None,
        "clips": entries,
        "problems": [asdict(problem) for problem in problems],
        "digest": digest.hexdigest(),
    }
    write_json(folder / "index.json", index)


class _UnreadError(Exception):
    """Reading a clip failed; a full disk while writing the bank is another error."""

    def __init__(self, cause: AudioError | OSError) -> None:
        super().__init__(cause)
        self.cause = cause
        self.reason = _reason(cause)


def _reason(cause: AudioError | OSError) -> str:
    """What is wrong, with the setting of a recipe that is the way out where there is one."""
    if isinstance(cause, SampleRateError) and cause.way_out:
        return f"{cause.fact} Add --set audio.resample=true to convert it."
    if isinstance(cause, ChannelError) and cause.way_out:
        return f"{cause.fact} Add --set audio.channel=mean to average them, or a number from 0 to take one."
    return cause.rule if isinstance(cause, AudioError) else cause.strerror or str(cause)


def _append(clip: Clip, audio: Audio, files: Mapping[str, BinaryIO], digest: Any) -> dict[str, Any]:
    """Appends a clip's samples, block by block; a clip that cannot be read leaves nothing behind.

    Raises:
        _UnreadError: the clip cannot be read.
    """
    digest.update(clip.key.encode() + b"\0")
    blocks = waveform_blocks(
        clip.path, sample_rate_hz=audio.sample_rate_hz, channel=audio.channel, resample=audio.resample
    )
    kind, starts, length = "", {kind: file.tell() for kind, file in files.items()}, 0
    while True:
        try:  # around reading only: a full disk is not the clip's fault
            block = next(blocks, None)
        except (AudioError, OSError) as error:
            for name, file in files.items():
                file.seek(starts[name])
                file.truncate()
            raise _UnreadError(error) from error
        if block is None:
            start = starts[kind] // np.dtype(kind).itemsize
            return {"key": clip.key, "type": kind, "start": start, "length": length}
        kind, length, data = str(block.dtype), length + len(block), block.tobytes()
        files[kind].write(data)
        digest.update(data)
