"""What becomes of a clip's segments: the flow's map of scores, and the partners of pseudo-target segments."""

from pathlib import Path

import numpy as np
import pytest
import torch

from asd_features import WaveformStatistics
from asd_models import FlowOutput, OutlierExposureNet
from asd_recipes.recipe.system_variants import variant_of
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.scoring.embedding import ClipEmbedder
from asd_recipes.training.network_building import write_untrained
from asd_recipes.waveforms.device_choice import Device

CPU = Device("cpu", "float32", "")
RECIPE = load_recipe("smoke", settings=["segments.length_s=0.5", "flow.hidden_ratio=0.1", "flow.steps=2"])
STATISTICS = WaveformStatistics(mean=0.0, std=0.1)


def _noise(seed: int) -> np.ndarray:
    return np.rint(3000 * np.random.default_rng(seed).standard_normal(16_000)).astype(np.int16)


@pytest.mark.parametrize(("channels", "same"), [(slice(0, 8), True), (slice(7, 9), False)])
def test_the_score_map_of_a_domain_invariant_flow_leaves_out_the_channels_that_follow_the_domain(
    channels: slice, same: bool, tmp_path: Path
) -> None:
    variant = variant_of("oe-dflow")
    write_untrained(tmp_path, variant, RECIPE, "fan")
    embedder = ClipEmbedder.load(tmp_path / "weights.safetensors", variant, RECIPE, STATISTICS, CPU)
    before = embedder.embed([_noise(1)], lambda steps: None, score_maps=True).score_maps

    def shift(module: torch.nn.Module, given: object, output: FlowOutput) -> FlowOutput:
        output.latent[:, channels] += 5
        return output

    assert embedder.network.flow is not None
    embedder.network.flow.register_forward_hook(shift)
    after = embedder.embed([_noise(1)], lambda steps: None, score_maps=True).score_maps
    assert np.array_equal(before, after) is same


def test_equal_source_clips_are_mixed_with_different_target_sound_and_the_same_at_every_call() -> None:
    torch.manual_seed(0)
    embedder = ClipEmbedder.of(OutlierExposureNet().eval(), RECIPE, STATISTICS, CPU)
    source, target = [_noise(1)] * 2, [_noise(2), _noise(3)]
    first, again = (
        embedder.embed_pseudo_targets(source, target, alpha=1e6, seed=4, advance=lambda steps: None).vectors
        for _ in range(2)
    )
    one, other = np.split(first, 2)
    assert (one != other).any(axis=1).all()
    assert np.array_equal(first, again)
