"""The command `asd` finds the commands of installed packages, and says which package brings one that is missing."""

import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from typer.testing import CliRunner

from asd_runtime import cli


def _asd(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "asd_runtime", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def _only():
    """In place of `entry_points`: this package alone is installed."""

    def found(*, group: str) -> list[EntryPoint]:
        return [EntryPoint("score", "asd_runtime.commands.score:score", group)] if group == "asd.commands" else []

    return found


def test_a_command_whose_package_is_missing_says_which_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "entry_points", _only())
    app = cli.command_line()
    for words in (["fit", "--normal", "recordings"], ["reproduce"], ["data", "check", "--help"]):
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 2
        assert f"the command {words[0]} comes with asd-recipes" in result.output
    listed = CliRunner().invoke(app, ["--help"]).output
    assert "score" in listed
    assert "reproduce" not in listed.split("Commands")[1]


def test_an_unknown_command_is_refused_as_ever() -> None:
    result = _asd("scoer")
    assert result.returncode == 2
    assert "No such command 'scoer'" in result.stderr


def test_an_error_that_the_user_can_mend_is_one_line(tmp_path: Path) -> None:
    result = _asd("info", tmp_path)
    assert result.returncode == 2
    assert result.stderr.startswith(f"asd: {tmp_path}: has no manifest.json")
    assert len(result.stderr.splitlines()) == 1


def test_the_help_loads_no_numbers() -> None:
    code = "import sys; from asd_runtime.cli import command_line; command_line(); print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
