"""The files of the fixture `directory`, and how a test spoils one."""

from collections.abc import Callable
from pathlib import Path

NAMES = [
    f"section_00_{domain}_test_{word}_{place:04}.wav"
    for domain in ("source", "target")
    for word in ("normal", "anomaly")
    for place in (0, 1)
]
SCORE, DECISION = "anomaly_score_fan_section_00_test.csv", "decision_result_fan_section_00_test.csv"

Change = Callable[[list[str]], list[str]]


def rewrite(path: Path, change: Change) -> None:
    lines = path.read_text().splitlines()
    path.write_text("\n".join(change(lines)) + "\n")


def row(number: int, text: str) -> Change:
    """Replace a row of a file, counted from 1."""
    return lambda lines: [*lines[: number - 1], text, *lines[number:]]
