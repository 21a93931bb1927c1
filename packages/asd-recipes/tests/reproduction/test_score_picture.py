"""The picture of the official scores: its text, and equal bytes for equal scores."""

from pathlib import Path

import numpy as np
import pytest

from asd_eval import Interval
from asd_recipes.reproduction.paper_tables import MACHINES
from asd_recipes.reproduction.score_picture import PictureRow, Score, draw_scores, picture_rows
from asd_recipes.reproduction.systems import ClipScores, ConventionName, SystemResult, SystemRow

pytest.importorskip("matplotlib", reason="pictures need matplotlib")

BOTH: dict[ConventionName, Score] = {"within-domain": Score(62.0, 60.0, 65.0), "official": Score(59.0, 56.0, 63.0)}
ROWS = [PictureRow("Baseline (MSE)", BOTH, 55.02), PictureRow("OE", BOTH, 64.84)]


def _drawn(folder: Path, rows: list[PictureRow], *, data: str = "synthetic") -> str:
    draw_scores(rows, folder / "scores.svg", data=data, seed=0)
    return (folder / "scores.svg").read_text(encoding="utf-8")


def test_the_same_rows_give_the_same_bytes_whatever_the_user_s_style(tmp_path: Path) -> None:
    import matplotlib

    first = _drawn(tmp_path, ROWS)
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red"}):
        assert _drawn(tmp_path, ROWS) == first
        assert matplotlib.rcParams["font.size"] == 30, "the user's style is left as it was"
    assert "dc:date" not in first


def test_every_name_is_whole_in_the_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib.figure import Figure

    left: list[float] = []
    save = Figure.savefig

    def measure(figure: Figure, *arguments: object, **settings: object) -> None:
        save(figure, *arguments, **settings)
        left.extend(label.get_window_extent().x0 for label in figure.axes[0].get_yticklabels())

    monkeypatch.setattr(Figure, "savefig", measure)
    names = ["Baseline (Mahalanobis)", "SerialOE-DFlow", "Spectral statistics (not in the paper)"]
    _drawn(tmp_path, [PictureRow(name, BOTH, None) for name in names])
    assert len(left) == len(names)
    assert min(left) >= 0, dict(zip(names, left, strict=True))


def test_the_title_names_synthetic_data_as_such_and_other_data_by_their_folder(tmp_path: Path) -> None:
    assert "Official score, SYNTHETIC DATA, seed 0" in _drawn(tmp_path, ROWS)
    real = _drawn(tmp_path, ROWS, data="/data/a$b$c")
    assert "SYNTHETIC" not in real
    assert "/data/a$b$c" in real


def test_a_system_that_lacks_a_machine_is_shown_as_missing(tmp_path: Path) -> None:
    assert "missing" not in _drawn(tmp_path, ROWS)
    assert _drawn(tmp_path, [*ROWS, PictureRow("OE-Flow", {}, 67.65)]).count("missing") == 1


def test_the_paper_s_value_is_in_the_legend_only_where_it_is_drawn(tmp_path: Path) -> None:
    assert "paper" in _drawn(tmp_path, ROWS)
    assert "paper" not in _drawn(tmp_path, [PictureRow("OE", BOTH, None)])


def _result(name: str, machines: tuple[str, ...], *, uses_labels: bool = False) -> SystemResult:
    interval = Interval(0.61234567, 0.6, 0.65, 0.95, "BCa")
    scores = {machine: ClipScores(np.zeros(2), np.zeros(2)) for machine in machines}
    return SystemResult(SystemRow(name, name, uses_labels=uses_labels), scores, {}, {"official": interval})


def test_rows_are_the_systems_that_use_no_labels_with_the_numbers_that_the_tables_print() -> None:
    results = [_result("OE", MACHINES), _result("OE-Flow", MACHINES[1:]), _result("OE", MACHINES, uses_labels=True)]
    oe, flow = picture_rows(results, MACHINES)
    assert oe == PictureRow("OE", {"official": Score(61.23, 60.0, 65.0)}, 64.84)
    assert flow == PictureRow("OE-Flow", {}, 67.65), "one machine is missing, so its score is"


@pytest.mark.parametrize("machines", [MACHINES[1:], (*MACHINES, "pump")])
def test_the_paper_s_value_is_not_shown_beside_a_mean_over_other_machines(machines: tuple[str, ...]) -> None:
    (row,) = picture_rows([_result("OE", machines)], machines)
    assert row.paper is None
    assert row.scores
