"""The synthetic data set as the real autoencoder baselines see it; plain detectors are in asd-recipes' own tests."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def baselines(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    """Lines of the tables of both real autoencoder baselines at size quick, after three epochs."""
    out = tmp_path_factory.mktemp("fair")
    arguments = ["--systems", "autoencoder", "--set", "autoencoder.epochs=3", "--device", "cpu", "--quiet"]
    command = [sys.executable, "-m", "asd_recipes", "reproduce", "--out", str(out), *arguments]
    subprocess.run(command, cwd=out, check=True, stdout=subprocess.DEVNULL)
    tables = next(Path(out).glob("quick-*/tables.json"))
    return json.loads(tables.read_text())["lines"]


def _value(lines: list[dict[str, object]], table: int, system: str, column: str, origin: str = "official") -> float:
    return next(
        float(str(line[column]))
        for line in lines
        if (line["table"], line["system"], line["origin"]) == (table, system, origin)
    )


@pytest.mark.parametrize("system", ["Baseline (MSE)", "Baseline (Mahalanobis)"])
def test_the_target_domain_is_harder_than_the_source_for_the_autoencoder_baselines(
    baselines: list[dict[str, object]], system: str
) -> None:
    source, target = (_value(baselines, table, system, "hmean") for table in (2, 3))
    print(f"{system}: AUC of the source {source:.1f} %, of the target {target:.1f} % (synthetic data)")
    assert target < source


def test_no_machine_is_solved_by_a_baseline(baselines: list[dict[str, object]]) -> None:
    fixed = {"table", "system", "origin"}
    values = [
        float(str(value))
        for line in baselines
        if line["origin"] != "paper"
        for column, value in line.items()
        if column not in fixed
    ]
    assert max(values) < 100
