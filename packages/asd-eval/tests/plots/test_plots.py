"""Pictures show what they say; whether they look right was looked at."""

import io

import numpy as np
import pytest

from asd_eval import bootstrap, partial_auc, roc_auc, roc_curve
from asd_eval.errors import EvaluationError

pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra [plots])")

from asd_eval.plots import plot_det, plot_machine_bars, plot_roc, plot_score_histogram
from asd_eval.plots.style import SERIES

PNG = b"\x89PNG"


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    labels = np.tile(np.repeat([0, 1], 25), 4)
    return {
        "label": labels,
        "score": rng.normal(size=200) + 1.2 * labels,
        "domain": np.tile(np.repeat(["source", "target"], 50), 2),
        "machine": np.repeat(["fan", "valve"], 100),
        "section": ["00"] * 200,
    }


def png_of(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def legend_of(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_the_histogram_counts_every_clip_of_its_machine_once(table):
    figure = plot_score_histogram(table, machine="fan", section="00", threshold=1.0)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["source domain", "target domain"]
    for axes in figure.axes:
        assert legend_of(axes) == ["normal (25)", "anomalous (25)", "threshold 1"]
    assert png_of(figure).startswith(PNG)


def test_a_table_without_domains_gets_one_panel(table):
    del table["domain"]
    assert len(plot_score_histogram(table).axes) == 1


def test_no_clips_no_histogram(table):
    with pytest.raises(EvaluationError, match="no clips"):
        plot_score_histogram(table, machine="pump")


def test_the_roc_names_auc_and_pauc_and_its_region_has_the_partial_area(table):
    labels, scores = table["label"], table["score"]
    figure = plot_roc(labels, scores, resamples=200)
    (axes,) = figure.axes
    texts = " ".join(legend_of(axes))
    assert f"AUC: {100 * roc_auc(labels, scores):.1f} %" in texts
    assert f"pAUC (p = 0.1): {100 * partial_auc(labels, scores):.1f} %" in texts
    outline = axes.collections[1].get_paths()[0].vertices
    x, y = outline[:, 0], outline[:, 1]
    area = 0.5 * abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))
    assert 0.5 * (1 + (area - 0.005) / 0.095) == pytest.approx(partial_auc(labels, scores), abs=1e-12)
    assert png_of(figure).startswith(PNG)


def test_the_band_holds_the_curve_and_ends_where_it_ends(table):
    labels, scores = table["label"], table["score"]
    (axes,) = plot_roc(labels, scores, resamples=400).figure.axes
    outline = axes.collections[0].get_paths()[0].vertices
    assert outline[outline[:, 0] == 1.0][:, 1] == pytest.approx(1.0)
    false_rate, true_rate = roc_curve(labels, scores)
    for rate in (0.2, 0.5, 0.8):
        reached = outline[np.isclose(outline[:, 0], rate)][:, 1]
        assert reached.min() - 0.02 < np.interp(rate, false_rate, true_rate) < reached.max() + 0.02
        assert reached.min() < reached.max()


def test_det_curves_of_perfect_systems_have_nothing_to_draw_but_say_so(table):
    labels = table["label"]
    figure = plot_det({"ours": (labels, table["score"]), "perfect": (labels, labels)})
    assert legend_of(figure.axes[0]) == ["ours", "perfect (no errors)", "equal error rates"]
    assert png_of(figure).startswith(PNG)


def test_bars_show_machines_official_score_and_what_is_missing(table):
    full = bootstrap(table, resamples=100)
    table["domain"] = np.where(table["machine"] == "valve", "source", table["domain"])
    partial = bootstrap(table, resamples=100)
    figure = plot_machine_bars({"a": full, "b": partial})
    (axes,) = figure.axes
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["fan", "valve", "official score"]
    heights = sorted(bar.get_height() for bar in axes.patches)
    values = [i.value for _, i in full.machines] + [full.official_score.value, partial.machines[0][1].value]
    assert heights == pytest.approx(sorted(100 * value for value in values))
    assert [text.get_text() for text in axes.texts] == ["missing", "missing"]
    assert png_of(figure).startswith(PNG)


def test_the_legend_of_six_systems_with_long_names_stays_inside_the_picture(table):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    found = bootstrap(table, resamples=100)
    figure = plot_machine_bars({f"SerialOE-DFlow, ensemble {i}": found for i in range(6)})
    FigureCanvasAgg(figure).draw()
    (legend,) = figure.legends
    inside, picture = legend.get_window_extent(), figure.bbox
    assert picture.x0 <= inside.x0 < inside.x1 <= picture.x1
    assert picture.y0 <= inside.y0 < inside.y1 < figure.axes[0].get_window_extent().y0


def test_the_roc_of_a_perfect_system_shows_no_interval_without_width(table):
    (axes,) = plot_roc(table["label"], table["label"], resamples=100).axes
    assert "AUC: 100.0 % (no spread)" in legend_of(axes)


def test_systems_of_other_machines_are_not_put_side_by_side(table):
    a = bootstrap(table, resamples=100)
    table["machine"] = np.repeat(["fan", "pump"], 100)
    with pytest.raises(EvaluationError, match="other machines"):
        plot_machine_bars({"a": a, "b": bootstrap(table, resamples=100)})


@pytest.mark.parametrize("draw", [plot_det, plot_machine_bars])
def test_more_systems_than_colours_are_refused(draw):
    with pytest.raises(EvaluationError, match="1 to 6"):
        draw({})


def test_colours_differ_in_lightness_or_hue_for_the_colour_blind():
    # Deuteranopia after Vienot 1999: project linear RGB, then ask for a distance that an eye sees.
    projection = np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]])
    rgb = np.array([[int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)] for colour in SERIES]) ** 2.2
    seen = np.clip(rgb @ projection.T, 0, 1) ** (1 / 2.2)
    distances = np.linalg.norm(seen[:, None] - seen[None], axis=-1)[np.triu_indices(len(SERIES), 1)]
    assert distances.min() > 0.15
