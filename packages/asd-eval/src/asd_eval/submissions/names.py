"""File names of submissions, 2020 to 2026, and labels in the names of clips.

| rules | anomaly scores | decisions |
|---|---|---|
| 2020 | anomaly_score_<machine>_id_<id>.csv | none |
| 2021 | anomaly_score_<machine>_section_<nn>_<domain>_test.csv | decision_result_... |
| 2022 to 2026 | anomaly_score_<machine>_section_<nn>_test.csv | decision_result_... |

The official baseline writes names of its own for 2022 to 2026:
anomaly_score_DCASE2023T2<machine>_section_00_test_seed<seed>[<tag>][_Eval].csv.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from asd_eval.errors import ConventionError

Kind = Literal["anomaly_score", "decision_result", "ground_truth"]

_NAME = re.compile(
    r"^(?P<kind>anomaly_score|decision_result|ground_truth)_(?P<machine>.+?)_"
    r"(?:id_(?P<id>\d+)|section_(?P<section>\d+)(?:_(?P<domain>source|target))?_test)"
    r"(?P<baseline>_seed-?\d+.*)?\.csv$"
)
_BASELINE_MACHINE = re.compile(r"^DCASE20\d\dT2(?P<machine>.+)$")
_CLIP = re.compile(
    r"^(?:section_(?P<section>\d+)_(?P<domain>source|target)_(?P<split>train|test)_)?"
    r"(?P<label>normal|anomaly)_(?:id_(?P<id>\d+)_)?\d+",
)


@dataclass(frozen=True)
class SubmissionName:
    """What a file name says.

    Attributes:
        domain: "source" or "target" by the rules of 2021, else "".
        rules: year group, "2020", "2021" or "2022" (to 2026).
        baseline: whether the official baseline wrote it.
    """

    kind: Kind
    machine: str
    section: str
    domain: str
    rules: Literal["2020", "2021", "2022"]
    baseline: bool


def parse_submission_name(name: str) -> SubmissionName | None:
    """What a file name says, or None if it is no name of a submission or ground-truth file."""
    match = _NAME.match(name)
    if match is None:
        return None
    machine, baseline = match["machine"], match["baseline"] is not None
    if baseline:
        prefixed = _BASELINE_MACHINE.match(machine)
        machine = prefixed["machine"] if prefixed else machine
    kind: Kind = match["kind"]  # type: ignore[assignment]
    if match["id"] is not None:
        return SubmissionName(kind, machine, match["id"], "", "2020", baseline)
    rules: Literal["2021", "2022"] = "2021" if match["domain"] else "2022"
    return SubmissionName(kind, machine, match["section"], match["domain"] or "", rules, baseline)


def submission_name(kind: Kind, machine: str, section: str, *, year: int, domain: str = "") -> str:
    """The file name by the rules of a year.

    Raises:
        ConventionError: if the year has no such file, or a part of the name is invalid.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 .+-]*(_[A-Za-z0-9 .+-]+)*", machine):
        raise ConventionError(f"machine {machine!r} cannot be part of a file name; use letters, digits, - . + and _.")
    if not re.fullmatch(r"\d+", section):
        raise ConventionError(f'section {section!r} must be digits, such as "00".')
    if year == 2020:
        if kind == "decision_result":
            raise ConventionError("the rules of 2020 have no decision files.")
        return f"{kind}_{machine}_id_{section}.csv"
    if year == 2021:
        if domain not in ("source", "target"):
            raise ConventionError(f'the rules of 2021 want one file per domain, "source" or "target"; got {domain!r}.')
        return f"{kind}_{machine}_section_{section}_{domain}_test.csv"
    if 2022 <= year <= 2026:
        return f"{kind}_{machine}_section_{section}_test.csv"
    raise ConventionError(f"no rules for {year}; choose a year from 2020 to 2026.")


@dataclass(frozen=True)
class LabelInName:
    """Label (0 or 1) and domain ("" in 2020) in a clip's name."""

    label: int
    domain: str


def label_in_name(name: str) -> LabelInName | None:
    """Label and domain from a labelled name; None for names of evaluation clips, which have none.

    Labelled are section_00_source_test_normal_0001_<attributes>.wav (2021 to 2026) and normal_id_00_00000000.wav
    (2020).
    """
    match = _CLIP.match(name)
    if match is None:
        return None
    return LabelInName(int(match["label"] == "anomaly"), match["domain"] or "")
