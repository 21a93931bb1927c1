"""What `asd score` prints: a line for each recording, and a summary."""

from collections.abc import Sequence

from asd_recipes.counted import counted
from asd_recipes.file_names import printable
from asd_recipes.scoring.recording_table import ScoredRecording
from asd_recipes.scoring.stretches import RecordingScore


def line(recording: ScoredRecording, threshold: float | None, expected_share: float) -> str:
    """The line of a recording: verdict, score, its worst part, how many stretches are above; a fault on a second line.

    Args:
        recording: scored, or with the fault that prevented it.
        threshold: the model's, if it has one.
        expected_share: share of a normal recording's stretches that is expected above the threshold.
    """
    name = printable(recording.name)
    if recording.result is None:
        return f"NO SCORE   {name}: {printable(recording.fault)}"
    verdict = "" if threshold is None else ("ANOMALOUS  " if recording.anomalous(threshold) else "normal     ")
    fault = f"\n{' ' * len(verdict)}fault: {printable(recording.fault)}" if recording.fault else ""
    where = _where(recording.result, threshold, expected_share)
    return f"{verdict}{recording.result.score:+8.2f}  {where}  {name}{fault}"


def _where(result: RecordingScore, threshold: float | None, expected_share: float) -> str:
    worst, stretches = result.worst, len(result.stretches)
    if stretches == 1:
        return f"worst {worst.worst_start_s:.1f} to {worst.worst_end_s:.1f} s"
    text = f"worst {worst.score:+.2f} at {worst.start_s:.1f} to {worst.end_s:.1f} s"
    if threshold is None:
        return text
    return (
        f"{text}, {result.above(threshold)} of {stretches} stretches above ({expected_share * stretches:.2g} if normal)"
    )


def summary(recordings: Sequence[ScoredRecording], threshold: float | None) -> str:
    """How many recordings are anomalous, and how many have a fault."""
    unscored = sum(recording.result is None for recording in recordings)
    faults = sum(recording.result is not None and bool(recording.fault) for recording in recordings)
    what = counted(len(recordings), "recording")
    parts = [f"{what}, {len(recordings) - unscored} scored"]
    if threshold is not None:
        parts = [f"{sum(recording.anomalous(threshold) for recording in recordings)} of {what} anomalous"]
    parts += [f"{unscored} could not be scored"] if unscored else []
    parts += [f"{faults} {'has' if faults == 1 else 'have'} both a score and a fault"] if faults else []
    return ", ".join(parts)
