"""An option that was given and names nothing is not the same as one that was left out."""

import pytest
import typer

from asd_recipes.commands.options import names


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_a_list_of_names_that_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="names nothing"):
        names(text)


def test_a_list_that_was_not_given_is_empty() -> None:
    assert names(None) == []
    assert names(" fan, valve,") == ["fan", "valve"]
