"""A system of a run as a scorer: what is refused."""

from pathlib import Path

import pytest

from asd_recipes.reproduction.run_scorer import load_scorer
from asd_recipes.reproduction.run_store import RunError


def test_an_unknown_system_is_refused_with_the_names_of_all(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"no system 'flow'; the systems are oe, .*serialoe-dflow"):
        load_scorer(tmp_path, system="flow")
