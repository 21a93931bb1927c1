"""One machine by both conventions, and the paper's tables from its own numbers."""

import csv

import numpy as np
import pytest

from asd_eval import (
    MachineMetrics,
    evaluate,
    evaluate_machine,
    find_convention,
    harmonic_mean,
    official_score,
    roc_auc,
)
from asd_eval.errors import ConventionError, DomainError, LengthError, ScoreError, UndefinedMetricError

LABELS = [0, 0, 1, 1, 0, 0, 1, 1]
SCORES = [1.0, 2.0, 3.0, 1.5, 4.0, 5.0, 6.0, 4.5]
DOMAINS = ["source"] * 4 + ["target"] * 4


def test_official_compares_with_the_anomalies_of_both_domains_and_within_domain_does_not():
    official = evaluate_machine("fan", LABELS, SCORES, DOMAINS)
    within = evaluate_machine("fan", LABELS, SCORES, DOMAINS, convention="within-domain")
    assert official.auc_source == roc_auc([0, 0, 1, 1, 1, 1], [1, 2, 3, 1.5, 6, 4.5])
    assert within.auc_source == roc_auc([0, 0, 1, 1], [1, 2, 3, 1.5])
    assert (official.auc_target, within.auc_target) == (3 / 8, 3 / 4)
    assert official.pauc == within.pauc
    assert (official.convention, within.convention) == ("official", "within-domain")


def test_hmean_and_official_score_are_harmonic_means_of_the_three_numbers():
    a, b = MachineMetrics("a", 0.5, 0.25, 1.0, "official"), MachineMetrics("b", 0.5, 0.5, 0.5, "official")
    assert a.hmean == pytest.approx(3 / 7)
    assert official_score([a, b]) == pytest.approx(6 / (7 + 6))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"domains": ["source"] * 8}, UndefinedMetricError),
        ({"domains": ["sauce"] * 8}, DomainError),
        ({"domains": DOMAINS[:7]}, LengthError),
        ({"labels": [0] * 8}, UndefinedMetricError),
        ({"convention": "mine"}, ConventionError),
        ({"convention": 2020}, ConventionError),
        ({"convention": "dcase2021"}, ConventionError),
    ],
)
def test_a_machine_without_an_auc_raises_instead_of_returning_nan(change, error):
    arguments = {"labels": LABELS, "scores": SCORES, "domains": DOMAINS, "convention": "official"} | change
    with pytest.raises(error):
        evaluate_machine("fan", **arguments)


@pytest.mark.parametrize("convention", ["official", "within-domain", 2024])
def test_a_machine_has_the_numbers_that_evaluate_gives(convention):
    rng = np.random.default_rng(0)
    labels, domains = np.tile([0, 1], 60), np.repeat(["source", "target"], 60)
    scores = np.round(rng.normal(size=120) + labels, 1)
    machine = evaluate_machine("fan", labels, scores, domains, convention=convention)
    section = evaluate(labels, scores, domains, "fan", convention=convention).sections[0]
    for metric, value in (
        ("AUC (source)", machine.auc_source),
        ("AUC (target)", machine.auc_target),
        ("pAUC", machine.pauc),
    ):
        assert value == section.value(metric)
    assert machine.convention == find_convention(convention).name


@pytest.mark.parametrize(("values", "mean"), [([1, 1], 1), ([0.5, 1], 2 / 3), ([0.3], 0.3)])
def test_harmonic_mean(values, mean):
    assert harmonic_mean(values) == pytest.approx(mean)


def test_a_zero_pulls_the_harmonic_mean_to_zero_without_a_warning():
    assert 0 < harmonic_mean([0.0, 1.0]) < 1e-15


@pytest.mark.parametrize("values", [[], [-0.1, 1], [np.nan], [np.inf]])
def test_a_harmonic_mean_of_what_is_no_rate_is_refused(values):
    with pytest.raises(ScoreError):
        harmonic_mean(values)


def test_the_papers_table_4_follows_from_its_tables_2_and_3_and_the_recovered_pauc(shared):
    def read(name):
        with (shared / "paper" / name).open() as file:
            return list(csv.DictReader(file))

    table = {(r["table"], r["system"], r["machine"]): float(r["value"]) for r in read("tables.csv")}
    pauc = {(r["system"], r["machine"]): float(r["pauc_percent"]) for r in read("recovered_pauc.csv")}
    systems = list(dict.fromkeys(system for system, _ in pauc))
    for system in systems:
        machines = [machine for s, machine in pauc if s == system]
        rows = [
            MachineMetrics(m, table["2", system, m] / 100, table["3", system, m] / 100, pauc[system, m] / 100, "")
            for m in machines
        ]
        for row in rows:  # three inputs rounded to 0.01 and an output rounded to 0.01
            assert 100 * row.hmean == pytest.approx(table["4", system, row.machine], abs=0.02)
        assert 100 * official_score(rows) == pytest.approx(table["4", system, "official"], abs=0.02)
        for number in ("2", "3"):
            mean = harmonic_mean([table[number, system, m] for m in machines])
            assert mean == pytest.approx(table[number, system, "hmean"], abs=0.02)
    assert len(systems) == 11
