"""Equality with the numbers that other people's programs wrote, to 1e-12."""

import csv
import re

import pytest

from asd_eval import evaluate_directory, official_text
from asd_eval.evaluation.official_table import official_rows

EXACT = 1e-12  # sums of some hundred quotients in another order

SYSTEMS = ("gaussian", "ties", "tiny")
TRUTH_LIMIT = "official score ci95"  # the evaluator's wrong interval, which nobody should reproduce


def rows_of(path):
    with path.open(newline="") as file:
        return [row for row in csv.reader(file)]


def assert_same_table(ours, theirs):
    ours, theirs = [row for row in ours if row], [row for row in theirs if row]
    assert len(ours) == len(theirs)
    compared = 0
    for mine, other in zip(ours, theirs, strict=True):
        assert len(mine) == len(other), (mine, other)
        for a, b in zip(mine, other, strict=True):
            if isinstance(a, str):
                assert a == b
            else:
                assert a == pytest.approx(float(b), abs=EXACT), mine[0]
                compared += 1
    return compared


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_value_of_the_official_evaluator_2023_is_ours(shared, system):
    golden = shared / "golden" / "evaluator2023"
    ours = official_rows(evaluate_directory(golden / "systems" / system, ground_truth=golden))
    theirs = [row for row in rows_of(golden / f"expected_{system}.csv") if row[:1] != [TRUTH_LIMIT]]
    assert assert_same_table(ours, theirs) == 7 * (10 + 20) + 20 + 1


def test_every_value_of_the_2021_result_is_ours(shared):
    golden = shared / "golden" / "dcase2021_dev_ae"
    ours = official_rows(evaluate_directory(golden))
    assert assert_same_table(ours, rows_of(golden / "result.csv")) == 7 * 8 * 5 + 10


def test_every_value_of_the_2020_result_is_ours(shared):
    golden = shared / "golden" / "dcase2020_dev_ae"
    ours = official_rows(evaluate_directory(golden))
    assert assert_same_table(ours, rows_of(golden / "result.csv")) == 5 * 2


def test_every_value_of_the_2022_result_is_ours(shared):
    golden = shared / "golden" / "dcase2022_dev_ae"
    evaluation = evaluate_directory(golden)
    compared, machine, columns = 0, None, []
    for row in (row for row in rows_of(golden / "result.csv") if row):
        if len(row) == 1:
            machine = row[0]
        elif row[0] in ("section", ""):
            machine, columns = (machine if row[0] else None), row[1:]
        else:
            for column, theirs in zip(columns, row[1:], strict=True):
                if row[0].startswith(("arithmetic", "harmonic")):
                    ours = evaluation.mean([column], machine=machine, kind=row[0].split()[0])
                else:
                    (section,) = (s for s in evaluation.sections if (s.machine, s.section) == (machine, row[0]))
                    ours = section.value(column)
                assert ours == pytest.approx(float(theirs), abs=EXACT), (machine, row[0], column)
                compared += 1
    assert compared == 7 * 5 * 9 + 18


def printed_rows(text):
    """Words of each row of the printed tables, with the machine put before every row of its means."""
    rows, machine = {}, ""
    for line in text.splitlines():
        machine = line.split()[0] if line[:1].strip() else machine
        words = [word for word in re.split(r"\s{2,}", line.strip()) if word]
        if words[:1] == [machine]:
            del words[0]
        rows.setdefault((machine, words[0] if words else ""), []).extend(words[1:])
    return rows


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_printed_table_has_every_value_of_the_official_evaluator_2023(shared, system):
    golden = shared / "golden" / "evaluator2023"
    printed = printed_rows(official_text(evaluate_directory(golden / "systems" / system, ground_truth=golden)))
    machine, compared = "all", 0
    for row in (row for row in rows_of(golden / f"expected_{system}.csv") if row):
        if len(row) == 1:
            machine = row[0]
        elif "mean over all" in row[0]:
            machine = "all"
        if row[0] in ("section", "", TRUTH_LIMIT) or len(row) == 1:
            continue
        key = ("official", row[0]) if row[0] == "official score" else (machine, row[0].split(" mean")[0])
        ours = [float(word.removesuffix(" %")) for word in printed[key]]
        theirs = [100 * float(value) for value in row[1:] if value]
        assert ours == pytest.approx(theirs, abs=0.005 + 1e-9), key  # half of the last digit that is printed
        compared += len(theirs)
    assert compared == 7 * (10 + 20) + 20 + 1
