"""Bad files: each a typed error that names file and row, or a documented repair that gives the same numbers."""

import shutil
import warnings

import numpy as np
import pytest

from asd_eval import evaluate_directory, read_ground_truth, read_submission, write_submission
from asd_eval.errors import (
    ClipMismatchError,
    DuplicateNameError,
    EncodingError,
    FileNameError,
    MissingFileError,
    RowError,
    SubmissionError,
)

NAMES = [
    f"section_00_{d}_test_{w}_{i:04}.wav" for d in ("source", "target") for w in ("normal", "anomaly") for i in (0, 1)
]
SCORE, DECISION = "anomaly_score_fan_section_00_test.csv", "decision_result_fan_section_00_test.csv"
SCORES = np.array([0.5, 1.25, 2.0, 1.0, 3.5, 4.75, 0.25, 9.0])


@pytest.fixture
def directory(tmp_path):
    write_submission(tmp_path, NAMES, SCORES, machine="fan", decisions=SCORES > 2)
    return tmp_path


def first_row(text):
    """Replace the first row of a file."""
    return lambda lines: [text, *lines[1:]]


def row(number, text):
    return lambda lines: [*lines[: number - 1], text, *lines[number:]]


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


def rewrite(path, change):
    lines = path.read_text().splitlines()
    path.write_text("\n".join(change(lines)) + "\n")


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
    rewrite(directory / DECISION, first_row(BAD_DECISION_ROWS[what]))
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
    with pytest.raises(FileNameError, match="no file name of any year") as caught:
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


def latin_names(text):
    return text.replace("_0000", "_0000_gr\xf6\xdfe_\xc4").encode("latin-1")


REPAIRS = {
    "byte-order mark": (lambda t: b"\xef\xbb\xbf" + t.encode(), "byte-order mark"),
    "CRLF": (lambda t: t.replace("\n", "\r\n").encode(), "CRLF"),
    "CR": (lambda t: t.replace("\n", "\r").encode(), "CR"),
    "semicolons": (lambda t: t.replace(",", ";").encode(), "semicolons"),
    "semicolons and decimal commas": (
        lambda t: t.replace(",", ";").replace("wav", "WAV").replace(".", ",").replace(",WAV", ".wav").encode(),
        "semicolons",
    ),
    "tabs": (lambda t: t.replace(",", "\t").encode(), "tabs"),
    "UTF-16": (lambda t: t.encode("utf-16"), "UTF-16"),
    "UTF-16 big-endian": (lambda t: b"\xfe\xff" + t.encode("utf-16-be"), "UTF-16"),
    "a header": (lambda t: ("name,score\n" + t).encode(), "header"),
    "another header": (lambda t: ("File_Name , anomaly\n" + t).encode(), "header"),
    "blanks around fields": (lambda t: t.replace(",", " , ").encode(), "blanks"),
    "everything Excel does": (
        lambda t: b"\xef\xbb\xbf" + ("name;score\n" + t.replace(",", ";")).replace("\n", "\r\n").encode(),
        "byte-order mark, CRLF or CR line ends, semicolons for commas, a header row",
    ),
}
SILENT = {
    "blank lines": lambda t: t.replace("\n", "\n\n").encode(),
    "no line end at the end": lambda t: t.rstrip("\n").encode(),
    "quoted names": lambda t: "".join(f'"{n}",{s}\n' for n, s in (line.split(",") for line in t.splitlines())).encode(),
    "a plus sign and exponents": lambda t: t.replace(",", ",+").replace("\n", "e0\n").encode(),
    "another row order": lambda t: "\n".join(reversed(t.splitlines())).encode(),
}


@pytest.mark.parametrize("what", REPAIRS)
def test_a_documented_repair_gives_the_same_numbers_and_a_warning(directory, what):
    expected = evaluate_directory(directory)
    change, message = REPAIRS[what]
    path = directory / SCORE
    path.write_bytes(change(path.read_text()))
    with pytest.warns(UserWarning, match=message):
        assert evaluate_directory(directory) == expected


@pytest.mark.parametrize("what", SILENT)
def test_what_csv_allows_needs_no_repair(directory, what):
    expected = evaluate_directory(directory)
    path = directory / SCORE
    path.write_bytes(SILENT[what](path.read_text()))
    assert evaluate_directory(directory) == expected


def test_names_in_latin_1_are_read(directory):
    for file in (SCORE, DECISION):
        (directory / file).write_bytes(latin_names((directory / file).read_text()))
    with pytest.warns(UserWarning, match="Latin-1"):
        assert "größe" in read_submission(directory).sections[0].names[0]


def test_decisions_written_as_floats_are_read(directory):
    expected = evaluate_directory(directory)
    rewrite(directory / DECISION, lambda lines: [f"{line}.0" for line in lines])
    assert evaluate_directory(directory) == expected


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
        (lambda p: rewrite(p, first_row(f"{GOOD},2")), RowError),
        (lambda p: rewrite(p, first_row(f"{GOOD},anomaly")), RowError),
        (lambda p: rewrite(p, first_row(GOOD)), RowError),
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


def test_there_are_a_hundred_bad_inputs(request):
    here = [item for item in request.session.items if item.path == request.path]
    if len(here) < 2:
        pytest.skip("run the whole module to count its cases")
    assert len(here) > 100


def test_a_clean_directory_warns_of_nothing(directory):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert evaluate_directory(directory).official_score is not None
