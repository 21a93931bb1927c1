"""The way of the data on real recordings: four clips a machine, too few for an AUC, enough for shapes and laws."""

from pathlib import Path

import numpy as np
import pytest

from asd_features import ChannelError, SampleRateError, read_waveform
from asd_recipes.dataset.scan import scan_dataset
from asd_recipes.recipe.system_variants import variant_of
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.scoring.embedding import ClipEmbedder
from asd_recipes.scoring.inlier_candidates import candidates, fit_candidate
from asd_recipes.scoring.segment_means import flow_scores, score_clips
from asd_recipes.training.crops import TrainingCrops
from asd_recipes.training.machine_data import PreparedData, prepare_data
from asd_recipes.training.network_training import NetworkTraining
from asd_recipes.waveforms.device_choice import choose_device
from asd_recipes.waveforms.waveform_bank import open_bank
from asd_runtime.progress import PlainProgress

RECIPE = load_recipe("smoke", settings=["training.batch_size=4"])
SEGMENTS = {10: 5, 12: 7}  # of 5 s, by the length of the clip in seconds: 1.25 s apart, and one aligned to the end


@pytest.fixture(scope="module")
def prepared(shared_data: Path, tmp_path_factory) -> PreparedData:
    dataset = scan_dataset(shared_data / "data" / "dcase2023_clips")
    assert len(dataset.clips) == 28
    bank = open_bank(dataset.clips, RECIPE.audio, tmp_path_factory.mktemp("bank") / "clips", advance=lambda steps: None)
    assert bank.problems == ()
    assert {wave.dtype for wave in bank.waves} == {np.dtype(np.int16)}
    return prepare_data(bank, RECIPE)


@pytest.fixture(scope="module", params=["bearing", "ToyCar"])
def embedder(request: pytest.FixtureRequest, prepared: PreparedData, tmp_path_factory) -> ClipEmbedder:
    """A network with a flow that trained for a few steps."""
    machine, folder, variant = request.param, tmp_path_factory.mktemp(request.param), variant_of("oe-flow")
    device = choose_device("cpu", "auto", threads=1)
    crops = TrainingCrops(prepared, RECIPE, device)
    NetworkTraining(machine, variant.name, variant.slug, variant, None, crops).run(folder, PlainProgress(quiet=True))
    history = (folder / "training.csv").read_text().splitlines()
    assert len(history) == 1 + RECIPE.joint.epochs
    return ClipEmbedder.load(folder / "weights.safetensors", variant, RECIPE, prepared.statistics[machine], device)


def test_a_ten_second_clip_gives_five_segments_and_one_of_twelve_seven(
    prepared: PreparedData, embedder: ClipEmbedder
) -> None:
    waves = prepared.bank.waves
    embedded = embedder.embed(waves, lambda steps: None)
    assert embedded.counts.tolist() == [SEGMENTS[len(wave) // 16_000] for wave in waves]
    assert embedded.vectors.shape == (sum(embedded.counts), 512)
    assert embedded.vectors.dtype == np.float32
    assert np.isfinite(embedded.vectors).all()


def test_the_score_of_a_clip_does_not_depend_on_the_other_clips_of_the_call(
    prepared: PreparedData, embedder: ClipEmbedder
) -> None:
    waves = prepared.bank.waves
    together = embedder.embed(waves, lambda steps: None, score_maps=True)
    training = {name: together.vectors for name in RECIPE.inlier.training_data}
    for candidate in candidates(RECIPE.inlier):
        model = fit_candidate(candidate, training, seed=0)
        assert model is not None
        scores = score_clips(model, together, None)
        assert np.isfinite(scores).all(), candidate.name
        for place in (0, 13, 27):
            alone = score_clips(model, embedder.embed([waves[place]], lambda steps: None), None)
            assert alone[0] == scores[place], candidate.name
    for machine in ("bearing", "ToyCar"):  # without and with weights
        scores = flow_scores(machine, waves, together, RECIPE)
        assert np.isfinite(scores).all()
        for place in (0, 13, 27):
            embedded = embedder.embed([waves[place]], lambda steps: None, score_maps=True)
            assert flow_scores(machine, [waves[place]], embedded, RECIPE)[0] == scores[place]


def test_motors_with_two_channels_or_another_rate_are_read_only_as_told(shared_data: Path) -> None:
    folder = shared_data / "data" / "bldc_motors" / "Healthy"
    stereo, fast = folder / "M2" / "1850.wav", folder / "M1" / "1400.wav"
    with pytest.raises(ChannelError, match="mean"):
        read_waveform(stereo)
    wave = read_waveform(stereo, channel="mean")
    assert wave.samples.ndim == 1
    assert wave.conversions
    with pytest.raises(SampleRateError, match="resample"):
        read_waveform(fast, channel=0)
    resampled = read_waveform(fast, channel=0, resample=True)
    assert len(resampled.samples) / 16_000 == pytest.approx(10, abs=2)
    assert any("44100" in text for text in resampled.conversions)
