"""Files as people really write them: each documented repair gives the same numbers, with a warning that names it."""

import warnings

import pytest
from fan_files import DECISION, SCORE

from asd_eval import evaluate_directory, read_submission


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
        "byte-order mark, CRLF or CR line ends, semicolons instead of commas, a header row",
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
    path = directory / DECISION
    path.write_text("".join(f"{line}.0\n" for line in path.read_text().splitlines()))
    assert evaluate_directory(directory) == expected


def test_a_clean_directory_warns_of_nothing(directory):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert evaluate_directory(directory).official_score is not None
