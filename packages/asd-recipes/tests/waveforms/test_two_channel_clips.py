"""Clips with two channels, as in 2026: the recipe decides how they are used, from the scan to the samples."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from asd_recipes.dataset.scan import scan_dataset
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.waveforms.waveform_bank import WaveformBank, open_bank


@pytest.fixture
def stereo(tmp_path: Path) -> tuple[Path, np.ndarray]:
    samples = np.random.default_rng(0).integers(-3000, 3000, (16_000, 2)).astype(np.int16)
    path = tmp_path / "SewingMachine" / "train" / "section_00_source_train_normal_0000_noAttribute.wav"
    path.parent.mkdir(parents=True)
    soundfile.write(path, samples, 16_000)
    return tmp_path, samples


def _bank(root: Path, *settings: str) -> WaveformBank:
    audio = load_recipe("quick", settings=settings).audio
    return open_bank(scan_dataset(root).clips, audio, root / "bank", advance=lambda steps: None)


@pytest.mark.parametrize("channel", [0, 1])
def test_a_number_selects_that_channel_bit_for_bit(stereo: tuple[Path, np.ndarray], channel: int) -> None:
    np.testing.assert_array_equal(_bank(stereo[0], f"audio.channel={channel}").waves[0], stereo[1][:, channel])


def test_mean_averages_the_channels(stereo: tuple[Path, np.ndarray]) -> None:
    mean = (stereo[1].mean(axis=1) / 32768).astype(np.float32)
    np.testing.assert_array_equal(_bank(stereo[0], "audio.channel=mean").waves[0], mean)


def test_a_clip_of_another_rate_says_which_setting_takes_it(stereo: tuple[Path, np.ndarray]) -> None:
    path = next(stereo[0].rglob("*.wav"))
    soundfile.write(path, stereo[1][:, 0], 8_000)
    (problem,) = _bank(stereo[0]).problems
    assert problem.reason == "has 8000 Hz, but 16000 Hz are wanted. Add --set audio.resample=true to convert it."
    assert not _bank(stereo[0], "audio.resample=true").problems


def test_without_a_choice_the_clip_is_left_out_and_reported(stereo: tuple[Path, np.ndarray]) -> None:
    bank = _bank(stereo[0])
    assert bank.clips == ()
    assert [problem.kind for problem in bank.problems] == ["ChannelError"]
