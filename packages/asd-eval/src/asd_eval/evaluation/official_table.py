"""The result file of the organisers' own scripts, row for row, so that two of them can be compared with diff.

"official" and "within-domain" follow the official evaluator of 2023 and 2024, the others the script of their year. The
evaluator's last line, "official score ci95", is left out: it mistakes the spread of leave-one-out estimates for that of
pseudo-values, and is too small by a factor of about N - 1. Use ``bootstrap`` for an interval.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from asd_eval.evaluation.evaluation import Evaluation
from asd_eval.metrics.decisions import DECISION_METRICS

Row = list[str | float]

OVERALL = "over all machine types, sections, and domains"


@dataclass(frozen=True)
class OfficialBlock:
    """What the result file says about one machine, or about all together.

    Attributes:
        machine: its name; None for all.
        header, sections: a row for each section (2021: of each domain); empty for all machines.
        means_header, means: the rows of means; the header is empty where ``header`` serves for both (2020).
    """

    machine: str | None
    header: Row
    sections: tuple[Row, ...]
    means_header: Row
    means: tuple[Row, ...]


def official_blocks(evaluation: Evaluation) -> tuple[OfficialBlock, ...]:
    """A block for each machine, and one for all together if the year's script has one."""
    name = evaluation.convention.name
    if name == "dcase2020":
        return tuple(_block_2020(evaluation, machine) for machine in evaluation.machines)
    block = _block_2021 if name == "dcase2021" else _block_2023
    return tuple(block(evaluation, machine) for machine in (*evaluation.machines, None))


def official_rows(evaluation: Evaluation) -> list[Row]:
    """The rows of the official result file; a missing metric is an empty field."""
    rows: list[Row] = []
    for block in official_blocks(evaluation):
        if block.machine is not None:
            rows += [[block.machine], block.header, *block.sections]
        if block.means_header:
            rows.append(block.means_header)
        rows += [*block.means, []]
    if evaluation.convention.name not in ("dcase2020", "dcase2021"):
        rows.append(["official score", "", _cell(evaluation.official_score)])
    return rows


def official_csv(evaluation: Evaluation) -> str:
    """The official result file as text."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(official_rows(evaluation))
    return text.getvalue()


def _block_2023(evaluation: Evaluation, machine: str | None) -> OfficialBlock:
    quantities = ["AUC", "pAUC", *_decisions(evaluation)]
    both, source, target = (
        [_columns(evaluation, q, domain) for q in quantities] for domain in ("", "source", "target")
    )
    kinds = (("arithmetic", "", both), ("harmonic", "", both), ("harmonic", "source ", source),
             ("harmonic", "target ", target))  # fmt: skip
    means: list[Row] = []
    for kind, word, columns in kinds:
        values = [evaluation.mean(names, machine=machine, kind=kind) for names in columns]  # type: ignore[arg-type]
        means.append([_mean_label(f"{word}{kind} mean", machine), "", *(_cell(value) for value in values)])
    sections: list[Row] = [
        [section.section, *(_cell(value.value) for value in section.values)]
        for section in evaluation.sections
        if section.machine == machine
    ]
    return OfficialBlock(
        machine, ["section", *evaluation.metrics], tuple(sections), ["", "", *quantities], tuple(means)
    )


def _block_2021(evaluation: Evaluation, machine: str | None) -> OfficialBlock:
    quantities = ["AUC", "pAUC", *_decisions(evaluation)]
    both = [_columns(evaluation, quantity, "") for quantity in quantities]
    sections: list[Row] = []
    for domain in ("source", "target"):
        for section in (s for s in evaluation.sections if s.machine == machine):
            values = [section.value(f"{quantity} ({domain})") for quantity in quantities]
            sections.append([section.section, domain, *(_cell(value) for value in values)])
    means: list[Row] = []
    for kind in ("arithmetic", "harmonic"):
        values = [evaluation.mean(names, machine=machine, kind=kind) for names in both]
        means.append([_mean_label(f"{kind} mean", machine), "", *(_cell(value) for value in values)])
    # The script repeats the header only above the means of all machines.
    means_header: Row = ["", "", *quantities] if machine is None else []
    return OfficialBlock(machine, ["section", "domain", *quantities], tuple(sections), means_header, tuple(means))


def _block_2020(evaluation: Evaluation, machine: str) -> OfficialBlock:
    sections: list[Row] = [
        [section.section, *(_cell(value.value) for value in section.values)]
        for section in evaluation.sections
        if section.machine == machine
    ]
    average: Row = ["Average", *(_cell(evaluation.mean([m], machine=machine)) for m in evaluation.metrics)]
    return OfficialBlock(machine, ["id", *evaluation.metrics], tuple(sections), [], (average,))


def _mean_label(name: str, machine: str | None) -> str:
    return name if machine is not None else f"{name} {OVERALL}"


def _columns(evaluation: Evaluation, quantity: str, domain: str) -> list[str]:
    names = [f"{quantity} ({domain})"] if domain else [f"{quantity} (source)", f"{quantity} (target)"]
    return names if names[0] in evaluation.metrics else [quantity]


def _decisions(evaluation: Evaluation) -> list[str]:
    return [d for d in DECISION_METRICS if any(metric.startswith(d) for metric in evaluation.metrics)]


def _cell(value: float | None) -> str | float:
    return "" if value is None else value
