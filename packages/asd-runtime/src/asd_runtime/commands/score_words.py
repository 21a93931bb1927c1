"""What `asd score` prints: a line for each recording, and a summary."""

from collections.abc import Iterator, Sequence

from asd_runtime.counted import counted
from asd_runtime.file_names import printable
from asd_runtime.model.manifest import Threshold
from asd_runtime.scoring.recording_table import ScoredRecording
from asd_runtime.scoring.stretches import RecordingScore


def line(recording: ScoredRecording, threshold: Threshold, expected_share: float) -> str:
    """The line of a recording: verdict, score, its worst part, how many stretches are above; faults and notes below.

    Args:
        recording: scored, or with the fault that prevented it.
        threshold: the model's.
        expected_share: share of a normal recording's stretches that is expected above the threshold.
    """
    name, result = printable(recording.name), recording.result
    if result is None:
        return f"NO SCORE   {name}: {printable(recording.fault)}"
    below = [f"fault: {printable(recording.fault)}"] if recording.fault else []
    verdict = "ANOMALOUS" if recording.anomalous else "normal"
    where = _where(result, expected_share)
    below += [f"note: {note}" for note in _notes(result, threshold, expected_share)]
    return f"\n{_INDENT}".join([f"{verdict:11}{result.score:+8.2f}  {where}  {name}", *below])


_INDENT = " " * 11


def _worst(result: RecordingScore) -> str:
    worst = result.worst
    if len(result.stretches) == 1:
        return f"worst {worst.worst_start_s:.1f} to {worst.worst_end_s:.1f} s"
    return f"worst {worst.score:+.2f} at {worst.start_s:.1f} to {worst.end_s:.1f} s"


def _where(result: RecordingScore, expected_share: float) -> str:
    count, events = len(result.stretches), result.events
    if count == 1:
        return _worst(result)
    above = f"{result.above} of {count} stretches above"
    if not events:
        return f"{_worst(result)}, {above}"
    worst = max(events, key=lambda event: event.peak)
    many = f"{len(events)} events; the worst " if len(events) > 1 else ""
    span = f"from {worst.start_s:.1f} to {worst.end_s:.1f} s with a peak of {worst.peak:+.2f}"
    return f"{many}{span}, {above}; about {expected_share * count:.2g} expected if normal"


def _notes(result: RecordingScore, threshold: Threshold, expected_share: float) -> Iterator[str]:
    count, peak = len(result.stretches), result.worst.score
    assert peak is not None, "a recording's score has a stretch with one"
    far_above = threshold.largest + (threshold.largest - threshold.median)
    if count > 1 and 0 < result.above <= expected_share * count and peak <= far_above:
        yield "no more than expected of a normal recording this long: listen to it before you act"
    if result.stretches[-1].end_s < threshold.stretch_s:
        yield f"shorter than the {threshold.stretch_s:g} s of the threshold: less sure"
    if result.score < threshold.smallest - (threshold.median - threshold.smallest):
        yield "far below all held-out sound: was it part of the training?"


def summary(recordings: Sequence[ScoredRecording]) -> str:
    """How many recordings are anomalous, and how many have a fault."""
    others = sum(not recording.is_recording for recording in recordings)
    total = len(recordings) - others
    unscored = sum(recording.result is None for recording in recordings) - others
    faults = sum(recording.result is not None and bool(recording.fault) for recording in recordings)
    what = counted(total, "recording")
    parts = [f"{sum(recording.anomalous for recording in recordings)} of {what} anomalous"]
    parts += [f"{unscored} could not be scored"] if unscored else []
    parts += [f"{counted(others, 'path')} without a recording"] if others else []
    parts += [f"{faults} {'has' if faults == 1 else 'have'} both a score and a fault"] if faults else []
    return ", ".join(parts)
