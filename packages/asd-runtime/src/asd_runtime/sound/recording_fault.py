"""Finds what is wrong with a recording before it is scored: a fault of the recording says nothing about the machine.

The rules are those of `asd data check`. A recording without usable sound gets no score: silence, a constant value, NaN,
less than a segment, or a file that cannot be read as the model asks. Clipping, gaps and samples beyond full scale are
reported in addition to the score.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from asd_features import SegmentSettings
from asd_runtime.counted import counted
from asd_runtime.sound.audio import Audio
from asd_runtime.sound.recording_findings import SILENCE_DB, Expected, Judgement, judge_recording, level_db

_BESIDE_A_SCORE = ("clipped", "dropout", "beyond full scale")
_ADVICE = {
    "silent": "check the microphone",
    "constant": "check the microphone",
    "clipped": "lower the gain of the recorder",
    "dropout": "check the recorder and its cable",
}


@dataclass(frozen=True)
class RecordingCheck:
    """What is wrong with a recording.

    Attributes:
        faults: in words, with what to do.
        scorable: whether it can still be scored.
        channels_db: level of the mean power of the channels, where several are averaged; else NaN.
    """

    faults: tuple[str, ...]
    scorable: bool
    channels_db: float = math.nan


def check_recording(path: Path, audio: Audio, segments: SegmentSettings) -> RecordingCheck:
    """Reads a recording once and checks it."""
    if not path.is_file():
        fault = "no such file" if not path.exists() else "unreadable: not a regular file"
        return RecordingCheck((fault,), scorable=False)
    expected = Expected(
        sample_rate_hz=None if audio.resample else audio.sample_rate_hz,
        channel=audio.channel,
        shortest_s=max(Expected.shortest_s, segments.length_s),
    )
    judgement = judge_recording(path, expected)
    return RecordingCheck(
        faults=tuple(_in_words(kind, reason, segments.length_s) for kind, reason in judgement.findings),
        scorable=all(
            kind in _BESIDE_A_SCORE or _one_dead_channel(kind, judgement, expected) for kind, _ in judgement.findings
        ),
        channels_db=_channels_db(judgement, expected),
    )


def _channels_db(judgement: Judgement, expected: Expected) -> float:
    if judgement.measures is None or judgement.measures.info.channels == 1 or expected.channel != "mean":
        return math.nan
    return level_db(judgement.measures, expected)


def gaps_in_words(gaps_s: Sequence[tuple[float, float]]) -> str:
    """The fault of a recording with gaps that were found in what is scored."""
    (start_s, end_s), more = max(gaps_s, key=lambda gap: gap[1] - gap[0]), len(gaps_s) - 1
    others = f", and {counted(more, 'shorter gap')}" if more else ""
    return _in_words("dropout", f"next to nothing changes from {start_s:.2f} to {end_s:.2f} s{others}")


def _one_dead_channel(kind: str, judgement: Judgement, expected: Expected) -> bool:
    """Whether the fault is one silent channel of several that are averaged: the others still have sound."""
    return kind == "silent" and judgement.measures is not None and level_db(judgement.measures, expected) >= SILENCE_DB


def _in_words(kind: str, reason: str, segment_s: float = 0.0) -> str:
    advice = _ADVICE.get(kind)
    if kind == "too short" and segment_s >= Expected.shortest_s:
        advice = "one segment of this model"
    return f"{kind}: {reason}" + (f": {advice}" if advice else "")
