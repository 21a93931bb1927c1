"""`asd data download` and `asd data verify` as a user runs them, in a separate process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from asd_recipes.synth import DatasetSize, write_dataset

if TYPE_CHECKING:
    from conftest import RecordServer

DEV = 7882613
ADDITIONAL = 7830345


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a command whose refusal fails writes nothing into the checkout."""
    monkeypatch.chdir(tmp_path)


def asd(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "asd_recipes", *map(str, arguments)]
    environment = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)


@pytest.fixture(scope="module")
def recordings(
    zip_of: Callable[[dict[str, bytes]], bytes],
    tree: Callable[[Path], dict[str, bytes]],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, bytes]:
    """Zip files of two machines with real recordings."""
    made = tmp_path_factory.mktemp("made") / "data"
    write_dataset(made, size=DatasetSize(3, 2, 1), seed=2, machines=["fan", "valve"])
    files = tree(made)
    return {
        f"dev_{machine}.zip": zip_of({path: c for path, c in files.items() if path.startswith(machine)})
        for machine in ("fan", "valve")
    }


@pytest.fixture
def record(server: RecordServer, recordings: dict[str, bytes]) -> RecordServer:
    server.publish_record(DEV, recordings)
    return server


def test_what_was_downloaded_passes_verify_and_the_check(record: RecordServer, tmp_path: Path) -> None:
    root = tmp_path / "d"
    result = asd("data", "download", "dcase2023", "--mirror", record.url, "--out", root)
    assert result.returncode == 0, result.stderr
    assert f"asd reproduce --data {root / 'dev_data/raw'}" in result.stdout
    assert f"{root}: 2 of 2 zip files unpacked, 0 failed" in result.stdout
    assert "licence: cc-by-4.0" in result.stderr
    assert "dev_fan.zip: 13 files in" in result.stderr
    verified = asd("data", "verify", root)
    assert verified.returncode == 0, verified.stderr
    assert "dcase2023: 26 files, 0.01 GB, 0 findings" in verified.stdout
    checked = asd("data", "check", root / "dev_data/raw")
    assert checked.returncode == 0, checked.stdout
    again = asd("data", "download", "dcase2023", "--mirror", record.url, "--out", root, "--machine", "fan", "-q")
    assert again.returncode == 0
    assert "0 of 1 zip file unpacked, 1 already there, 0 failed" in again.stdout
    assert again.stderr == ""


def test_the_development_and_the_additional_set_end_with_the_command_that_takes_both(
    server: RecordServer, recordings: dict[str, bytes], tmp_path: Path
) -> None:
    server.publish_record(DEV, {"dev_fan.zip": recordings["dev_fan.zip"]})
    server.publish_record(ADDITIONAL, {"eval_data_Vacuum_train.zip": recordings["dev_valve.zip"]})
    root = tmp_path / "d"
    where = ("--mirror", server.url, "--out", root, "-q")
    alone = asd("data", "download", "dcase2023", *where)
    assert alone.returncode == 0, alone.stderr
    assert f"To train on it: asd reproduce --data {root / 'dev_data/raw'}.\n" in alone.stdout
    both = asd("data", "download", "dcase2023", "--split", "dev,additional", *where)
    assert both.returncode == 0, both.stderr
    sets = root / "dev_data/raw", root / "eval_data/raw"
    assert f"To check it: asd data check {sets[0]} and asd data check {sets[1]}." in both.stdout
    assert f"To train on it: asd reproduce --data {sets[0]} --others {sets[1]}.\n" in both.stdout


def test_a_file_that_fails_is_reported_and_the_exit_status_is_1(record: RecordServer, tmp_path: Path) -> None:
    record.script[record.file_path(DEV, "dev_fan.zip")] = [lambda handler: handler.reply(404, b"")]
    result = asd("data", "download", "dcase2023", "--mirror", record.url, "--out", tmp_path / "d")
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "dev_fan.zip" in result.stderr.splitlines()[-1]
    assert "the server answers 404" in result.stderr
    assert "1 of 2 zip files unpacked, 1 failed" in result.stdout


def test_verify_names_what_differs_and_the_exit_status_is_1(record: RecordServer, tmp_path: Path) -> None:
    assert asd("data", "download", "dcase2023", "--mirror", record.url, "--out", tmp_path / "d", "-q").returncode == 0
    lost = sorted((tmp_path / "d/dev_data/raw/fan/train").iterdir())[0]
    lost.unlink()
    result = asd("data", "verify", tmp_path / "d")
    assert result.returncode == 1
    assert f"missing: dev_data/raw/fan/train/{lost.name}: no such file" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["download", "dcase2019"], "there are dcase2020"),
        (["download", "dcase2023", "--split", "all"], "no split 'all'"),
        (["download", "dcase2026", "--split", "dev,test"], "dcase2026 has no split 'test'"),
        (["download", "dcase2023", "--mirror", "file:///tmp"], "is not an address"),
        (["verify", "."], "has no download.json"),
    ],
)
def test_a_wrong_request_is_one_line_and_exit_status_2(arguments: list[str], words: str, tmp_path: Path) -> None:
    where = ["--out", str(tmp_path / "d")] if arguments[0] == "download" else []
    result = asd("data", *arguments, *where)
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("asd: ")
    assert words in result.stderr
    assert not (tmp_path / "d/dev_data").exists()


def test_no_network_module_is_loaded_before_the_command_runs() -> None:
    network = {"ssl", "http.client", "urllib.request", "urllib3"}
    code = f"import sys; from asd_runtime.cli import command_line; command_line(); print({network} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"
