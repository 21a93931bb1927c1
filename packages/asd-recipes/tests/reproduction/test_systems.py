"""The ensemble uses only validation scores, the selected members are the best, a missing machine stays missing."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from asd_recipes.reproduction.paper_tables import paper_values
from asd_recipes.reproduction.result_tables import ResultTables, as_markdown, interval_lines, table_lines
from asd_recipes.reproduction.systems import (
    ClipScores,
    SystemResult,
    average,
    evaluate_systems,
    member_scores,
    selected_members,
    submitted,
)
from asd_recipes.scoring.candidate_table import CandidateTable

# Sums of a few float64 in another order.
RELATIVE = 1e-12
VALIDATION, PER_CLASS = 7, 6


def _table(seed: int, shifts: dict[str, float]) -> CandidateTable:
    """Random scores; `shifts` says how much higher a model scores anomalous clips."""
    rng = np.random.default_rng(seed)
    kinds = [(domain, label) for domain in ("source", "target") for label in ("normal", "anomaly")] * PER_CLASS
    parts = ["validation"] * VALIDATION + ["test"] * len(kinds)
    domains = ["source"] * VALIDATION + [domain for domain, _ in kinds]
    labels = ["normal"] * VALIDATION + [label for _, label in kinds]
    anomalous = np.array([label == "anomaly" for label in labels])
    columns = {
        name: (5.0 + place + rng.standard_normal(len(parts)) + shift * anomalous) * 10.0**place
        for place, (name, shift) in enumerate(shifts.items())
    }
    files = [f"section_00_{place:04d}.wav" for place in range(len(parts))]
    return CandidateTable(files, parts, domains, labels, columns)


def _rows(table: CandidateTable, keep: list[int]) -> CandidateTable:
    return CandidateTable(
        [table.files[row] for row in keep],
        [table.parts[row] for row in keep],
        [table.domains[row] for row in keep],
        [table.labels[row] for row in keep],
        {name: values[keep] for name, values in table.columns.items()},
    )


MODELS = {"gmm-1-source": 1.0, "knn-1-source": 0.5, "knn-2-source": 2.0, "knn-4-source": 0.0}


def ensemble(table: CandidateTable, members: list[str] | None = None) -> ClipScores:
    """The mean over all members, or some."""
    found = member_scores([table])
    return average([found[name] for name in members or found])


def _selected(tables: dict[str, CandidateTable], count: int) -> list[str]:
    members = {machine: member_scores([table]) for machine, table in tables.items()}
    return selected_members(members, {machine: table.part("test") for machine, table in tables.items()}, count)


@pytest.mark.parametrize("members", [None, ["knn-4-source", "gmm-1-source"]])
def test_the_ensemble_is_the_mean_of_scores_standardised_by_the_validation_clips(members: list[str] | None) -> None:
    table = _table(0, MODELS)
    scores = ensemble(table, members)
    names = members or list(MODELS)
    expected = np.zeros(len(table.files))
    for name in names:
        values = table.columns[name]
        mean = sum(values[:VALIDATION]) / VALIDATION
        std = (sum((value - mean) ** 2 for value in values[:VALIDATION]) / VALIDATION) ** 0.5
        expected += (values - mean) / std / len(names)
    np.testing.assert_allclose(scores.validation, expected[:VALIDATION], rtol=RELATIVE, atol=1e-12)
    np.testing.assert_allclose(scores.test, expected[VALIDATION:], rtol=RELATIVE, atol=1e-12)


def test_a_clip_s_ensemble_score_does_not_depend_on_the_other_test_clips() -> None:
    table = _table(1, MODELS)
    everything = ensemble(table).test
    for keep in ([0], [3, 1], list(range(5, 4 * PER_CLASS))):
        part = _rows(table, [*range(VALIDATION), *(VALIDATION + row for row in keep)])
        np.testing.assert_array_equal(ensemble(part).test, everything[keep])


def test_the_scale_of_a_model_s_scores_does_not_matter() -> None:
    table = _table(2, MODELS)
    scaled = {name: 3.0 + 1000.0 * values for name, values in table.columns.items()}
    other = CandidateTable(table.files, table.parts, table.domains, table.labels, scaled)
    np.testing.assert_allclose(ensemble(other).test, ensemble(table).test, rtol=1e-9, atol=1e-9)


def _official_score(tables: dict[str, CandidateTable], name: str) -> float:
    """Harmonic mean over AUC source, AUC target and pAUC of all machines, by scikit-learn, within domains."""
    values = []
    for table in tables.values():
        test = table.part("test")
        labels = np.array([label == "anomaly" for label in test.labels])
        domains = np.array(test.domains)
        for domain in ("source", "target"):
            here = domains == domain
            values.append(roc_auc_score(labels[here], test.columns[name][here]))
        values.append(roc_auc_score(labels, test.columns[name], max_fpr=0.1))
    return len(values) / sum(1 / value for value in values)


def test_the_selected_members_are_those_with_the_best_official_scores() -> None:
    shifts = {f"knn-{size}-source": shift for size, shift in enumerate(np.linspace(0.0, 2.0, 9), 1)}
    tables = {"fan": _table(3, shifts), "valve": _table(4, shifts)}
    scores = {name: _official_score(tables, name) for name in shifts}
    assert len(set(scores.values())) == len(scores), "no ties, so that there is one right answer"
    best_first = sorted(scores, key=scores.__getitem__, reverse=True)
    for count in (1, 4, 9, 20):
        assert _selected(tables, count) == best_first[:count]


def test_a_model_that_a_machine_lacks_is_not_selected() -> None:
    tables = {"fan": _table(5, {"gmm-32-source": 9.0, "knn-1-source": 0.0}), "valve": _table(6, {"knn-1-source": 0.0})}
    assert _selected(tables, 20) == ["knn-1-source"]


def test_the_selected_rows_are_marked_as_having_seen_labels() -> None:
    results = evaluate_systems({"oe": {"fan": [_table(7, MODELS)]}}, selected=2)
    assert [(result.row.name, result.row.uses_labels) for result in results] == [
        ("OE", False),
        ("OE (2 selected)", True),
    ]


@pytest.fixture(scope="module")
def half_diverged() -> list[SystemResult]:
    """The autoencoder has no scores of valve; OE has both machines."""
    baselines = {"mse": 0.5, "mahalanobis": 0.7}
    oe = {"fan": [_table(8, MODELS)], "valve": [_table(9, MODELS)]}
    return evaluate_systems({"autoencoder": {"fan": [_table(10, baselines)]}, "oe": oe}, selected=2)


def test_a_system_that_lacks_a_machine_has_no_mean_over_the_others(half_diverged: list[SystemResult]) -> None:
    lines = [line for line in table_lines(half_diverged, ["fan", "valve"]) if line.origin != "paper"]
    assert len(lines) == 3 * 4 * 2, "three tables, four systems, two conventions"
    for line in lines:
        last = "official" if line.table == 4 else "hmean"
        assert list(line.values) == ["fan", "valve", last]
        missing = {column for column, value in line.values.items() if value is None}
        assert missing == ({"valve", last} if line.system.startswith("Baseline") else set())


def test_what_is_missing_is_a_dash_in_the_table(half_diverged: list[SystemResult]) -> None:
    lines, intervals = table_lines(half_diverged, ["fan", "valve"]), interval_lines(half_diverged, ["fan", "valve"])
    tables = ResultTables(heading="Data", data="synthetic", lines=lines, intervals=intervals)
    rows = [line for line in as_markdown(tables).splitlines() if line.startswith("| Baseline")]
    ours = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows if "| paper |" not in row]
    assert len(ours) == 3 * 2 * 2
    for _, _, fan, valve, last in ours:
        assert float(fan) > 0
        assert (valve, last) == ("–", "–")


def test_the_intervals_show_no_official_score_of_fewer_machines(half_diverged: list[SystemResult]) -> None:
    lines = [line for line in interval_lines(half_diverged, ["fan", "valve"])[1:] if line.startswith("Baseline")]
    assert not [line for line in lines if any(character.isdigit() for character in line.split(":", 1)[1])]


def test_the_items_of_a_domain_invariant_system_are_averaged_model_by_model() -> None:
    """Sec. 4.1: for each inlier model, the systems of different attribute items form an ensemble."""
    tables = [_table(11, MODELS), _table(12, {**MODELS, "gmm-32-source": 0.0})]
    members = member_scores(tables)
    assert list(members) == list(MODELS), "a model that one item lacks is left out"
    for name, scores in members.items():
        each = [member_scores([table])[name] for table in tables]
        np.testing.assert_allclose(scores.test, (each[0].test + each[1].test) / 2, rtol=RELATIVE, atol=1e-12)


FLOW = {"flow": 1.0}


@pytest.fixture(scope="module")
def eleven() -> list[SystemResult]:
    """All systems on two machines; valve has no attribute, so no domain-invariant system."""
    baselines = {"mse": 0.5, "mahalanobis": 0.7}
    tables = {"autoencoder": {"fan": [_table(20, baselines)], "valve": [_table(21, baselines)]}}
    for place, (system, models) in enumerate(
        {"oe": MODELS, "oe-flow": {**MODELS, **FLOW}, "serialoe-flow": FLOW}.items()
    ):
        tables[system] = {m: [_table(30 + 2 * place + k, models)] for k, m in enumerate(("fan", "valve"))}
    tables["oe-dflow"] = {"fan": [_table(40, MODELS), _table(41, MODELS)]}
    tables["serialoe-dflow"] = {"fan": [_table(42, FLOW), _table(43, FLOW)]}
    return evaluate_systems(tables, selected=2)


def test_all_eleven_rows_are_in_the_paper_s_order_and_the_selected_ones_follow(
    eleven: list[SystemResult],
) -> None:
    plain = [result.row.name for result in eleven if not result.row.uses_labels]
    assert plain == list(dict.fromkeys(system for table, system, _ in paper_values() if table == 2))
    assert len(plain) == 11
    assert [result.row.name for result in eleven if result.row.uses_labels] == [
        "OE (2 selected)",
        "OE-Flow (2 selected)",
        "OE-DFlow (2 selected)",
        *(f"Submitted system{number} (selected)" for number in (1, 2, 3, 4)),
    ]


def test_a_submitted_system_is_the_mean_of_its_members_standardised_scores(eleven: list[SystemResult]) -> None:
    by_name = {result.row.name: result.scores for result in eleven}
    members = {
        "Submitted system1": ["OE", "OE-Flow", "OE-DFlow", "SerialOE-Flow", "SerialOE-DFlow"],
        "Submitted system2": ["OE-DFlow", "SerialOE-DFlow"],
        "Submitted system3": ["OE", "OE-Flow", "OE-DFlow"],
        "Submitted system4": ["OE", "OE-Flow", "OE-DFlow", "SerialOE-DFlow"],
    }
    for name, parts in members.items():
        expected = np.zeros(4 * PER_CLASS)
        for part in parts:
            scores = by_name[part]["fan"]
            expected += (scores.test - scores.validation.mean()) / scores.validation.std() / len(parts)
        np.testing.assert_allclose(by_name[name]["fan"].test, expected, rtol=1e-9, atol=1e-12)


def test_a_submitted_system_has_no_score_where_a_member_diverged() -> None:
    tables = {"oe": {"fan": [_table(50, MODELS)]}, "oe-flow": {}, "oe-dflow": {"fan": [_table(51, MODELS)]}}
    tables["oe"]["valve"] = [_table(52, MODELS)]
    tables["oe-flow"] = {"fan": [_table(53, MODELS)], "valve": [_table(54, MODELS)]}
    results = evaluate_systems(tables, selected=2, diverged={("oe-flow", "fan")})
    system3 = next(result for result in results if result.row.name == "Submitted system3")
    assert set(system3.scores) == {"valve"}


def test_a_machine_that_lacks_a_member_is_scored_by_the_others() -> None:
    one, other = (ClipScores(np.arange(4.0), rng.standard_normal(6)) for rng in map(np.random.default_rng, (1, 2)))
    scores = submitted([{"fan": one, "valve": one}, {"fan": other}])
    assert set(scores) == {"fan", "valve"}
    expected = (one.test - one.validation.mean()) / one.validation.std()
    np.testing.assert_allclose(scores["valve"].test, expected, rtol=RELATIVE)
