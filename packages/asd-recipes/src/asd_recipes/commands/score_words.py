"""What `asd score` prints: a line for each recording, and a summary."""

from collections.abc import Sequence

from asd_recipes.file_names import printable
from asd_recipes.scoring.recording_table import ScoredRecording
from asd_recipes.scoring.stretches import RecordingScore


def line(recording: ScoredRecording, threshold: float | None, expected_share: float) -> str:
    """One recording: verdict, score, where it sounds worst, how many of its stretches are above; its fault below.

    Args:
        recording: a recording that was to be scored.
        threshold: of the model, if it has one.
        expected_share: of a normal recording's stretches, that is above the threshold.
    """
    name = printable(recording.name)
    if recording.found is None:
        return f"NO SCORE   {name}: {printable(recording.fault)}"
    verdict = "" if threshold is None else ("ANOMALOUS  " if recording.anomalous(threshold) else "normal     ")
    fault = f"\n{' ' * len(verdict)}fault: {printable(recording.fault)}" if recording.fault else ""
    where = _where(recording.found, threshold, expected_share)
    return f"{verdict}{recording.found.score:+8.2f}  {where}  {name}{fault}"


def _where(found: RecordingScore, threshold: float | None, expected_share: float) -> str:
    worst, stretches = found.worst, len(found.stretches)
    if stretches == 1:
        return f"worst {worst.worst_start_s:.1f} to {worst.worst_end_s:.1f} s"
    text = f"worst {worst.score:+.2f} at {worst.start_s:.1f} to {worst.end_s:.1f} s"
    if threshold is None:
        return text
    return (
        f"{text}, {found.above(threshold)} of {stretches} stretches above ({expected_share * stretches:.2g} if normal)"
    )


def summary(recordings: Sequence[ScoredRecording], threshold: float | None) -> str:
    """How many recordings are anomalous, and how many have a fault."""
    every, without = len(recordings), sum(recording.found is None for recording in recordings)
    faults = sum(recording.found is not None and bool(recording.fault) for recording in recordings)
    what = f"{every} recording{'' if every == 1 else 's'}"
    parts = [f"{what}, {every - without} scored"]
    if threshold is not None:
        parts = [f"{sum(recording.anomalous(threshold) for recording in recordings)} of {what} anomalous"]
    parts += [f"{without} could not be scored"] if without else []
    parts += [f"{faults} {'has' if faults == 1 else 'have'} a fault beside the score"] if faults else []
    return ", ".join(parts)
