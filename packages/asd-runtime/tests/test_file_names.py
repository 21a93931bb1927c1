"""A name in a table or on a terminal is harmless, and is never mistaken for another one."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_runtime.file_names import from_table, in_table, printable

NAMES = st.binary(max_size=20).map(os.fsdecode) | st.text(
    alphabet=st.characters(exclude_categories=["Cs"]) | st.sampled_from("\\=+-@./\n\x1bx8"), max_size=20
)


@given(NAMES)
def test_every_name_is_read_back_from_a_table(name: str) -> None:
    assert from_table(in_table(name)) == name or name.startswith(("./=", "./+", "./-", "./@"))


@given(NAMES)
def test_a_name_is_printable_utf8_and_not_a_formula(name: str) -> None:
    for shown in (in_table(name), printable(name)):
        assert shown.isprintable()
        shown.encode("utf-8")
    assert not in_table(name).startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("name", ["a.wav", "new/Pumpe 7, außen.wav", "../x/section_00.flac", "a=b+c-d@e.wav", "''"])
def test_a_normal_name_stays_as_it_is(name: str) -> None:
    assert in_table(name) == printable(name) == name


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        (os.fsdecode(b"p\xffmp.wav"), r"p\xffmp.wav"),
        ("a\nb\x1b[2J.wav", r"a\nb\x1b[2J.wav"),
        ("\u202evaw.a", r"\u202evaw.a"),
        (r"a\nb.wav", r"a\\nb.wav"),
        ("=1+1.wav", "./=1+1.wav"),
        ("-rf.wav", "./-rf.wav"),
    ],
)
def test_other_names_are_escaped(name: str, cell: str) -> None:
    assert in_table(name) == cell
