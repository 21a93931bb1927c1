"""One call, all metrics; what is missing is said; every format says the same."""

import csv
import errno
import io
import json

import numpy as np
import pytest

from asd_eval import (
    Interval,
    ScoreTable,
    evaluate,
    evaluate_machine,
    find_convention,
    harmonic_mean,
    official_csv,
    official_text,
)
from asd_eval.errors import ConventionError, EvaluationError, LengthError
from asd_eval.evaluation.official_table import official_rows


def columns(clips=80, machines=2):
    rng = np.random.default_rng(0)
    labels = np.arange(clips) % 2
    return {
        "label": labels,
        "score": rng.normal(size=clips) + labels,
        "domain": np.where(np.arange(clips) % 4 < 2, "source", "target"),
        "machine": np.array(["fan", "valve_2"])[np.arange(clips) * machines // clips],
        "section": np.where(np.arange(clips) % 8 < 4, "00", "01"),
    }


def test_arrays_a_mapping_and_a_table_give_the_same():
    c = columns()
    arrays = evaluate(c["label"], c["score"], c["domain"], c["machine"], c["section"])
    assert evaluate(c) == arrays
    assert evaluate(ScoreTable.from_table(c)) == arrays


def test_columns_may_be_named_in_the_plural_and_others_are_ignored():
    plural = {f"{name}s": column for name, column in columns().items()}
    assert evaluate(plural | {"comment": ["x"] * 80}) == evaluate(columns())


def test_a_data_frame_is_a_table():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    assert evaluate(pandas.DataFrame(columns())) == evaluate(columns())


def test_it_agrees_with_the_single_machine_call():
    c = columns(machines=1)
    for convention in ("official", "within-domain"):
        one = evaluate_machine("fan", c["label"], c["score"], c["domain"], convention=convention)
        (section,) = evaluate(c["label"], c["score"], c["domain"], "fan", convention=convention).sections
        for metric, value in (("AUC (source)", one.auc_source), ("AUC (target)", one.auc_target), ("pAUC", one.pauc)):
            assert section.value(metric) == pytest.approx(value, abs=1e-12)


def test_row_order_changes_nothing_but_the_order_of_machines():
    c = columns()
    order = np.random.default_rng(1).permutation(80)
    shuffled = evaluate({name: column[order] for name, column in c.items()})
    assert shuffled.official_score == pytest.approx(evaluate(c).official_score, abs=1e-15)


@pytest.mark.parametrize("year", [2022, 2023, 2024, 2025, 2026, "2023", "dcase2024", "official", "OFFICIAL"])
def test_the_years_2022_to_2026_are_one_convention(year):
    assert find_convention(year).name == "official"


@pytest.mark.parametrize(("year", "name"), [(2020, "dcase2020"), ("dcase2021", "dcase2021"), ("within-domain",) * 2])
def test_other_conventions_have_their_names(year, name):
    assert find_convention(year).name == name


@pytest.mark.parametrize("name", ["", "mine", 2019, 2027, "dcase", "dcase1999", None])
def test_an_unknown_convention_names_the_known_ones(name):
    with pytest.raises(ConventionError, match="within-domain"):
        find_convention(name)


def test_conventions_disagree_where_they_should():
    c = columns()
    scores = {name: evaluate(c, convention=name).official_score for name in ("official", "within-domain", 2021, 2020)}
    assert len({round(score, 6) for score in scores.values()}) == 4


def test_2020_averages_arithmetically_and_2021_harmonically():
    c = columns()
    found = evaluate(c, convention=2020)
    values = [v.value for s in found.sections for v in s.values]
    assert found.official_score == pytest.approx(np.mean(values))
    found = evaluate(c, convention=2021)
    assert found.official_score == pytest.approx(harmonic_mean([v.value for s in found.sections for v in s.values]))


def missing_target():
    c = columns()
    c["domain"] = np.where(c["machine"] == "valve_2", "source", c["domain"])
    return c


def test_a_missing_metric_is_none_with_a_reason_and_no_mean_hides_it():
    found = evaluate(missing_target())
    assert {(m.machine, m.metric, m.reason) for m in found.missing} == {
        ("valve_2", "AUC (target)", "no normal clips of the target domain")
    }
    assert found.official_score is None
    assert found.machine_score("valve_2") is None
    assert found.machine_score("fan") is not None
    assert found.mean(["AUC (source)"]) is not None


def test_means_leave_out_what_is_missing_only_if_asked():
    found = evaluate(missing_target(), skip_missing=True)
    present = [v.value for s in found.sections for v in s.values if v.value is not None and v.metric != "AUC (all)"]
    assert found.official_score == pytest.approx(harmonic_mean(present))
    assert "leave out" in str(found)


@pytest.mark.parametrize("label", [0, 1])
def test_clips_of_one_class_define_no_auc_and_say_so(label):
    found = evaluate(np.full(9, label), np.arange(9.0), ["source"] * 9)
    assert all(v.value is None and "no " in v.reason for v in found.sections[0].values)
    assert found.official_score is None


def test_decisions_add_precision_recall_and_f1_of_each_domain():
    c = columns() | {"decision": (columns()["score"] > 0.5).astype(int)}
    metrics = evaluate(c).metrics
    assert metrics[4:] == tuple(f"{m} ({d})" for m in ("precision", "recall", "F1 score") for d in ("source", "target"))
    assert evaluate(c, convention=2020).metrics[2:] == ("precision", "recall", "F1 score")


def test_every_format_has_the_same_numbers():
    found = evaluate(columns())
    rows = list(csv.DictReader(io.StringIO(found.to_csv())))
    record = json.loads(found.to_json())
    assert record["official_score"] == float(rows[-1]["harmonic mean"]) == found.official_score
    assert [float(row["pAUC"]) for row in rows] == [row["pAUC"] for row in record["rows"]]
    percents = [f"{100 * row['pAUC']:.2f}" for row in record["rows"]]
    for text in (found.to_markdown(), found.to_latex(), str(found)):
        for percent in percents:
            assert percent in text
    assert r"valve\_2" in found.to_latex()
    assert found.to_markdown().splitlines()[2].count("|") == found.to_markdown().splitlines()[0].count("|")


def test_every_format_says_what_is_missing():
    found = evaluate(missing_target())
    assert json.loads(found.to_json())["missing"][0]["reason"] == "no normal clips of the target domain"
    for text in (str(found), found.to_markdown(), found.to_latex()):
        assert "no normal clips of the target domain" in text
    assert ",," in found.to_csv()
    assert "" in [cell for row in official_rows(found) for cell in row if row[0] == "00"]


def test_formats_are_written_whole(tmp_path):
    found = evaluate(columns())
    for name, write in (("a.csv", found.to_csv), ("a.json", found.to_json), ("a.md", found.to_markdown)):
        text = write(tmp_path / name)
        assert (tmp_path / name).read_text() == text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "a.json", "a.md"]


def test_the_official_file_of_a_system_without_decisions_has_no_columns_for_them():
    text = official_csv(evaluate(columns()))
    assert "precision" not in text
    assert "ci95" not in text
    assert text.splitlines()[0] == "fan"


@pytest.mark.parametrize("convention", ["official", "within-domain", 2021, 2020])
def test_the_printed_official_table_has_every_mean_of_the_file_and_fits_a_terminal(convention):
    decisions = {"decision": (columns()["score"] > 0.5).astype(int)}
    found = evaluate(columns() | decisions, convention=convention)
    text = official_text(found)
    for row in official_rows(found):
        for value in (cell for cell in row if isinstance(cell, float)):
            assert f"{100 * value:.2f}" in text, row
    assert f"official score  {100 * found.official_score:.2f} %" in text
    assert max(len(line) for line in text.splitlines() if "convention" not in line) <= 80


def test_the_printed_official_table_shows_what_is_missing_and_the_interval_that_it_is_given():
    text = official_text(evaluate(missing_target()))
    assert "official score  missing" in text
    assert "no normal clips of the target domain" in text
    assert "  -" in text
    interval = Interval(0.5, 0.4, 0.625, 0.9, "by hand")
    assert "%, 90 % interval [40.00, 62.50] (by hand)" in official_text(evaluate(columns()), interval)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (({"score": [1.0]},), EvaluationError),
        (({"label": [0, 1], "score": [1.0]},), LengthError),
        (({"label": [0, 1], "score": [1.0, 2.0]}, [1.0, 2.0]), EvaluationError),
        (([0, 1], [1.0, 2.0], ["source"]), LengthError),
        (([0, 1], [1.0, 2.0], None, ["a"]), LengthError),
        (([0, 1], [1.0, 2.0], None, [["a", "b"]]), EvaluationError),
    ],
)
def test_columns_that_do_not_fit_are_refused(arguments, error):
    with pytest.raises(error):
        evaluate(*arguments)


def test_a_table_and_columns_together_are_refused():
    with pytest.raises(EvaluationError, match="in the table"):
        evaluate(columns(), domains=["source"] * 80)


def test_unknown_metrics_and_machines_are_named():
    found = evaluate(columns())
    with pytest.raises(ConventionError, match="AUC"):
        found.mean(["accuracy"])
    with pytest.raises(ConventionError, match="pump"):
        found.machine_score("pump")


@pytest.mark.parametrize("gap", [float("nan"), np.float64("nan"), None])
@pytest.mark.parametrize("column", ["machine", "section", "name", "domain"])
def test_a_gap_in_a_column_of_words_is_named_and_no_machine(column, gap):
    table = {name: list(values) for name, values in columns().items()}
    table |= {"section": ["00"] * 80, "name": [f"{i}.wav" for i in range(80)]}
    table[column][3] = gap
    with pytest.raises(EvaluationError, match=rf"{column}s\[3\] is {gap}"):
        evaluate(table)
    table[column] = np.array(table[column], dtype=object)
    with pytest.raises(EvaluationError, match=rf"{column}s\[3\] is {gap}"):
        evaluate(table)


def test_a_number_may_name_a_section_and_a_word_a_machine_called_nan():
    found = evaluate(columns() | {"section": np.repeat([0, 1], 40), "machine": ["nan"] * 80})
    assert [(s.machine, s.section) for s in found.sections] == [("nan", "0"), ("nan", "1")]


def test_a_write_that_fails_leaves_nothing_beside_and_names_the_file(tmp_path, monkeypatch):
    def full_disk(path, target):
        raise OSError(errno.ENOSPC, "no space left")

    found = evaluate(columns())
    monkeypatch.setattr("pathlib.Path.replace", full_disk)
    with pytest.raises(OSError, match=r"no space left.*a\.csv"):
        found.to_csv(tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []
