"""The page about conventions shows what really comes out."""

import contextlib
import io
import re
from pathlib import Path

import pytest

PLACES = [parent / "docs" / "conventions.md" for parent in Path(__file__).resolve().parents]


def test_the_example_of_the_page_prints_what_the_page_says():
    page = next((place for place in PLACES if place.is_file()), None)
    if page is None:
        pytest.skip("docs/conventions.md is not beside the package")
    text = page.read_text(encoding="utf-8")
    (example,), (shown,) = (re.findall(rf"^```{kind}\n(.*?)^```$", text, re.M | re.S) for kind in ("python", "text"))
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(example, {})
    assert printed.getvalue() == shown
