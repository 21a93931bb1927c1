"""`asd reproduce` as a user sees it: the exit status, and the message when the disk is full."""

import json
import resource
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from asd_recipes.synth import DatasetSize, write_dataset
from asd_runtime.cli import main

Asd = Callable[..., int]
BASELINE = ["--profile", "smoke", "--systems", "autoencoder", "--device", "cpu", "--jobs", "1", "--quiet"]
BASELINE += ["--set", "training.precision=bfloat16"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reproduce") / "data"
    write_dataset(folder, size=DatasetSize(4, 4, 1), seed=2, machines=["fan"])
    return folder


@pytest.fixture
def asd(monkeypatch: pytest.MonkeyPatch) -> Asd:
    """Runs the command in this process; returns the exit status."""

    def run(*arguments: str | Path) -> int:
        monkeypatch.setattr(sys, "argv", ["asd", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        return int(left.value.code or 0)

    return run


def test_a_warning_does_not_fail_a_run_and_a_lost_recording_does(
    data: Path, tmp_path: Path, asd: Asd, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(data, tmp_path / "data")
    (tmp_path / "data" / "fan" / "train" / "Thumbs.db").write_bytes(b"x")
    command = ("reproduce", "--data", tmp_path / "data", "--out", tmp_path / "runs", *BASELINE)
    assert asd(*command) == 0
    said = capsys.readouterr()
    assert "Table 4" in said.out
    assert said.err.splitlines() == ["Warnings:", "  fan/train/Thumbs.db: not audio: neither .wav nor .flac"]
    (tmp_path / "data" / "fan" / "train" / "recording.wav").write_bytes(b"RIFF")
    assert asd(*command, "--no-resume") == 1
    said = capsys.readouterr()
    assert "Table 4" in said.out
    assert said.err.startswith("Left out:\n  fan/train/recording.wav: wrong name")
    assert "Thumbs.db" in said.err


def test_a_full_disk_is_one_line_and_the_same_command_continues(
    data: Path, tmp_path: Path, asd: Asd, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("reproduce", "--data", data, "--out", tmp_path, *BASELINE)
    assert asd(*command, "--seed", "1") == 0  # reads the recordings into the bank for the next run
    capsys.readouterr()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, before[1]))  # the weights are a megabyte
    try:
        assert asd(*command) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    said = capsys.readouterr().err
    assert said.startswith("asd: no room for ")
    assert "weights.safetensors (File too large). Make room and run the command again." in said
    assert len(said.splitlines()) == 1
    assert asd(*command) == 0


def test_the_manifest_of_the_autoencoder_has_the_precision_in_which_it_trained(
    data: Path, tmp_path: Path, asd: Asd
) -> None:
    assert asd("reproduce", "--data", data, "--out", tmp_path, *BASELINE) == 0
    manifest = json.loads(next(tmp_path.glob("smoke-*/fan/autoencoder/manifest.json")).read_text())
    assert manifest["device"]["precision"] == "float32"
    assert manifest["device"]["description"].endswith("float32")


@pytest.mark.parametrize(
    ("setting", "rule"),
    [
        ("threads=100000", "threads must be at most"),
        (f"seed={2**64}", "seed must fit into 64 bits"),
        ("training.encoder_weights=/etc/passwd", "training.encoder_weights"),
    ],
)
def test_a_recipe_that_cannot_be_followed_is_refused_before_any_data_are_made(
    setting: str, rule: str, tmp_path: Path, asd: Asd, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asd("reproduce", "--out", tmp_path / "runs", *BASELINE, "--set", setting) == 2
    said = capsys.readouterr().err
    assert said.startswith("asd: ")
    assert rule in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "runs").exists()
