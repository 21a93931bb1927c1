"""No command writes over a recording, another input or a model, whatever option names the place."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner, Result

from asd_runtime.cli import command_line


def _asd(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command_line(), [str(argument) for argument in arguments])


def _words(result: Result) -> str:
    return " ".join(result.output.replace("│", " ").split())


def _files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Recordings, a table of them, and what stands for a model."""
    (tmp_path / "normal").mkdir()
    noise = 0.1 * np.random.default_rng(0).standard_normal(32_000)
    soundfile.write(tmp_path / "normal" / "n00.wav", noise, 16_000)
    (tmp_path / "link.json").symlink_to("normal/n00.wav")
    (tmp_path / "hard.json").hardlink_to(tmp_path / "normal" / "n00.wav")
    (tmp_path / "turning.json").symlink_to("turning.json")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "manifest.json").write_text('{"format":"asd-model","networks":[]}')
    (tmp_path / "table.csv").write_text("file_name\nnormal/n00.wav\n")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("normal/n00.wav", "name of a recording"),
        ("phone.mp3", "name of a recording"),
        ("link.json", "one of the recordings"),
        ("hard.json", "one of the recordings"),
        ("table.csv", "tables that are read"),
        ("model/manifest.json", "lies in a model"),
        ("model/new.json", "lies in a model"),
        ("folder.json", "it is a folder"),
        ("turning.json", "symbolic links"),
        ("x" * 256, "more than 255 bytes"),
        ("table.csv/report.json", "cannot be written"),
    ],
)
def test_a_report_replaces_no_input_and_no_model_and_says_so_before_anything_is_read(
    name: str, message: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setattr("asd_recipes.dataset.data_check.check_dataset", lambda *_, **__: pytest.fail("read first"))
    before = _files(place)
    result = _asd("data", "check", "table.csv", "--json", name)
    assert result.exit_code == 2, result.output
    assert message in _words(result)
    assert _files(place) == before


def test_a_report_may_go_to_a_device_and_replace_an_older_report(place: Path) -> None:
    (place / "null").symlink_to("/dev/null")
    (place / "report.json").write_text("old")
    for name in ("null", "report.json"):
        result = _asd("data", "check", place / "normal", "--quiet", "--json", place / name)
        assert result.exit_code == 0, result.output
    assert (place / "null").is_symlink()
    assert (place / "report.json").read_text().startswith("{")


def test_a_name_of_250_bytes_is_a_name(place: Path) -> None:
    report = place / ("r" * 245 + ".json")
    assert _asd("data", "check", place / "normal", "--quiet", "--json", report).exit_code == 0
    assert os.path.getsize(report) > 0


def test_an_evaluation_replaces_no_file_that_it_reads_and_no_table_of_its_own(tmp_path: Path) -> None:
    """Two options, or one given twice."""
    scores = tmp_path / "anomaly_score_fan_section_00_test.csv"
    scores.write_text("section_00_source_test_normal_0000.wav,0.5\n")
    before = _files(tmp_path)
    table = tmp_path / "table.csv"
    for options, message in (
        (["--csv", scores], "that are read"),
        (["--export", scores], "that are read"),
        (["--csv", table, "--export", table], "named twice"),
        (["--export", table, "--export", table], "named twice"),
    ):
        result = _asd("evaluate", tmp_path, "--resamples", "200", *options)
        assert result.exit_code == 2, result.output
        assert message in _words(result)
    assert _files(tmp_path) == before
