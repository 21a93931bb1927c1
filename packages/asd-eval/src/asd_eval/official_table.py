"""The result file of the organisers' own scripts, row for row, so that two of them can be compared with diff.

Conventions with domains follow the official evaluator of 2023 and 2024, those of 2021 and 2020 theirs. The
evaluator's last line, "official score ci95", is left out: it takes the spread of the leave-one-out estimates for
that of the pseudo-values, and is too small by a factor of about N - 1. ``bootstrap`` has intervals.
"""

from __future__ import annotations

import csv
import io

from .decisions import DECISION_METRICS
from .evaluation import Evaluation

Row = list[str | float]

OVERALL = "over all machine types, sections, and domains"


def official_rows(evaluation: Evaluation) -> list[Row]:
    """The rows of the official result file; a missing metric is an empty field."""
    name = evaluation.convention.name
    if name == "dcase2020":
        return _rows_2020(evaluation)
    return _rows_2021(evaluation) if name == "dcase2021" else _rows_2023(evaluation)


def official_csv(evaluation: Evaluation) -> str:
    """The official result file as text."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(official_rows(evaluation))
    return text.getvalue()


def _rows_2023(evaluation: Evaluation) -> list[Row]:
    quantities = ["AUC", "pAUC", *_decisions(evaluation)]
    both, source, target = (
        [_columns(evaluation, q, domain) for q in quantities] for domain in ("", "source", "target")
    )
    kinds = (("arithmetic", "", both), ("harmonic", "", both), ("harmonic", "source ", source),
             ("harmonic", "target ", target))  # fmt: skip
    rows: list[Row] = []
    for machine in (*evaluation.machines, None):
        if machine is not None:
            rows += [[machine], ["section", *evaluation.metrics]]
            sections = [s for s in evaluation.sections if s.machine == machine]
            rows += [[s.section, *(_cell(value.value) for value in s.values)] for s in sections]
        rows.append(["", "", *quantities])
        for kind, word, columns in kinds:
            label = f"{word}{kind} mean" + ("" if machine is not None else f" {OVERALL}")
            means = [evaluation.mean(names, machine=machine, kind=kind) for names in columns]  # type: ignore[arg-type]
            rows.append([label, "", *(_cell(mean) for mean in means)])
        rows.append([])
    rows.append(["official score", "", _cell(evaluation.official_score)])
    return rows


def _rows_2021(evaluation: Evaluation) -> list[Row]:
    quantities = ["AUC", "pAUC", *_decisions(evaluation)]
    both = [_columns(evaluation, quantity, "") for quantity in quantities]
    rows: list[Row] = []
    for machine in (*evaluation.machines, None):
        if machine is not None:
            rows += [[machine], ["section", "domain", *quantities]]
            for domain in ("source", "target"):
                for section in (s for s in evaluation.sections if s.machine == machine):
                    values = [section.value(f"{quantity} ({domain})") for quantity in quantities]
                    rows.append([section.section, domain, *(_cell(value) for value in values)])
        else:
            rows.append(["", "", *quantities])
        for kind in ("arithmetic", "harmonic"):
            label = f"{kind} mean" + ("" if machine is not None else f" {OVERALL}")
            means = [evaluation.mean(names, machine=machine, kind=kind) for names in both]
            rows.append([label, "", *(_cell(mean) for mean in means)])
        rows.append([])
    return rows


def _rows_2020(evaluation: Evaluation) -> list[Row]:
    rows: list[Row] = []
    for machine in evaluation.machines:
        rows += [[machine], ["id", *evaluation.metrics]]
        sections = [s for s in evaluation.sections if s.machine == machine]
        rows += [[s.section, *(_cell(value.value) for value in s.values)] for s in sections]
        rows.append(["Average", *(_cell(evaluation.mean([m], machine=machine)) for m in evaluation.metrics)])
        rows.append([])
    return rows


def _columns(evaluation: Evaluation, quantity: str, domain: str) -> list[str]:
    names = [f"{quantity} ({domain})"] if domain else [f"{quantity} (source)", f"{quantity} (target)"]
    return names if names[0] in evaluation.metrics else [quantity]


def _decisions(evaluation: Evaluation) -> list[str]:
    return [d for d in DECISION_METRICS if any(metric.startswith(d) for metric in evaluation.metrics)]


def _cell(value: float | None) -> str | float:
    return "" if value is None else value
