"""The whole run on a tiny synthetic data set: complete, repeatable, and indifferent to being killed."""

import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from asd_recipes.commands.run_folders import run_name
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.synth import DatasetSize, write_dataset
from asd_runtime.model.reading import read_manifest

MACHINES = "bearing,ToyCar"
KILLS = 10
# In standard deviations: sums of float32 in another order; of a run whose products are bfloat16.
FLOAT32, BFLOAT16 = 1e-3, 0.3
# The smoke profile made smaller still: what is tested is the run, not what it learns.
ARGUMENTS = ["--profile", "smoke", "--machines", MACHINES, "--device", "cpu", "--seed", "3", "--quiet"]
TIMES = {"timings.jsonl", ".lock", ".workers"}  # documented: the files that differ between equal runs


def _asd(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "asd_recipes", *map(str, arguments)]


def _run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(_asd(*arguments), cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "tiny"
    done = _run(
        "data", "synth", folder, "--size", "tiny", "--seed", "3", "--machines", "bearing,fan,ToyCar", cwd=folder.parent
    )
    assert done.returncode == 0, done.stderr
    write_dataset(_others(folder), size=DatasetSize(4, 2, 0), seed=4, machines=["bearing", "valve"])
    return folder


def _others(data: Path) -> Path:
    """Another factory beside a data set."""
    return data.with_name("others")


@pytest.fixture(scope="module")
def finished(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nobody interrupted, with machines that only serve as pseudo-anomalies."""
    return _finish(data, tmp_path_factory.mktemp("uninterrupted"), "--jobs", "1")


def _finish(data: Path, out: Path, *more: str) -> Path:
    done = _run("reproduce", "--data", data, "--others", _others(data), "--out", out, *ARGUMENTS, *more, cwd=out)
    assert done.returncode == 0, done.stderr
    return next(out.glob("smoke-*"))


def _bytes(folder: Path) -> dict[str, bytes]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in TIMES]
    # A bank of recordings is kept by the place and times of the files that it was read from.
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if "banks" not in path.parts}


def test_a_run_leaves_tables_scores_models_and_a_manifest(finished: Path) -> None:
    for machine in MACHINES.split(","):
        items = {"bearing": ["loc", "vel"], "ToyCar": ["car", "mic", "spd"]}[machine]
        per_item = [f"{system}@{item}" for system in ("oe-dflow", "serialoe-dflow") for item in items]
        untrained = ["full-gaussian", "random-encoder", "spectral-statistics"]
        systems = ["autoencoder", "oe", "oe-flow", "serialoe-flow", *per_item, *untrained]
        assert sorted(path.name for path in (finished / machine).iterdir()) == sorted(systems)
        for system in systems:
            manifest = json.loads((finished / machine / system / "manifest.json").read_text())
            assert manifest["seed"] == 3
            files = {path.name for path in (finished / machine / system).iterdir()}
            assert {"candidates.csv", "manifest.json"} <= files
            assert ("weights.safetensors" in files) == (system not in ("full-gaussian", "spectral-statistics"))
            assert ("training.csv" in files) == (system not in ("autoencoder", *untrained))
            assert ("inlier" in files) == (system.partition("@")[0] in ("oe", "oe-flow", "oe-dflow", "random-encoder"))
        assert (finished / "plots" / f"training-{machine}.png").read_bytes().startswith(b"\x89PNG")
    assert "SYNTHETIC DATA" in (finished / "plots" / "scores.svg").read_text()
    text = (finished / "tables.txt").read_text()
    assert "SYNTHETIC DATA" in text
    for title in ("Table 2", "Table 3", "Table 4"):
        assert title in text
    assert "72.48" in text, "the paper's OE on bearing stands beside ours"
    for row in ("OE-DFlow", "SerialOE-Flow", "Submitted system4"):
        assert text.count(row) >= 4, "a row of each table, and an official score"


def test_the_same_seed_gives_the_same_bytes_one_after_another_or_side_by_side(
    finished: Path, data: Path, tmp_path: Path
) -> None:
    assert _bytes(_finish(data, tmp_path, "--jobs", "2")) == _bytes(finished)


def _interruptible() -> None:
    """In a new process: Ctrl-C counts, also where these tests run in the background and so ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _start(log: Path, *arguments: str | Path) -> tuple["subprocess.Popen[bytes]", float]:
    """A run that writes what it says to a log, and the moment of its first word: its imports are behind it."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            _asd(*arguments), cwd=log.parent, stdout=subprocess.DEVNULL, stderr=file, preexec_fn=_interruptible
        )
    while log.stat().st_size == 0 and process.poll() is None:
        time.sleep(0.02)
    return process, time.monotonic()


def test_a_run_killed_at_ten_random_moments_ends_with_the_same_bytes(tmp_path: Path) -> None:
    """Kill -9 and Ctrl-C in turn, at moments spread over the work of a run that starts by making its data."""
    longer = ["--set", "training.epochs=5", "--set", "autoencoder.epochs=12", "--machines", "bearing"]
    longer += ["--systems", "autoencoder,oe,oe-dflow", "--jobs", "2", "--set", "inlier.components=[1]"]
    arguments = ["--profile", "smoke", "--device", "cpu", "--seed", "5", *longer]
    process, start = _start(tmp_path / "undisturbed.log", "reproduce", "--out", tmp_path / "undisturbed", *arguments)
    assert process.wait() == 0, (tmp_path / "undisturbed.log").read_text()
    work_s = time.monotonic() - start
    expected = _bytes(tmp_path / "undisturbed")

    moments = random.Random(20230601)
    out, log = tmp_path / "killed", tmp_path / "killed.log"
    killed = resumed_trainings = 0
    while (killed < KILLS or not resumed_trainings) and killed < 4 * KILLS:
        process, _ = _start(log, "reproduce", "--out", out, *arguments)
        try:
            assert process.wait(timeout=moments.uniform(0, 0.5 * work_s)) == 0, log.read_text()
            assert _bytes(out) == expected  # finished between two kills: the next kills hit a new run
            shutil.rmtree(out)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL if killed % 2 else signal.SIGINT)
            process.wait()
            killed += 1
        resumed_trainings += "continuing after epoch" in log.read_text()
    print(f"killed {killed} times; {resumed_trainings} trainings went on from a checkpoint")
    assert resumed_trainings, "no kill fell into a training"
    finished = _run("reproduce", "--out", out, *arguments, cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr
    assert _bytes(out) == expected


@pytest.mark.parametrize("system", ["oe", "oe-flow", "oe-dflow", "serialoe-flow", "serialoe-dflow"])
def test_a_model_of_a_run_scores_a_recording_alone_as_the_run_did(
    system: str, finished: Path, data: Path, tmp_path: Path
) -> None:
    """What `asd export` makes gives what the run's table gives, on the scale of the model's held-out clips."""
    where = ["--data", data, "--others", _others(data)]
    model = tmp_path / "model"
    made = _run("export", finished / "bearing" / system, *where, "--out", model, "--quiet", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    files = sorted((data / "bearing" / "test").glob("*.wav"))[:3]
    broken = tmp_path / "broken.wav"
    broken.write_bytes(files[0].read_bytes()[:1000])
    alone = _scores(model, [files[1]], tmp_path / "alone.csv", status=0)
    together = _scores(model, [files[0], broken, *files[1:]], tmp_path / "together.csv", status=1)
    assert len(together) == 3
    assert alone[str(files[1])] == together[str(files[1])]
    submission = finished / "submissions" / system / "anomaly_score_bearing_section_00_test.csv"
    expected = dict(line.split(",") for line in submission.read_text().splitlines())
    manifest = read_manifest(model)
    own = manifest.joined.detectors["oe"]
    for path in files:
        on_its_scale = ((float(expected[path.name]) - own.mean) / own.std - manifest.joined.mean) / manifest.joined.std
        tolerance = FLOAT32 if manifest.device.endswith("float32") else BFLOAT16
        np.testing.assert_allclose(together[str(path)], on_its_scale, atol=tolerance, rtol=tolerance)


def _scores(model: Path, files: list[Path], out: Path, *, status: int) -> dict[str, float]:
    done = _run("score", model, *files, "--out", out, cwd=out.parent)
    assert done.returncode == status, done.stderr
    with out.open(newline="") as file:
        return {row["file"]: float(row["score"]) for row in csv.DictReader(file) if row["score"]}


def test_a_run_goes_on_past_a_broken_recording_and_says_so(data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    victim = sorted((copy / "fan" / "train").glob("*.wav"))[0]
    victim.write_bytes(victim.read_bytes()[:2000])
    done = _run(
        "reproduce", "--data", copy, "--out", tmp_path / "runs", "--systems", "autoencoder", *ARGUMENTS, cwd=tmp_path
    )
    assert done.returncode == 1
    assert victim.name in done.stderr
    assert "Table 4" in done.stdout


def test_another_recipe_does_not_continue_a_run(finished: Path, data: Path, tmp_path: Path) -> None:
    """The run's folder is named after its recipe; here it lies where another recipe looks for its own."""
    other = load_recipe("smoke", settings=["seed=3", "autoencoder.epochs=2"])
    shutil.copytree(finished, tmp_path / run_name("smoke", other, data, [_others(data)]))
    where = ["--data", data, "--others", _others(data), "--out", tmp_path]
    done = _run("reproduce", *where, *ARGUMENTS, "--set", "autoencoder.epochs=2", cwd=tmp_path)
    assert done.returncode == 2
    assert "differs in recipe (autoencoder.epochs was 1, is 2). Choose another --out" in done.stderr
    assert "--no-resume" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["reproduce", "--data", "/nowhere"], "/nowhere does not exist"),
        (["reproduce", "--set", "training.epoch=1"], "training.epochs"),
        (["reproduce", "--systems", "flow"], "autoencoder"),
        (["reproduce", "--out", "a-file"], "a-file"),
        (["reproduce", "--set", "threads=0"], "threads"),
        (["data", "synth", "a-folder"], "a-folder"),
        (["evaluate", "a-folder", "--csv", "a-folder"], "a-folder"),
        (["reproduce", "--profile", "quik"], "quick"),
        (["reproduce", "--device", "tpu", "--data", "."], "device must be auto, cpu or cuda"),
        (["data", "check", "/nowhere"], "/nowhere does not exist"),
        (["data", "synth", "somewhere", "--size", "huge"], "quick"),
        (["score", "/nowhere", "a.wav"], "/nowhere: is not there"),
        (["evaluate", "/nowhere"], "/nowhere"),
    ],
)
def test_bad_input_is_one_line_that_names_it_and_the_way_out(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    (tmp_path / "a-file").write_text("")
    (tmp_path / "a-folder").mkdir()
    (tmp_path / "a-folder" / "mine.txt").write_text("kept")
    done = subprocess.run(_asd(*arguments), capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (tmp_path / "a-folder" / "mine.txt").read_text() == "kept"
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("delay_s", [0.0, 1.0, 4.0])
def test_interrupting_says_how_to_go_on(delay_s: float, data: Path, tmp_path: Path) -> None:
    command = _asd("reproduce", "--data", data, "--out", tmp_path, *ARGUMENTS, "--jobs", "2")
    process = subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=_interruptible
    )
    while not list(tmp_path.glob("*/data.json")):  # the run has begun
        time.sleep(0.1)
        assert process.poll() is None
    time.sleep(delay_s)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the workers get it too
    _, errors = process.communicate()
    assert process.returncode == 130
    assert errors.splitlines() == ["interrupted; run the command again to continue"]
