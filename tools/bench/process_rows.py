"""What a person waits for: commands in fresh processes, beside `import torch`."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import measure
import numpy as np
import soundfile
from measure import Row, median_s

ASD = str(Path(sys.executable).with_name("asd"))


def rows() -> Iterator[Row]:
    """`asd --help`, and the first score of one recording."""
    torch_s = median_s(partial(_run, sys.executable, "-c", "import torch"))
    row = partial(Row, tool="python -c 'import torch'", theirs_s=torch_s, error="")
    yield row(step="asd --help, a fresh process", ours_s=median_s(partial(_run, ASD, "--help")), reach_s=0.2)
    with tempfile.TemporaryDirectory() as name:
        model, recording = _model(Path(name))
        ours_s = median_s(partial(_run, ASD, "score", str(model), str(recording)))
    yield row(step="asd score of one 10 s wav, a fresh process", ours_s=ours_s, reach_s=1.5, audio_s=10.0)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _model(folder: Path) -> tuple[Path, Path]:
    """A model that `asd fit` made in one epoch, and one of its recordings."""
    rng = np.random.default_rng(6)
    for part in ("normal", "others/fan"):
        (folder / part).mkdir(parents=True)
        for number in range(4):
            noise = rng.standard_normal(160_000)
            wave = noise if part == "normal" else np.cumsum(noise) / 100
            soundfile.write(folder / part / f"{number}.wav", 0.1 * wave / np.abs(wave).max(), 16_000)
    model = folder / "model"
    settings = ["--set", "training.epochs=1", *(["--profile", "smoke"] if measure.quick else [])]
    recordings = ["--normal", str(folder / "normal"), "--others", str(folder / "others")]
    _run(ASD, "fit", *recordings, "--out", str(model), "--quiet", *settings)
    return model, folder / "normal" / "0.wav"
