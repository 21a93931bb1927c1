"""`asd fit` on real motors that were not used for tuning: does it notice a broken propeller at new speeds?

Half of a healthy motor's speeds train. The other half, and motor M2 with a broken propeller at all speeds, are scored.
The level of a stretch is taken away, so loudness does not help. No recording of M3 with a broken propeller is at hand:
its model hears M2's, and how far M2's healthy sound lies from M3's is printed beside. The recordings are not part of
the project; without them the test is skipped.
"""

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from asd_eval import roc_auc
from asd_runtime.cli import command_line

ROOT = Path(__file__).parents[4]
TRAINING = {"M2": ("1400", "1550", "1750", "1950"), "M3": ("1450", "1650", "1850")}
UNHEARD = {"M2": ("1450", "1650", "1850", "2000"), "M3": ("1550", "1750", "1950")}
LEAST_AUC = 0.9  # measured on three seeds each: 1.000


@pytest.fixture
def motors() -> Path:
    folder = Path(os.environ.get("ASD_SHARED", ROOT.parent / "shared")) / "data" / "bldc_motors"
    if not folder.is_dir():
        pytest.skip(f"no recordings at {folder}: set ASD_SHARED to the folder that holds data/bldc_motors")
    return folder


def _asd(*arguments: str | Path) -> str:
    result = CliRunner().invoke(command_line(), [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def _scores(model: Path, files: list[Path], out: Path) -> np.ndarray:
    _asd("score", model, *files, "--out", out, "--device", "cpu")
    with out.open(newline="") as file:
        return np.array([float(row["score"]) for row in csv.DictReader(file)])


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("motor", ["M2", "M3"])
def test_a_broken_propeller_scores_above_healthy_speeds_that_are_new_to_the_model(
    motor: str, seed: int, motors: Path, tmp_path: Path
) -> None:
    """Prints the AUC; the scores are finite, repeatable, and far better than chance."""
    normal = tmp_path / "motor"
    normal.mkdir()
    for speed in TRAINING[motor]:
        (normal / f"{speed}.wav").symlink_to(motors / "Healthy" / motor / f"{speed}.wav")
    healthy = [motors / "Healthy" / motor / f"{speed}.wav" for speed in UNHEARD[motor]]
    broken = sorted((motors / "Propeller" / "M2").glob("*.wav"))
    labels = [0] * len(healthy) + [1] * len(broken)
    model = tmp_path / "model"
    _asd("fit", "--normal", normal, "--out", model, "--seed", str(seed), "--device", "cpu", "--quiet")
    scores = _scores(model, [*healthy, *broken], tmp_path / "scores.csv")
    assert np.isfinite(scores).all()
    assert roc_auc(labels, scores) > LEAST_AUC
    assert np.array_equal(_scores(model, broken, tmp_path / "again.csv"), scores[len(healthy) :])
    heard = _scores(model, sorted(normal.glob("*.wav")), tmp_path / "heard.csv")
    other = _scores(model, sorted((motors / "Healthy" / "M2").glob("*.wav")), tmp_path / "other.csv")
    joined = json.loads((model / "manifest.json").read_text())["joined"]
    print(
        f"{motor}, seed {seed}: AUC {roc_auc(labels, scores):.3f}; healthy, heard {heard.round(1).tolist()}, "
        f"unheard {scores[: len(healthy)].round(1).tolist()}; broken {scores[len(healthy) :].round(1).tolist()}; "
        f"M2 healthy {other.round(1).tolist()}; {joined['detectors']}"
    )
