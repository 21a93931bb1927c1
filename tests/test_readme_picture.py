"""The picture of the README is what `asd reproduce` draws of the numbers in docs/results_synthetic.md."""

import re
from pathlib import Path

import pytest

from asd_recipes.reproduction.score_picture import PictureRow, Score, draw_scores

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "results_synthetic.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
NUMBER = r"(\d+\.\d\d)"
SCORE = rf"{NUMBER} \[{NUMBER}, {NUMBER}\]"
LINE = re.compile(rf"^- ([^:*]+): within-domain {SCORE}; official {SCORE}$", re.MULTILINE)


def _rows() -> list[PictureRow]:
    table = PAGE[PAGE.index("**Table 4") :]
    found = re.findall(rf"^\| ([^|*]+) \| paper \|.*\| {NUMBER} \|$", table, re.MULTILINE)
    paper = {name: float(score) for name, score in found}
    rows = []
    for name, *cells in LINE.findall(PAGE):
        within, official = (Score(*map(float, part)) for part in (cells[:3], cells[3:]))
        rows.append(PictureRow(name, {"within-domain": within, "official": official}, paper.get(name)))
    return rows


def test_the_picture_is_drawn_of_the_page_s_numbers(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pictures need matplotlib")
    assert len(_rows()) == 14, "eleven systems of the paper, and three that are not"
    draw_scores(_rows(), tmp_path / "scores.svg", data="synthetic", seed=0)
    assert (tmp_path / "scores.svg").read_text() == (ROOT / "docs" / "scores_synthetic.svg").read_text(), (
        "draw it again: copy plots/scores.svg of the run that the page is of to docs/scores_synthetic.svg"
    )
