"""Recordings of a quarter of an hour and more are read and scored in memory that does not grow with their length.

After a short recording, a process gets a limit on further memory; an allocation beyond it fails. Memory that is mapped
from a file does not count: the system can take it back.
"""

import resource
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asd_recipes.bundle import Manifest, write_bundle
from asd_recipes.recipe.toml_text import load_recipe

Parts = tuple[Path, dict[str, Path]]
SECONDS, RATE_HZ = 900, 44_100
# The recording has 159 MB as it is stored, 318 MB as float64 of one channel, 115 MB filtered in float64, 115 MB as
# segments, and over 900 MB as the frames of all spectrograms; a batch of 26 segments has 70 MB of these.
MOST_BYTES = 250_000_000
LIMITED = """
import resource, sys
from pathlib import Path

def limit() -> None:
    status = Path("/proc/self/status").read_text().splitlines()
    now = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmData"))
    resource.setrlimit(resource.RLIMIT_DATA, (now + int(sys.argv[1]),) * 2)
"""
SCORE = """
from asd_recipes.bundle.loading import load_bundle
scorer = load_bundle(Path(sys.argv[2]), device="cpu")
scorer.score_file(Path(sys.argv[3]))
limit()
print(scorer.score_file(Path(sys.argv[4])).worst)
"""
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


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A recording of 200 s, which is more than a batch of segments, and one of 900 s."""
    folder = tmp_path_factory.mktemp("long")
    for name, seconds in (("short", 200), ("long", SECONDS)):
        _write(folder / f"{name}.wav", seconds)
    return folder / "short.wav", folder / "long.wav"


def _write(path: Path, seconds: int) -> None:
    """A stereo recording that takes little space on the disk, as most of it is silent.

    It has 12 s of noise in its last third, and faint noise in its last quarter, which a training holds out."""
    noise = np.random.default_rng(0).integers(-3000, 3000, (12 * RATE_HZ, 2)).astype(np.int16)
    soundfile.write(path, noise, RATE_HZ)
    header = bytearray(path.read_bytes()[:44])
    data_bytes = seconds * RATE_HZ * 4
    struct.pack_into("<I", header, 4, 36 + data_bytes)
    struct.pack_into("<I", header, 40, data_bytes)
    with path.open("wb") as file:
        file.write(header)
        file.truncate(44 + data_bytes)
        file.seek(44 + seconds * 2 // 3 * RATE_HZ * 4)
        file.write(noise.tobytes())
        file.seek(44 + seconds * 4 // 5 * RATE_HZ * 4)
        file.write((noise // 1000).tobytes())
    assert soundfile.info(path).duration == seconds


def _run(script: str, *arguments: Path) -> str:
    command = [sys.executable, "-c", LIMITED + script, str(MOST_BYTES), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_DATA"), reason="no limit of a process's memory on this system")
def test_a_long_recording_is_scored_in_little_memory_and_its_loud_seconds_are_named(
    recordings: tuple[Path, Path], parts: Parts, manifest: Manifest, tmp_path: Path
) -> None:
    """In one stretch, its segments weighted by power, for which the whole recording is filtered."""
    settings = ["threads=1", "training.precision=float32", "segments.length_s=5.0", "segments.overlap=0.5", "seed=7"]
    settings += ["log_mel.bands=32", 'weighting.machines=["normal"]']
    threshold = replace(manifest.threshold, stretch_s=float(SECONDS))
    weighted = replace(manifest, recipe=load_recipe("own", settings=settings), threshold=threshold)
    write_bundle(tmp_path / "model", weighted, network=parts[0], inlier=parts[1])
    found = _run(SCORE, tmp_path / "model", *recordings)
    start_s = float(found.split("worst_start_s=")[1].split(",")[0])
    assert 595 < start_s < 612


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_DATA"), reason="no limit of a process's memory on this system")
def test_a_long_recording_is_read_for_training_in_little_memory(recordings: tuple[Path, Path], tmp_path: Path) -> None:
    assert _run(READ, tmp_path / "bank", *recordings) == f"1 {SECONDS}.0 10.0 68 3\n"
