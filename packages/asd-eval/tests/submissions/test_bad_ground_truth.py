"""Bad ground truth, and ground truth of other clips: each a typed error that names the file."""

import shutil

import pytest
from fan_files import DECISION, NAMES, SCORE, rewrite, row

from asd_eval import evaluate_directory, read_ground_truth
from asd_eval.errors import (
    ClipMismatchError,
    DuplicateNameError,
    FileNameError,
    MissingFileError,
    RowError,
    SubmissionError,
)

GOOD = NAMES[0]


@pytest.fixture
def truth(tmp_path):
    place = tmp_path / "truth"
    for folder, values in (("ground_truth_data", "01" * 4), ("ground_truth_domain", "00001111")):
        (place / folder).mkdir(parents=True)
        rows = "".join(f"{name},{value}\n" for name, value in zip(NAMES, values, strict=True))
        (place / folder / "ground_truth_fan_section_00_test.csv").write_text(rows)
    return place


@pytest.mark.parametrize("folder", ["ground_truth_data", "ground_truth_domain"])
@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda p: p.write_text(""), SubmissionError),
        (lambda p: rewrite(p, row(1, f"{GOOD},2")), RowError),
        (lambda p: rewrite(p, row(1, f"{GOOD},anomaly")), RowError),
        (lambda p: rewrite(p, row(1, GOOD)), RowError),
        (lambda p: rewrite(p, lambda lines: [*lines, lines[0]]), DuplicateNameError),
        (lambda p: rewrite(p, lambda lines: lines[1:]), ClipMismatchError),
    ],
)
def test_bad_ground_truth_is_named(directory, truth, folder, change, error):
    change(truth / folder / "ground_truth_fan_section_00_test.csv")
    with pytest.raises(error) as caught:
        evaluate_directory(directory, ground_truth=truth)
    assert "ground_truth" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda d, t: shutil.rmtree(t), MissingFileError),
        (lambda d, t: (t / "ground_truth_data" / "ground_truth_fan_section_00_test.csv").unlink(), MissingFileError),
        (lambda d, t: (t / "ground_truth_domain" / "ground_truth_fan_section_00_test.csv").unlink(), MissingFileError),
        (lambda d, t: (t / "ground_truth_data" / "ground_truth_fan.csv").write_text("a,1\n"), FileNameError),
        (lambda d, t: [(d / f).rename(d / f.replace("fan", "pump")) for f in (SCORE, DECISION)], ClipMismatchError),
        (lambda d, t: [rewrite(d / f, lambda x: x[:-1]) for f in (SCORE, DECISION)], ClipMismatchError),
        (lambda d, t: [rewrite(d / f, lambda x: [*x, "more.wav,1"]) for f in (SCORE, DECISION)], ClipMismatchError),
        (lambda d, t: [shutil.copy(t / x / "ground_truth_fan_section_00_test.csv",
                                   t / x / "ground_truth_pump_section_00_test.csv")
                       for x in ("ground_truth_data", "ground_truth_domain")], ClipMismatchError),
    ],
)  # fmt: skip
def test_submission_and_ground_truth_must_name_the_same_clips(directory, truth, change, error):
    change(directory, truth)
    with pytest.raises(error):
        evaluate_directory(directory, ground_truth=truth)


def test_the_row_of_a_clip_without_ground_truth_is_the_files_own(directory, truth):
    for file in (SCORE, DECISION):
        rewrite(directory / file, lambda lines: ["name,value", lines[0], "", "more.wav,1", *lines[1:]])
    with pytest.warns(UserWarning, match="header"), pytest.raises(ClipMismatchError, match=r"more\.wav") as caught:
        evaluate_directory(directory, ground_truth=truth)
    assert caught.value.row == 4


@pytest.mark.parametrize(
    "text",
    ["", "a.wav,section_00_source_test_normal_0000.wav\n", "fan\na.wav,b.wav\n", "fan\na.wav,section_00_0001.wav\n",
     "fan\n", "fan\na.wav,normal_id_00_0.wav,0\na.wav,normal_id_00_0.wav,0\n", "fan\na,b,c,d\n"],
)  # fmt: skip
def test_bad_lists_of_evaluation_clips_are_named(tmp_path, text):
    path = tmp_path / "eval_data_list.csv"
    path.write_text(text)
    with pytest.raises(SubmissionError) as caught:
        read_ground_truth(path)
    assert caught.value.path == path
