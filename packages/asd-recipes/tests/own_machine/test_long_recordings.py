"""Hours of sound are read for training in memory that does not grow with their length."""

import resource
from pathlib import Path

import numpy as np
import pytest
import soundfile
from little_memory import RATE_HZ, SECONDS, run_limited

READ = """
from asd_recipes.dataset.clip import Clip
from asd_recipes.dataset.clip_name import ClipName
from asd_recipes.own_machine.own_data import prepare_own_data
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.waveforms.waveform_bank import open_bank
import soxr, soundfile
names = {"normal": sys.argv[4], "others1/x": sys.argv[3]}
clips = [Clip(machine, "train", Path(path), ClipName("00", 0), "a") for machine, path in names.items()]
recipe = load_recipe("own")
limit()
bank = open_bank(clips, recipe.audio, Path(sys.argv[2]), advance=lambda steps: None)
data = prepare_own_data(bank, recipe)
pieces = [len(part["normal"]) for part in (data.prepared.training, data.prepared.validation)]
print(data.recordings, data.seconds, data.stretch_s, *pieces)
"""


def _write(path: Path, seconds: int) -> Path:
    """Noise on two channels, which goes on: training learns from no gap."""
    noise = np.random.default_rng(0).integers(-3000, 3000, (10 * RATE_HZ, 2)).astype(np.int16)
    with soundfile.SoundFile(path, "w", RATE_HZ, 2) as file:
        for _ in range(seconds // 10):
            file.write(noise)
    return path


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_DATA"), reason="no limit of a process's memory on this system")
def test_a_long_recording_is_read_for_training_in_little_memory(tmp_path: Path) -> None:
    short, long = _write(tmp_path / "short.wav", 200), _write(tmp_path / "long.wav", SECONDS)
    assert run_limited(READ, tmp_path / "bank", short, long) == f"1 {SECONDS}.0 10.0 68 22\n"
