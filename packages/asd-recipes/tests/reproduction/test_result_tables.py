"""The tables: the paper's values beside ours, in the paper's order, with means that follow from the rows."""

import csv
import dataclasses
import io
import json
import statistics
from pathlib import Path

import numpy as np
import pytest

from asd_eval import evaluate_machine, official_score
from asd_recipes.dataset.scan import Dataset
from asd_recipes.recipe.settings import Recipe
from asd_recipes.reproduction.paper_tables import paper_values
from asd_recipes.reproduction.reproduce import _heading
from asd_recipes.reproduction.result_tables import (
    Line,
    ResultTables,
    as_csv,
    as_markdown,
    interval_lines,
    table_lines,
    write_tables,
)
from asd_recipes.reproduction.systems import CONVENTIONS, SystemResult, evaluate_systems
from asd_recipes.scoring.candidate_table import CandidateTable

# Harmonic means of a dozen float64 in percent, by another formula.
RELATIVE = 1e-12
PAPER_ORDER = ["bearing", "fan", "gearbox", "slider", "valve", "ToyCar", "ToyTrain"]


def _table(seed: int, columns: list[str]) -> CandidateTable:
    rng = np.random.default_rng(seed)
    kinds = [(domain, label) for domain in ("source", "target") for label in ("normal", "anomaly")] * 5
    parts = ["validation"] * 4 + ["test"] * len(kinds)
    domains = ["source"] * 4 + [domain for domain, _ in kinds]
    labels = ["normal"] * 4 + [label for _, label in kinds]
    shift = np.array([label == "anomaly" for label in labels])
    files = [f"section_00_{place:04d}.wav" for place in range(len(parts))]
    return CandidateTable(files, parts, domains, labels, {c: rng.standard_normal(len(parts)) + shift for c in columns})


MACHINES_RUN = ["zeppelin", *PAPER_ORDER]


@pytest.fixture(scope="module")
def results() -> list[SystemResult]:
    """All seven machines, not in the paper's order, and one that the paper does not have."""
    machines = ["zeppelin", *sorted(PAPER_ORDER, reverse=True)]
    oe = {name: [_table(seed, ["gmm-1-source", "knn-1-source"])] for seed, name in enumerate(machines)}
    autoencoder = {name: [_table(100 + seed, ["mse", "mahalanobis"])] for seed, name in enumerate(machines)}
    return evaluate_systems({"autoencoder": autoencoder, "oe": oe}, selected=1)


@pytest.fixture(scope="module")
def lines(results: list[SystemResult]) -> list[Line]:
    return table_lines(results, MACHINES_RUN)


def test_columns_follow_the_paper_then_other_machines_then_the_mean(lines: list[Line]) -> None:
    for line in lines:
        assert list(line.values) == [*PAPER_ORDER, "zeppelin", "official" if line.table == 4 else "hmean"]


def test_the_paper_s_row_comes_before_ours_under_each_convention(lines: list[Line]) -> None:
    systems = ["Baseline (MSE)", "Baseline (Mahalanobis)", "OE", "OE (1 selected) *"]
    origins = ["paper", "within-domain", "official"]
    expected = [(table, system, origin) for table in (2, 3, 4) for system in systems for origin in origins]
    assert [(line.table, line.system, line.origin) for line in lines] == expected


def test_the_paper_s_values_are_those_of_its_tables(lines: list[Line]) -> None:
    by_name = {(line.table, line.system): line.values for line in lines if line.origin == "paper"}
    # Read from the printed tables: the first and last column of each.
    assert by_name[2, "OE"]["bearing"] == 72.48
    assert by_name[2, "OE"]["hmean"] == 71.40
    assert by_name[2, "Baseline (MSE)"]["ToyTrain"] == 57.93
    assert by_name[2, "Baseline (Mahalanobis)"]["hmean"] == 68.84
    for (table, system), values in by_name.items():
        paper_name = "OE" if system.startswith("OE") else system
        for column, value in values.items():
            assert value == paper_values().get((table, paper_name, column))
        assert values["zeppelin"] is None


def test_the_paper_s_own_means_are_the_harmonic_means_of_its_columns() -> None:
    """Finds a misread digit in the file; the printed mean and values are rounded to two decimals."""
    for (table, system, column), value in paper_values().items():
        if column == "hmean":
            machines = [paper_values()[table, system, machine] for machine in PAPER_ORDER]
            assert statistics.harmonic_mean(machines) == pytest.approx(value, abs=0.011), (table, system)


def test_our_cells_are_the_machine_s_metrics_in_percent(results: list[SystemResult], lines: list[Line]) -> None:
    for result in results:
        name = result.row.name + (" *" if result.row.uses_labels else "")
        for convention in CONVENTIONS:
            metrics = {item.machine: item for item in result.metrics[convention]}
            rows = {line.table: line.values for line in lines if (line.system, line.origin) == (name, convention)}
            for machine in [*PAPER_ORDER, "zeppelin"]:
                item = metrics[machine]
                mean = statistics.harmonic_mean([item.auc_source, item.auc_target, item.pauc])
                expected = [100 * item.auc_source, 100 * item.auc_target, 100 * mean]
                assert [rows[table][machine] for table in (2, 3, 4)] == pytest.approx(expected, rel=RELATIVE)


def test_the_mean_of_tables_2_and_3_is_the_harmonic_mean_of_the_machines(lines: list[Line]) -> None:
    ours = [line for line in lines if line.origin != "paper" and line.table != 4]
    for line in ours:
        *machines, mean = line.values.values()
        assert mean == pytest.approx(statistics.harmonic_mean(machines), rel=RELATIVE)
    assert len(ours) == 2 * 4 * 2


def test_the_score_of_table_4_is_the_official_score_of_the_clips(
    results: list[SystemResult], lines: list[Line]
) -> None:
    for convention in CONVENTIONS:
        scores = next(result.scores for result in results if result.row.name == "Baseline (MSE)")
        metrics = []
        for seed, machine in enumerate(["zeppelin", *sorted(PAPER_ORDER, reverse=True)]):
            test = _table(100 + seed, ["mse", "mahalanobis"]).part("test")
            labels = [int(label == "anomaly") for label in test.labels]
            metrics.append(evaluate_machine(machine, labels, test.columns["mse"], test.domains, convention=convention))
            np.testing.assert_array_equal(scores[machine].test, test.columns["mse"])
        line = next(
            line for line in lines if (line.table, line.system, line.origin) == (4, "Baseline (MSE)", convention)
        )
        assert line.values["official"] == pytest.approx(100 * official_score(metrics), rel=RELATIVE)


def _tables(results: list[SystemResult], lines: list[Line]) -> ResultTables:
    return ResultTables(
        heading="SYNTHETIC DATA (of a test)",
        data="synthetic",
        lines=lines,
        intervals=interval_lines(results, ["zeppelin", *PAPER_ORDER]),
    )


def test_the_csv_gives_the_floats_back_to_the_last_bit(results: list[SystemResult], lines: list[Line]) -> None:
    read: dict[tuple[int, str, str], dict[str, float | None]] = {}
    for row in csv.DictReader(io.StringIO(as_csv(_tables(results, lines)))):
        key = (int(row["table"]), row["system"], row["origin"])
        read.setdefault(key, {})[row["machine"]] = float(row["value"]) if row["value"] else None
        # The paper's numbers are for the real data set, ours for the run's data: each row says which.
        assert (row["data"] == "synthetic") == (row["origin"] != "paper")
    assert read == {(line.table, line.system, line.origin): line.values for line in lines}


def test_every_file_has_the_heading_and_the_same_numbers(
    results: list[SystemResult], lines: list[Line], tmp_path: Path
) -> None:
    tables = _tables(results, lines)
    write_tables(tmp_path, tables, {"seed": 5})
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"tables.{kind}" for kind in ("csv", "json", "md", "txt")
    ]
    assert (tmp_path / "tables.md").read_text() == as_markdown(tables)
    assert (tmp_path / "tables.md").read_text().startswith("SYNTHETIC DATA (of a test)\n")
    assert (tmp_path / "tables.txt").read_text().startswith("SYNTHETIC DATA (of a test)\n")
    content = json.loads((tmp_path / "tables.json").read_text())
    assert (content["heading"], content["data"], content["seed"]) == (tables.heading, "synthetic", 5)
    for line, read in zip(lines, content["lines"], strict=True):
        assert read == {"table": line.table, "system": line.system, "origin": line.origin, **line.values}


def test_markdown_rows_have_as_many_cells_as_their_head(results: list[SystemResult], lines: list[Line]) -> None:
    text = as_markdown(_tables(results, lines))
    rows = [row for row in text.splitlines() if row.startswith("|")]
    assert {row.count("|") for row in rows} == {2 + 8 + 1 + 1}
    assert len(rows) == 3 * (2 + 3 * 3) + 3 * (2 + 3), "the row that uses labels has tables of its own, below"
    assert text.index("models chosen by test labels") < text.index("| OE (1 selected) *")


@pytest.mark.parametrize("synthetic", [True, False])
def test_the_heading_says_when_the_data_are_synthetic(synthetic: bool, make_bank, tmp_path: Path) -> None:
    if synthetic:
        (tmp_path / "synth.json").write_text("{}")
    bank = make_bank(machines=("fan", "valve"))
    heading = _heading(bank, Dataset(tmp_path, bank.clips, ()), (), dataclasses.replace(Recipe(), seed=41))
    assert ("SYNTHETIC DATA" in heading) == synthetic
    assert f"{len(bank.clips)} clips of 2 machine types" in heading
    assert "seed 41" in heading
    assert (str(tmp_path) in heading) != synthetic
