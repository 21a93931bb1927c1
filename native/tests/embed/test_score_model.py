"""The program score_model, built outside the tree, gives the verdict and the scores of the Python runtime."""

import re
import subprocess
import wave
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from small_models import SmallModel
from tiny_network import tiny_network

from asd_features import HighPassSettings
from asd_runtime import Scorer

SCORE_TOLERANCE = 1e-6
FLOW = ("knn-1-source", "gmm-1-source", "flow")
MODELS = {
    "network": SmallModel(threshold=1e4),
    "two networks with a flow": SmallModel(networks=(FLOW, FLOW), standardise="machine", high_pass=HighPassSettings()),
    "statistics": SmallModel(networks=(), weights=(0.0, 1.0)),
    "both": SmallModel(weights=(0.25, 0.75), threshold=-1.0),
}


@pytest.fixture(scope="module")
def program(moved: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    for module in ("openvino", "onnx"):
        if find_spec(module) is None:
            pytest.skip(f"{module} is not installed: score_model is neither built nor compared")
    made: Path = moved.score_model(tmp_path_factory.mktemp("score_model"))
    return made


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest, program: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    small = MODELS[request.param]
    networks = [
        tiny_network(number, bands=small.log_mel.bands, frames=small.frames, flow="flow" in names)
        for number, names in enumerate(small.networks)
    ]
    return small.write(tmp_path_factory.mktemp("model") / "pump", networks)


def recording(seconds: float, seed: int) -> NDArray[np.int16]:
    """Noise with a tone in its second half, and half a second in which the recorder stalled."""
    samples = int(16000 * seconds)
    noise = np.random.default_rng(seed).normal(0, 900, samples)
    tone = 5000 * np.sin(np.arange(samples) * 0.7) * (np.arange(samples) > samples / 2)
    sound: NDArray[np.int16] = (noise + tone).astype(np.int16)
    if seconds > 5:
        sound[20000:28000] = sound[20000]
    return sound


def written(path: Path, samples: NDArray[np.int16], *, rate_hz: int = 16000, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def ran(program: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("seconds", [12.3, 4.0])
def test_the_program_gives_the_verdict_and_scores_of_the_python_runtime(
    program: Path, model: Path, seconds: float, tmp_path: Path
) -> None:
    clip = written(tmp_path / "clip.wav", recording(seconds, 1))
    done = ran(program, model, clip)
    assert done.returncode == 0, done.stderr
    scorer = Scorer.open(model, threads=1)
    expected, threshold = scorer.score(clip), scorer.manifest.threshold.value
    lines = done.stdout.splitlines()
    assert "SYNTHETIC" in done.stderr
    verdict, score = re.fullmatch(r"(ANOMALOUS|normal): score (\S+)", lines[0]).groups()  # type: ignore[union-attr]
    assert (verdict == "ANOMALOUS") == expected.anomalous
    assert float(score) == pytest.approx(expected.score, abs=SCORE_TOLERANCE)
    worst, numbers = expected.worst, [float(text) for text in re.findall(r"[-+]?\d+\.\d+", lines[1])]
    assert numbers[:2] == [round(worst.start_s, 2), round(worst.end_s, 2)]
    assert numbers[2:] == pytest.approx([worst.score, threshold], abs=SCORE_TOLERANCE)
    assert lines[2] == f"listen to: {worst.worst_start_s:.2f} to {worst.worst_end_s:.2f} s"
    assert lines[3] == f"stretches above: {expected.above} of {len(expected.stretches)}"
    assert lines[4:] == [f"gap: {start_s:.2f} to {end_s:.2f} s" for start_s, end_s in expected.gaps_s]


def test_the_program_says_what_it_cannot_score(program: Path, tmp_path: Path) -> None:
    small = SmallModel(networks=(), weights=(0.0, 1.0))
    good_sound = recording(2, 3)
    model, good = small.write(tmp_path / "model"), written(tmp_path / "good.wav", good_sound)
    damaged = small.write(tmp_path / "damaged")
    (damaged / "spectral.safetensors").write_bytes(b"none")
    wrong = {
        "usage": [model],
        "cannot be opened (No such file": [tmp_path / "nothing", good],
        "spectral.safetensors is not the file that was written": [damaged, good],
        "nothing.wav: cannot be opened": [model, tmp_path / "nothing.wav"],
        "48000 Hz, but the model takes 16000 Hz": [model, written(tmp_path / "fast.wav", good_sound, rate_hz=48000)],
        "has 2 channels": [model, written(tmp_path / "stereo.wav", good_sound, channels=2)],
        "silent: level -inf dB": [model, written(tmp_path / "silent.wav", np.zeros(40000, np.int16))],
        "fewer than a segment of the model": [model, written(tmp_path / "short.wav", good_sound[:11200])],
        "is not a wav file": [model, model / "manifest.json"],
    }
    for word, arguments in wrong.items():
        done = ran(program, *arguments)
        assert done.returncode == 1, word
        assert word in done.stderr
        assert done.stdout == ""
