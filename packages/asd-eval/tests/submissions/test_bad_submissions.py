"""Bad submission files: each a typed error that names file and row."""

import shutil

import pytest
from fan_files import DECISION, NAMES, SCORE, rewrite, row

from asd_eval import evaluate_directory, read_submission
from asd_eval.errors import (
    ClipMismatchError,
    DuplicateNameError,
    EncodingError,
    FileNameError,
    MissingFileError,
    RowError,
    SubmissionError,
)

GOOD = NAMES[0]
BAD_SCORE_ROWS = {
    "a NaN": f"{GOOD},nan",
    "another NaN": f"{GOOD},NaN",
    "infinite": f"{GOOD},inf",
    "minus infinity": f"{GOOD},-Infinity",
    "overflow": f"{GOOD},1e999",
    "a word": f"{GOOD},high",
    "nothing": f"{GOOD},",
    "two points": f"{GOOD},1.2.3",
    "hexadecimal": f"{GOOD},0x1p3",
    "underscores": f"{GOOD},1_000",
    "a complex number": f"{GOOD},1+2j",
    "None": f"{GOOD},None",
    "percent": f"{GOOD},50%",
    "a list": f"{GOOD},[1]",
    "a tensor": f"{GOOD},tensor(1.)",
    "a dash": f"{GOOD},-",
    "a quoted decimal comma": f'{GOOD},"0,5"',
    "a unit": f"{GOOD},5 dB",
    "one field": GOOD,
    "three fields": f"{GOOD},0.5,1",
    "a decimal comma": f"{GOOD},0,5",
    "a trailing comma": f"{GOOD},0.5,",
    "no name": ",0.5",
    "an open quote": f'"{GOOD},0.5',
    "text after a quote": f'"{GOOD}"x,0.5',
    "spaces for a comma": f"{GOOD} 0.5",
}
BAD_DECISION_ROWS = {
    "two": f"{GOOD},2",
    "minus one": f"{GOOD},-1",
    "a half": f"{GOOD},0.5",
    "true": f"{GOOD},True",
    "normal": f"{GOOD},normal",
    "nothing": f"{GOOD},",
    "NaN": f"{GOOD},nan",
    "exponent": f"{GOOD},1e0",
    "one field": GOOD,
    "three fields": f"{GOOD},1,1",
}


@pytest.mark.parametrize("position", [1, 5])
@pytest.mark.parametrize("what", BAD_SCORE_ROWS)
def test_a_bad_score_row_is_named_with_file_and_row(directory, what, position):
    text = BAD_SCORE_ROWS[what].replace(GOOD, NAMES[position - 1])
    rewrite(directory / SCORE, row(position, text))
    with pytest.raises(RowError) as caught:
        evaluate_directory(directory)
    assert caught.value.path == directory / SCORE
    # an open quote swallows the lines after it; the row where the file ends is as near as anyone can tell
    assert caught.value.row == position or what == "an open quote"
    assert SCORE in str(caught.value)


@pytest.mark.parametrize("what", BAD_DECISION_ROWS)
def test_a_bad_decision_row_is_named_with_file_and_row(directory, what):
    rewrite(directory / DECISION, row(1, BAD_DECISION_ROWS[what]))
    with pytest.raises(RowError) as caught:
        evaluate_directory(directory)
    assert (caught.value.path, caught.value.row) == (directory / DECISION, 1)


BAD_FILES = {
    "empty": (b"", SubmissionError),
    "blank lines alone": (b"\n\n  \n", SubmissionError),
    "a header alone": (b"name,score\n", SubmissionError),
    "a byte-order mark alone": (b"\xef\xbb\xbf", SubmissionError),
    "a zero byte": (b"a.wav,\x001\n", EncodingError),
    "a zip": (b"PK\x03\x04\x14\x00\x00\x00", EncodingError),
    "UTF-32": ("a.wav,1\n".encode("utf-32-be"), EncodingError),
    "half of UTF-16": (b"\xff\xfea\x00.", EncodingError),
    "JSON": (b'{"a.wav": 1}\n', RowError),
    "HTML": (b"<!doctype html>\n<html></html>\n", RowError),
    "an unknown header": (b"clipname,value\n", RowError),
}


@pytest.mark.parametrize("what", BAD_FILES)
@pytest.mark.parametrize("file", [SCORE, DECISION])
def test_a_file_that_is_no_submission_file_is_named(directory, what, file):
    content, error = BAD_FILES[what]
    (directory / file).write_bytes(content)
    with pytest.raises(error) as caught:
        evaluate_directory(directory)
    assert caught.value.path == directory / file


@pytest.mark.parametrize("file", [SCORE, DECISION])
def test_a_clip_twice_is_named_with_both_rows(directory, file):
    rewrite(directory / file, lambda lines: [*lines, lines[2]])
    with pytest.raises(DuplicateNameError, match=r"row 9.*first in row 3") as caught:
        evaluate_directory(directory)
    assert caught.value.path == directory / file


@pytest.mark.parametrize("file", [SCORE, DECISION])
def test_a_clip_that_the_other_file_lacks_is_named(directory, file):
    rewrite(directory / file, lambda lines: lines[:-1])
    with pytest.raises(ClipMismatchError) as caught:
        evaluate_directory(directory)
    assert caught.value.row == 8
    assert file in str(caught.value)


def test_the_row_is_the_files_own_where_a_header_and_a_blank_line_come_before(directory):
    change = lambda lines: ["name,value", lines[0], "", "section_00_0001.wav,1", *lines[1:]]  # noqa: E731
    for file in (SCORE, DECISION):
        rewrite(directory / file, change)
    with pytest.warns(UserWarning, match="header"), pytest.raises(ClipMismatchError, match="ground_truth") as caught:
        evaluate_directory(directory)
    assert caught.value.row == 4


def test_names_that_tell_no_label_ask_for_ground_truth(directory):
    rewrite(directory / SCORE, row(3, "section_00_0003.wav,1.0"))
    rewrite(directory / DECISION, row(3, "section_00_0003.wav,1"))
    with pytest.raises(ClipMismatchError, match="ground_truth") as caught:
        evaluate_directory(directory)
    assert caught.value.row == 3


def test_no_directory_no_file_and_an_empty_directory_are_named(directory, tmp_path):
    for place in (tmp_path / "nowhere", directory / SCORE):
        with pytest.raises(MissingFileError, match="no such directory"):
            read_submission(place)
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingFileError, match="no anomaly_score"):
        read_submission(tmp_path / "empty")


def test_decisions_without_scores_are_named(directory):
    (directory / SCORE).unlink()
    with pytest.raises(MissingFileError, match="decisions without"):
        read_submission(directory)


@pytest.mark.parametrize("name", ["anomaly_score_fan.csv", "anomaly_score_fan_00.csv", "decision_result.csv",
                                  "anomaly_score_fan_section_00_train.csv",
                                  "anomaly_score_fan_section_00_test (1).csv"])  # fmt: skip
def test_file_names_of_no_year_are_named(directory, name):
    shutil.copy(directory / SCORE, directory / name)
    with pytest.raises(FileNameError, match="not a file name of any year") as caught:
        read_submission(directory)
    assert caught.value.path.name == name


@pytest.mark.parametrize(
    ("name", "message"),
    [("anomaly_score_DCASE2023T2fan_section_00_test_seed1.csv", "the same machine"),
     ("anomaly_score_pump_id_00.csv", "rules of 2020 and of 2022"),
     ("anomaly_score_pump_section_00_source_test.csv", "rules of 2021 and of 2022")],
)  # fmt: skip
def test_two_systems_in_one_directory_are_refused(directory, name, message):
    shutil.copy(directory / SCORE, directory / name)
    with pytest.raises(FileNameError, match=message):
        read_submission(directory)


def test_there_are_a_hundred_bad_inputs(request):
    modules = {request.path.with_name(f"test_{name}.py") for name in ("bad_submissions", "bad_ground_truth", "repairs")}
    here = [item for item in request.session.items if item.path in modules]
    if {item.path for item in here} != modules or len(here) < 10:
        pytest.skip("run the whole modules to count their cases")
    assert len(here) > 100
