"""A fresh process opens a model and scores a recording within a second, and loads nothing that trains.

The time is processor time, the best of several processes, for networks run on several threads on a busy machine.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

ATTEMPTS = 8
MOST_S = 1.0
HEAVY = {"torch", "sklearn", "faiss", "safetensors", "onnx", "onnxruntime", "pandas", "matplotlib", "rich", "typer"}
PROCESS = """
import json, sys, time
from asd_runtime import Scorer
Scorer.open(sys.argv[1], threads=1).score(sys.argv[2])
print(json.dumps({"s": time.process_time(), "modules": sorted(sys.modules)}))
"""


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "a.wav"
    soundfile.write(path, 0.1 * np.random.default_rng(0).standard_normal(160_000), 16_000)
    return path


def _once(model: Path, recording: Path) -> tuple[float, set[str]]:
    command = [sys.executable, "-c", PROCESS, str(model), str(recording)]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found["s"], set(found["modules"])


def test_a_process_that_scores_loads_nothing_that_trains(model: Path, recording: Path) -> None:
    assert HEAVY & _once(model, recording)[1] == set()


@pytest.mark.timed
def test_a_fresh_process_opens_a_model_and_scores_a_recording_quickly(model: Path, recording: Path) -> None:
    assert min(_once(model, recording)[0] for _ in range(ATTEMPTS)) <= MOST_S
