"""The results of `asd score` as CSV: one row per recording, or one row per stretch.

Names are written as in `file_names`, floats to the last bit. A cell without a value is empty, as the score of a
recording without sound.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from asd_runtime.file_names import in_table, printable
from asd_runtime.scoring.stretches import RecordingScore

_OF_STRETCHES = ("stretches", "stretches_above", "stretch_score", "stretch_start_s", "stretch_end_s")
COLUMNS = ("file", "score", "anomalous", "fault", "threshold", *_OF_STRETCHES, "worst_start_s", "worst_end_s")
STRETCH_COLUMNS = ("file", "start_s", "end_s", "score", "above", "fault")


@dataclass(frozen=True)
class ScoredRecording:
    """A recording and its score, or the fault that prevented one.

    Attributes:
        name: as the user gave it.
        result: its scores; None if it could not be scored.
        fault: what is wrong with the recording; empty if nothing is.
        is_recording: False for what a folder has in its place: a link to a folder, a pipe, no recording at all.
    """

    name: str
    result: RecordingScore | None
    fault: str = ""
    is_recording: bool = True

    @property
    def anomalous(self) -> bool:
        """Whether it has a score, and one of its stretches is above the threshold."""
        return self.result is not None and self.result.anomalous


def recordings_csv(recordings: Sequence[ScoredRecording], threshold: float) -> str:
    """The table of `COLUMNS`."""
    return _csv(COLUMNS, (_row(recording, threshold) for recording in recordings))


def stretches_csv(recordings: Sequence[ScoredRecording], threshold: float) -> str:
    """The table of `STRETCH_COLUMNS`: all stretches of the recordings that have a score."""
    rows = (
        [
            in_table(recording.name),
            _seconds(stretch.start_s),
            _seconds(stretch.end_s),
            "" if stretch.score is None else repr(stretch.score),
            "" if stretch.score is None else int(stretch.score > threshold),
            "gap" if stretch.score is None else "",
        ]
        for recording in recordings
        if recording.result is not None
        for stretch in recording.result.stretches
    )
    return _csv(STRETCH_COLUMNS, rows)


def _row(recording: ScoredRecording, threshold: float) -> list[object]:
    name, result, fault = in_table(recording.name), recording.result, printable(recording.fault)
    limit = repr(threshold)
    if result is None:
        return [name, "", "", fault, limit, *[""] * 7]
    worst = result.worst
    seconds = (worst.start_s, worst.end_s, worst.worst_start_s, worst.worst_end_s)
    counts = [len(result.stretches), result.above]
    return [
        name,
        repr(result.score),
        int(result.anomalous),
        fault,
        limit,
        *counts,
        repr(worst.score),
        *map(_seconds, seconds),
    ]


def _seconds(value: float) -> str:
    return f"{value:.3f}"


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
