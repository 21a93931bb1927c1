"""`asd score` harms no file: what it refuses to write over, before anything is computed."""

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner, Result

from asd_runtime.cli import command_line


def _score(model: Path, *arguments: str | Path) -> Result:
    command = ["score", model, "--quiet", *arguments]
    return CliRunner().invoke(command_line(), [str(argument) for argument in command])


@pytest.fixture
def place(model: Path, tmp_path: Path) -> Path:
    """A recording with three names, and a model with two."""
    soundfile.write(tmp_path / "a.wav", 0.1 * np.random.default_rng(0).standard_normal(3 * 16_000), 16_000)
    (tmp_path / "link.csv").symlink_to("a.wav")
    (tmp_path / "hard.csv").hardlink_to(tmp_path / "a.wav")
    (tmp_path / "model").symlink_to(model)
    (tmp_path / "manifest.csv").symlink_to(model / "manifest.json")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "table.csv").write_text("of Monday\n")
    (tmp_path / "same.csv").hardlink_to(tmp_path / "table.csv")
    return tmp_path


@pytest.mark.parametrize("option", ["--out", "--stretches"])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.wav", "name of a recording"),
        ("other.flac", "name of a recording"),
        ("link.csv", "one of the recordings"),
        ("hard.csv", "one of the recordings"),
        ("manifest.csv", "file of the model"),
        ("model/manifest.json", "file of the model"),
        ("model/new.csv", "lies in a model"),
        ("folder.csv", "folder"),
        ("table.csv/new.csv", "folder"),
    ],
)
def test_a_table_never_replaces_a_recording_or_a_file_of_the_model(
    name: str, message: str, option: str, place: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*arguments: object, **options: object) -> None:
        pytest.fail("the model was loaded before the outputs were looked at")

    monkeypatch.setattr("asd_runtime.scoring.scorer.load_detectors", nothing)
    before = {path: path.read_bytes() for path in (*place.glob("*.*"), *model.rglob("*")) if path.is_file()}
    result = _score(place / "model", place / "a.wav", option, place / name)
    assert result.exit_code == 2
    assert message in " ".join(result.output.replace("│", " ").split())
    after = {path: path.read_bytes() for path in (*place.glob("*.*"), *model.rglob("*")) if path.is_file()}
    assert after == before


@pytest.mark.parametrize("other", ["table.csv", "same.csv", "./table.csv"])
def test_two_tables_in_one_file_are_refused(other: str, place: Path, model: Path) -> None:
    result = _score(model, place / "a.wav", "--out", place / "table.csv", "--stretches", place / other)
    assert result.exit_code == 2
    assert "named twice" in " ".join(result.output.replace("│", " ").split())
    assert (place / "table.csv").read_text() == "of Monday\n"


def test_a_part_of_a_run_is_no_model_and_the_way_out_is_said(place: Path) -> None:
    (place / "run" / "fan" / "oe").mkdir(parents=True)
    (place / "run" / "recipe.toml").touch()
    (place / "run" / "fan" / "oe" / "manifest.json").write_text("{}")
    for part in ("run", "run/fan", "run/fan/oe"):
        result = _score(place / part, place / "a.wav")
        assert "asd export RUN/MACHINE/SYSTEM" in str(result.exception)


def test_an_old_table_is_replaced_and_a_missing_folder_is_made(place: Path, model: Path) -> None:
    (place / "same.csv").unlink()
    for out in (place / "table.csv", place / "new" / "folder" / "scores.csv"):
        assert _score(model, place / "a.wav", "--out", out).exit_code == 0
        assert [row["file"] for row in csv.DictReader(out.read_text().splitlines())] == [str(place / "a.wav")]
