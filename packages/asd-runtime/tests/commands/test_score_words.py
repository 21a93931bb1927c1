"""What `asd score` says of a recording: one line, and below it what the reader must know before acting on it."""

from dataclasses import replace

import pytest

from asd_runtime.commands.score_words import line
from asd_runtime.model.manifest import Threshold
from asd_runtime.scoring.recording_table import ScoredRecording
from asd_runtime.scoring.stretches import RecordingScore, Stretch

THRESHOLD = Threshold(
    value=2.0, stretch_s=10.0, rule="quantile", false_alarms=0.1, smallest=-1.0, median=0.0, largest=2.5
)


def _line(*scores: float | None, share: float = 0.08, end_s: float | None = None, whole: float = 0.5) -> str:
    stretches = [Stretch(5.0 * n, 5.0 * n + 10, score, 5.0 * n, 5.0 * n + 2) for n, score in enumerate(scores)]
    if end_s is not None:
        stretches[-1] = replace(stretches[-1], end_s=end_s)
    return line(ScoredRecording("a.wav", RecordingScore(whole, THRESHOLD.value, tuple(stretches))), THRESHOLD, share)


def test_adjacent_stretches_above_the_threshold_are_one_event_with_its_span_and_peak() -> None:
    said = _line(0.0, 3.0, 7.125, 2.5, 0.0)
    assert said == (
        "ANOMALOUS     +0.50  from 5.0 to 25.0 s with a peak of +7.12, 3 of 5 stretches above; about 0.4 expected if "
        "normal  a.wav"
    )


def test_of_several_events_the_number_is_said_and_the_worst_one() -> None:
    said = _line(3.0, 0.0, 2.5, 4.0, None, 3.5)
    assert "3 events; the worst from 10.0 to 25.0 s with a peak of +4.00, 4 of 6 stretches above" in said


def test_without_a_stretch_above_no_expectation_is_said() -> None:
    assert _line(0.0, 1.5) == "normal        +0.50  worst +1.50 at 5.0 to 15.0 s, 0 of 2 stretches above  a.wav"


@pytest.mark.parametrize(("above", "noted"), [(1, True), (9, True), (10, False)])
def test_no_more_stretches_above_than_of_a_normal_recording_is_said_in_plain_words(above: int, noted: bool) -> None:
    said = _line(*[3.0] * above, *[0.0] * (119 - above))
    assert said.startswith("ANOMALOUS")
    assert f"{above} of 119 stretches above; about 9.5 expected if normal" in said
    note = "\n           note: no more than expected of a normal recording this long: listen to it before you act"
    assert (note in said) == noted


def test_a_stretch_far_above_all_held_out_sound_is_not_played_down() -> None:
    """As far above the largest held-out score as that is above the median."""
    assert "no more than expected" in _line(4.99, *[0.0] * 118)
    assert "no more than expected" not in _line(5.01, *[0.0] * 118)


def test_a_recording_shorter_than_the_threshold_s_stretches_says_so() -> None:
    note = "note: shorter than the 10 s of the threshold: less sure"
    assert note in _line(3.0, end_s=4.0)
    assert note not in _line(3.0)
    assert "no more than expected" not in _line(3.0, share=2.0, end_s=4.0), "of one stretch nothing is expected"


def test_a_score_far_below_all_held_out_sound_asks_whether_it_was_trained_on() -> None:
    """As far below the smallest held-out score as that is below the median."""
    note = "note: far below all held-out sound: was it part of the training?"
    assert note in _line(-2.5, whole=-2.01)
    assert note not in _line(-2.5, whole=-1.99)
