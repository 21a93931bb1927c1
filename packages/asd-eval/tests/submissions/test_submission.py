"""Submission files: written by the rules of each year, read back the same, scored against ground truth."""

import numpy as np
import pytest

from asd_eval import (
    RepairWarning,
    check_submission,
    compare_directories,
    evaluate,
    evaluate_directory,
    read_ground_truth,
    read_scores,
    read_submission,
    write_submission,
)
from asd_eval.errors import ConventionError, DuplicateNameError, SubmissionError
from asd_eval.submissions.names import label_in_name, parse_submission_name, submission_name

YEARS = [2020, 2021, 2022, 2023, 2024, 2025, 2026]
SCORES = np.array([-3.0, 12345.678901234567, 1e-300, -2.5])  # each domain its own AUC
DECISIONS = np.array([0, 0, 1, 0])


def names_for(year, domain="source"):
    if year == 2020:
        return [f"{word}_id_00_0000000{i}.wav" for i, word in enumerate(["normal", "anomaly"] * 2)]
    return [f"section_00_{domain}_test_{word}_000{i}_vel_1.wav" for i, word in enumerate(["normal", "anomaly"] * 2)]


def write(directory, year, scores=SCORES, machine="fan"):
    for domain in ("source", "target"):
        if year == 2021 or domain == "source":
            names = names_for(year, domain)
            if year >= 2022:
                names = names[:2] + names_for(year, "target")[2:]
            decisions = None if year == 2020 else DECISIONS
            write_submission(
                directory, names, scores, machine=machine, decisions=decisions, year=year,
                domain=domain if year == 2021 else "",
            )  # fmt: skip


@pytest.mark.parametrize("year", YEARS)
def test_what_is_written_is_read_back_bit_for_bit_and_passes_the_check(tmp_path, year):
    write(tmp_path, year)
    found = read_submission(tmp_path)
    for section in found.sections:
        assert section.scores.tolist() == SCORES.tolist()
        assert (section.decisions is None) == (year == 2020)
        assert year == 2020 or section.decisions.tolist() == DECISIONS.tolist()
    assert check_submission(tmp_path, year=year) == ()


@pytest.mark.parametrize(
    ("year", "files"),
    [
        (2020, ["anomaly_score_fan_id_00.csv"]),
        (2021, [f"{k}_fan_section_00_{d}_test.csv" for k in ("anomaly_score", "decision_result")
                for d in ("source", "target")]),
        (2023, [f"{k}_fan_section_00_test.csv" for k in ("anomaly_score", "decision_result")]),
    ],
)  # fmt: skip
def test_files_are_called_by_the_rules_of_their_year(tmp_path, year, files):
    write(tmp_path, year)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(files)


def test_the_files_of_another_year_do_not_pass(tmp_path):
    write(tmp_path, 2021)
    problems = check_submission(tmp_path, year=2023)
    assert len(problems) == 4
    assert "anomaly_score_fan_section_00_test.csv" in str(problems[0])
    assert "decision_result_fan_section_00_test.csv" in str(problems[1])


def test_a_decision_file_under_another_name_does_not_pass(tmp_path):
    write(tmp_path, 2023)
    path = tmp_path / "decision_result_fan_section_00_test.csv"
    strange = path.rename(tmp_path / "decision_result_DCASE2023T2fan_section_00_test_seed1_Eval.csv")
    (problem,) = check_submission(tmp_path, year=2023)
    assert problem.path == strange
    assert path.name in str(problem)


def test_decisions_do_not_pass_by_the_rules_of_2020(tmp_path):
    write(tmp_path, 2020)
    scores = tmp_path / "anomaly_score_fan_id_00.csv"
    rows = [line.split(",")[0] + ",0" for line in scores.read_text().splitlines()]
    (tmp_path / "decision_result_fan_id_00.csv").write_text("\n".join(rows) + "\n")
    (problem,) = check_submission(tmp_path, year=2020)
    assert "have no decision" in str(problem)


def test_the_check_lists_every_problem_and_the_reader_stops_at_the_first(tmp_path):
    write(tmp_path, 2023)
    write(tmp_path, 2023, machine="valve")
    (tmp_path / "anomaly_score_fan_section_00_test.csv").write_text("a.wav,nan\n")
    (tmp_path / "decision_result_valve_section_00_test.csv").unlink()
    (tmp_path / "anomaly_score_pump.csv").write_text("a.wav,1\n")
    problems = check_submission(tmp_path, year=2023, clips={("slider", "00"): ["a.wav"]})
    assert len(problems) == 4
    assert all(isinstance(problem, SubmissionError) for problem in problems)
    with pytest.raises(SubmissionError):
        read_submission(tmp_path)


def test_the_check_knows_the_expected_clips(tmp_path):
    write(tmp_path, 2023)
    names = names_for(2023)[:2] + names_for(2023, "target")[2:]
    assert check_submission(tmp_path, year=2023, clips={("fan", "00"): names}) == ()
    (problem,) = check_submission(tmp_path, year=2023, clips={("fan", "00"): [*names, "one_more.wav"]})
    assert "one_more.wav" in str(problem)
    (problem,) = check_submission(tmp_path, year=2023, clips={("fan", "00"): names[:3]})
    assert "unknown" in str(problem)


BASELINE = {
    "anomaly_score_DCASE2023T2bearing_section_00_test_seed13711_id(0_)_Eval.csv": ("bearing", "00"),
    "decision_result_DCASE2023T2bearing_section_00_test_seed13711_id(0_).csv": ("bearing", "00"),
    "anomaly_score_DCASE2024T23DPrinter_section_00_test_seed13711_id(0_)_Eval.csv": ("3DPrinter", "00"),
    "anomaly_score_DCASE2025T2ToyRCCar_section_00_test_seed-1.csv": ("ToyRCCar", "00"),
    "anomaly_score_DCASE2022T2fan_section_05_test_seed1.csv": ("fan", "05"),
}


@pytest.mark.parametrize(("name", "key"), BASELINE.items())
def test_the_baselines_own_file_names_are_understood(name, key):
    parsed = parse_submission_name(name)
    assert (parsed.machine, parsed.section) == key
    assert parsed.baseline


def test_a_baselines_directory_is_evaluated_like_any_other(tmp_path):
    write(tmp_path / "ours", 2023)
    (tmp_path / "baseline").mkdir()
    for kind in ("anomaly_score", "decision_result"):
        text = (tmp_path / "ours" / f"{kind}_fan_section_00_test.csv").read_text()
        (tmp_path / "baseline" / f"{kind}_DCASE2023T2fan_section_00_test_seed13711_id(0_)_Eval.csv").write_text(text)
    assert evaluate_directory(tmp_path / "baseline") == evaluate_directory(tmp_path / "ours")


@pytest.mark.parametrize(
    ("name", "label", "domain"),
    [
        ("section_00_source_test_normal_0028_car_C2_spd_34V_mic_1.wav", 0, "source"),
        ("section_02_target_test_anomaly_0099_noAttribute.wav", 1, "target"),
        ("section_00_target_test_normal_0021_m-n_Y.wav", 0, "target"),
        ("normal_id_00_00000000.wav", 0, ""),
        ("anomaly_id_06_00000358.wav", 1, ""),
    ],
)
def test_labelled_names_tell_label_and_domain(name, label, domain):
    clip = label_in_name(name)
    assert (clip.label, clip.domain) == (label, domain)


@pytest.mark.parametrize("name", ["section_00_0001.wav", "section_03_source_test_0000.wav", "a.wav", "id_01_0.wav", ""])
def test_names_of_evaluation_clips_tell_nothing(name):
    assert label_in_name(name) is None


@pytest.mark.parametrize(
    "name",
    ["result.csv", "anomaly_score.csv", "anomaly_score_fan.csv", "anomaly_score_fan_section_0x_test.csv",
     "anomaly_score_fan_section_00.csv", "anomaly_score__section_00_test.csv", "anomaly_score_fan_section_00_test.txt"],
)  # fmt: skip
def test_other_names_are_no_submission_files(name):
    assert parse_submission_name(name) is None


def test_machine_names_may_hold_underscores():
    assert parse_submission_name("anomaly_score_my_own_pump_section_12_test.csv").machine == "my_own_pump"


@pytest.mark.parametrize(
    "wrong",
    [{"year": 2019}, {"year": 2027}, {"machine": ""}, {"machine": "a/b"}, {"machine": "../x"}, {"section": "a"},
     {"year": 2021}, {"year": 2021, "domain": "both"}, {"kind": "decision_result", "year": 2020}],
)  # fmt: skip
def test_file_names_outside_the_rules_are_not_made(wrong):
    arguments = {"kind": "anomaly_score", "machine": "fan", "section": "00", "year": 2023} | wrong
    kind, machine, section = (arguments.pop(word) for word in ("kind", "machine", "section"))
    with pytest.raises(ConventionError):
        submission_name(kind, machine, section, **arguments)


EVALUATION_NAMES = [f"section_00_000{i}.wav" for i in range(4)]


def ground_truth(directory, flags=(0, 1, 0, 1), domains=(0, 0, 1, 1)):
    for folder, column in (("ground_truth_data", flags), ("ground_truth_domain", domains)):
        (directory / folder).mkdir(parents=True)
        text = "".join(f"{name},{flag}\n" for name, flag in zip(EVALUATION_NAMES, column, strict=True))
        (directory / folder / "ground_truth_fan_section_00_test.csv").write_text(text)
    return directory


def test_ground_truth_files_and_labelled_names_give_the_same_evaluation(tmp_path):
    write(tmp_path / "named", 2023)
    write_submission(tmp_path / "blind", EVALUATION_NAMES, SCORES, machine="fan", decisions=DECISIONS)
    truth = ground_truth(tmp_path / "truth")
    blind = evaluate_directory(tmp_path / "blind", ground_truth=truth)
    assert blind == evaluate_directory(tmp_path / "named")
    assert blind == evaluate([0, 1, 0, 1], SCORES, ["source"] * 2 + ["target"] * 2, "fan", "00", decisions=DECISIONS)


def with_attributes(truth):
    labelled = ["source_test_normal", "source_test_anomaly", "target_test_normal", "target_test_anomaly"]
    (truth / "ground_truth_attributes").mkdir()
    rows = [f"{name},section_00_{label}_000{i}_vel_1" for i, (name, label) in enumerate(
        zip(EVALUATION_NAMES, labelled, strict=True))]  # fmt: skip
    (truth / "ground_truth_attributes" / "ground_truth_fan_section_00_test.csv").write_text("\n".join(rows) + "\n")
    return truth


def test_attribute_files_translate_labelled_names(tmp_path):
    truth = with_attributes(ground_truth(tmp_path / "truth"))
    write(tmp_path / "named", 2023)
    assert evaluate_directory(tmp_path / "named", ground_truth=truth).official_score is not None


def test_a_clip_under_both_of_its_names_is_there_twice(tmp_path):
    truth = with_attributes(ground_truth(tmp_path / "truth"))
    write(tmp_path / "named", 2023)
    for kind in ("anomaly_score", "decision_result"):
        with (tmp_path / "named" / f"{kind}_fan_section_00_test.csv").open("a") as file:
            file.write(f"{EVALUATION_NAMES[1]},0\n")
    labelled = names_for(2023)[1]
    with pytest.raises(DuplicateNameError, match=f"{labelled} in row 2") as caught:
        evaluate_directory(tmp_path / "named", ground_truth=truth)
    assert caught.value.row == 5


def test_the_organisers_list_of_evaluation_clips_is_a_ground_truth(tmp_path):
    labelled = names_for(2023)[:2] + names_for(2023, "target")[2:]
    rows = [f"{a},{b}" for a, b in zip(EVALUATION_NAMES, labelled, strict=True)]
    (tmp_path / "eval_data_list_2023.csv").write_text("\n".join(["fan", *rows]) + "\n")
    write_submission(tmp_path / "blind", EVALUATION_NAMES, SCORES, machine="fan", decisions=DECISIONS)
    found = evaluate_directory(tmp_path / "blind", ground_truth=tmp_path / "eval_data_list_2023.csv")
    write(tmp_path / "named", 2023)
    assert found == evaluate_directory(tmp_path / "named")


def test_the_list_of_2020_has_flags_and_ids(tmp_path):
    path = tmp_path / "eval_data_list.csv"
    path.write_text(
        "fan\nid_01_00000000.wav,normal_id_01_00000000.wav,0\nid_01_00000001.wav,anomaly_id_01_00000001.wav,1\n"
    )
    clips = read_ground_truth(path).clips
    assert clips == {("fan", "01"): {"id_01_00000000.wav": (0, ""), "id_01_00000001.wav": (1, "")}}


def test_the_ground_truth_of_2021_has_a_file_per_domain(tmp_path):
    for domain in ("source", "target"):
        names = [f"section_03_{domain}_test_000{i}.wav" for i in range(4)]
        rows = "".join(f"{name},{i % 2}\n" for i, name in enumerate(names))
        (tmp_path / f"ground_truth_fan_section_03_{domain}_test.csv").write_text(rows)
        write_submission(tmp_path / "team", names, SCORES, machine="fan", section="03", decisions=DECISIONS,
                         year=2021, domain=domain)  # fmt: skip
    found = evaluate_directory(tmp_path / "team", ground_truth=tmp_path)
    assert found.convention.name == "dcase2021"
    assert found.official_score is not None


def test_file_names_choose_the_convention_and_a_name_overrides_them(tmp_path):
    for year, name in ((2020, "dcase2020"), (2021, "dcase2021"), (2024, "official")):
        write(tmp_path / str(year), year)
        assert evaluate_directory(tmp_path / str(year)).convention.name == name
    assert evaluate_directory(tmp_path / "2024", convention="within-domain").convention.name == "within-domain"


def test_directories_are_compared_clip_by_clip(tmp_path):
    rng = np.random.default_rng(0)
    names = [
        f"section_00_{d}_test_{w}_{i:04}.wav"
        for d in ("source", "target")
        for w in ("normal", "anomaly")
        for i in range(20)
    ]
    labels = np.tile(np.repeat([0, 1], 20), 2)
    for system, gain in (("a", 2.0), ("b", 0.5)):
        scores = rng.normal(size=80) + gain * labels
        order = rng.permutation(80)
        write_submission(
            tmp_path / system, [names[i] for i in order], scores[order], machine="fan", decisions=labels[order]
        )
    found = compare_directories(tmp_path / "a", tmp_path / "b", resamples=500)
    assert found.official.difference.low > 0
    assert found.official.p_value < 0.01


def test_nothing_is_written_if_anything_is_wrong(tmp_path):
    for wrong in (
        {"scores": [1.0, 2.0, np.nan, 3.0]},
        {"decisions": [0, 1, 2, 0]},
        {"decisions": None},
        {"names": ["a.wav"] * 4},
        {"names": ["a.wav", "b,c.wav", "d.wav", "e.wav"]},
        {"names": ["a.wav", "dir/b.wav", "c.wav", "d.wav"]},
        {"names": ["a.wav", "", "c.wav", "d.wav"]},
        {"names": ["a.wav"]},
        {"scores": SCORES[:3]},
        {"machine": "../fan"},
        {"year": 2020},
    ):
        arguments = {"names": EVALUATION_NAMES, "scores": SCORES, "machine": "fan", "decisions": DECISIONS} | wrong
        with pytest.raises(ValueError):  # noqa: PT011 - each has a type of its own
            write_submission(tmp_path / "out", arguments.pop("names"), arguments.pop("scores"), **arguments)
        assert not (tmp_path / "out").exists()


def test_other_files_in_the_directory_are_left_alone(tmp_path):
    write(tmp_path, 2023)
    (tmp_path / "result.csv").write_text("nonsense")
    (tmp_path / "meta.yaml").write_text("nonsense")
    (tmp_path / "ground_truth_fan_section_00_test.csv").write_text("nonsense")
    assert len(read_submission(tmp_path).sections) == 1


def test_repairs_are_warned_of_once_and_fail_the_check(tmp_path):
    write(tmp_path, 2023)
    path = tmp_path / "anomaly_score_fan_section_00_test.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    with pytest.warns(RepairWarning, match="byte-order mark, CRLF") as caught:
        table = read_scores(tmp_path)
    assert len(caught) == 1
    assert caught[0].filename == __file__, "the warning points at the caller's line"
    assert sorted(table.scores.tolist()) == sorted(SCORES.tolist())
    assert len(check_submission(tmp_path, year=2023)) == 2
