"""The flow's score of a clip equals a plain loop."""

from pathlib import Path

import numpy as np
import pytest

from asd_features import power_weights
from asd_models import OutlierExposureNet
from asd_recipes.recipe.system_variants import variant_of
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.scoring.candidate_table import read_candidate_table
from asd_recipes.scoring.embedding import ClipEmbedder, Embeddings
from asd_recipes.scoring.scoring_stage import ScoringStage
from asd_recipes.scoring.segment_means import flow_scores, segment_weights
from asd_recipes.training.machine_data import prepare_data
from asd_recipes.waveforms.device_choice import choose_device
from asd_runtime.progress import PlainProgress

RECIPE = load_recipe("smoke", settings=["segments.length_s=1.0"])
# Sums of a few hundred float64 in another order.
RELATIVE = 1e-12


@pytest.mark.parametrize("machine", ["fan", "ToyCar"])
def test_the_score_of_a_clip_is_the_weighted_mean_over_its_time_bins_of_the_mean_over_frequency(machine: str) -> None:
    rng = np.random.default_rng(4)
    waves = [np.rint(3000 * rng.standard_normal(length)).astype(np.int16) for length in (20_000, 16_000, 31_000)]
    waves[2][:16_000] = 0  # silent at the beginning: weight 0 if weighted by power
    counts = np.array([RECIPE.segments.count(len(wave)) for wave in waves])
    height, bins = 3, 4
    maps = rng.gamma(2.0, size=(counts.sum(), height, bins)).astype(np.float32)
    found = flow_scores(machine, waves, Embeddings(np.zeros((counts.sum(), 512), np.float32), counts, maps), RECIPE)
    start = 0
    for clip, (wave, count) in enumerate(zip(waves, counts, strict=True)):
        weights = power_weights(wave, RECIPE.segments, bins=bins, high_pass=RECIPE.high_pass)
        if machine == "fan":
            weights = np.full((count, bins), 1 / (count * bins))
        expected = 0.0
        for segment in range(count):
            for place in range(bins):
                column = [float(maps[start + segment, row, place]) for row in range(height)]
                expected += weights[segment, place] * sum(column) / height
        np.testing.assert_allclose(found[clip], expected, rtol=RELATIVE)
        start += count


def test_only_the_machines_with_silent_ends_are_weighted() -> None:
    wave = np.ones(20_000, np.int16)
    assert segment_weights("fan", [wave], RECIPE) is None
    weights = segment_weights("ToyTrain", [wave, wave], RECIPE, bins=3)
    assert weights is not None
    assert weights.shape == (2 * 3 * RECIPE.segments.count(20_000),)


@pytest.mark.parametrize(
    ("source", "target", "kinds"),
    [
        (0, 8, {"source+target"}),
        (8, 0, {"source", "source+target"}),
        (8, 5, {"source", "pseudo-target", "source+target"}),
    ],
)
def test_a_machine_whose_training_clips_are_of_one_domain_has_the_models_of_that_domain(
    source: int, target: int, kinds: set[str], make_bank, tmp_path: Path
) -> None:
    recipe = load_recipe("smoke", settings=["segments.length_s=1.0", "inlier.components=[]", "inlier.neighbours=[2]"])
    data = prepare_data(make_bank(machines=("fan",), source=source, target=target), recipe)
    device = choose_device("cpu", "float32", threads=1)
    embedder = ClipEmbedder.of(OutlierExposureNet().eval(), recipe, data.statistics["fan"], device)
    ScoringStage("fan", "OE", variant_of("oe"), data, recipe, embedder).run(tmp_path, PlainProgress(quiet=True))
    columns = read_candidate_table(tmp_path / "candidates.csv").columns
    assert set(columns) == {f"knn-2-{kind}" for kind in kinds}
    assert all(np.isfinite(scores).all() for scores in columns.values())
