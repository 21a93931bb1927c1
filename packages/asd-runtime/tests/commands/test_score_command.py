"""`asd score` in a batch job: every recording gets a row, whatever it holds."""

import csv
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from typer.testing import CliRunner, Result

from asd_runtime.cli import command_line
from asd_runtime.errors import UnscorableError
from asd_runtime.file_names import from_table
from asd_runtime.scoring.scorer import Scorer
from asd_runtime.scoring.stretches import RecordingScore

RATE_HZ = 16_000


def _asd(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command_line(), [str(argument) for argument in arguments])


def _score(model: Path, *arguments: str | Path) -> Result:
    return _asd("score", model, "--quiet", *arguments)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _noise(seconds: float, seed: int = 0) -> NDArray[np.float64]:
    return 0.1 * np.random.default_rng(seed).standard_normal(round(RATE_HZ * seconds))


def _write(path: Path, wave: NDArray[np.float64], **how: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, wave, RATE_HZ, **how)
    return path


FAULTS = {
    "silent": (np.zeros(4 * RATE_HZ), "silent: every sample is 0: check the microphone"),
    "hiss": (np.tile([0, 1 / 2**20], 2 * RATE_HZ), "silent: level"),
    "constant": (np.full(4 * RATE_HZ, 0.25), "constant: every sample is 0.25"),
    "one sample": (np.full(1, 0.25), "too short"),
    "short": (_noise(0.4), "too short: 0.4 s; at least 1 s is needed: one segment of this model"),
    "a sample short": (_noise(1)[1:], "too short: 0.9999 s; at least 1 s is needed"),
    "NaN": (np.where(np.arange(4 * RATE_HZ) == 7, np.nan, 0.1), "not finite: 1 sample with NaN"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_recording_without_sound_of_the_machine_has_a_fault_and_no_score_and_no_verdict(
    kind: str, model: Path, tmp_path: Path
) -> None:
    wave, fault = FAULTS[kind]
    path = _write(tmp_path / "a.wav", wave, subtype="FLOAT")
    result = _score(model, path, "--out", tmp_path / "s.csv")
    assert result.exit_code == 1, "a batch job notices"
    assert f"NO SCORE   {path}: {fault}" in result.output
    assert "0 of 1 recording anomalous, 1 could not be scored" in result.output
    (row,) = _rows(tmp_path / "s.csv")
    assert row["fault"].startswith(fault)
    assert (row["score"], row["anomalous"], row["stretch_score"], row["stretches"]) == ("", "", "", "")


@pytest.mark.parametrize(
    "error",
    [
        UnscorableError("out of all scale."),
        ValueError("X[3] lies so far out that float32 overflows."),
        RuntimeError("the device is lost."),
        AssertionError("of ours."),
    ],
)
def test_whatever_goes_wrong_with_one_recording_has_a_row_and_the_next_one_has_a_score(
    error: Exception, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_it_is = Scorer.score

    def score(self: Scorer, path: Path, **options: Callable[[float], object]) -> RecordingScore:
        if path.name == "a.wav":
            raise error
        return as_it_is(self, path, **options)

    monkeypatch.setattr(Scorer, "score", score)
    both = [_write(tmp_path / name, _noise(4)) for name in ("a.wav", "b.wav")]
    assert _score(model, *both, "--out", tmp_path / "s.csv").exit_code == 1
    unscored, scored = _rows(tmp_path / "s.csv")
    assert unscored["fault"] == f"not scored: {error}"
    assert unscored["score"] == ""
    assert scored["score"]


def _clipped() -> NDArray[np.float64]:
    return np.clip(20 * _noise(4), -1, 1)


def _with_a_gap() -> NDArray[np.float64]:
    return np.concatenate([_noise(3), np.zeros(RATE_HZ // 2), _noise(3, 1)])


@pytest.mark.parametrize(
    ("wave", "fault"), [(_clipped(), "clipped"), (_with_a_gap(), "dropout"), (30 * _noise(4), "beyond full scale")]
)
def test_a_damaged_recording_has_a_score_a_verdict_and_a_fault(
    wave: NDArray[np.float64], fault: str, model: Path, tmp_path: Path
) -> None:
    path = _write(tmp_path / "a.wav", wave, subtype="FLOAT")
    result = _score(model, path, "--out", tmp_path / "s.csv")
    assert result.exit_code == 0, result.output
    (row,) = _rows(tmp_path / "s.csv")
    assert fault in row["fault"]
    assert row["anomalous"] == "1"
    assert f"fault: {row['fault']}" in result.output
    assert "1 has both a score and a fault" in result.output


def test_a_recording_whose_segments_all_touch_a_gap_has_no_score_and_says_why(model: Path, tmp_path: Path) -> None:
    wave = _noise(2.2)
    wave[15_000:20_000] = 0
    path = _write(tmp_path / "a.wav", wave)
    result = _score(model, path, "--out", tmp_path / "s.csv")
    assert result.exit_code == 1
    (row,) = _rows(tmp_path / "s.csv")
    assert row["score"] == ""
    assert "each of 6 segments of 1 s touches a gap" in row["fault"]


def test_a_gap_within_one_step_of_16_bits_is_left_out_and_reported(model: Path, tmp_path: Path) -> None:
    wave = _noise(8)
    wave[48_000:56_000] = np.random.default_rng(1).integers(-1, 2, 8_000) / 32768
    path = _write(tmp_path / "a.wav", wave)
    assert _score(model, path, "--out", tmp_path / "s.csv").exit_code == 0
    (row,) = _rows(tmp_path / "s.csv")
    assert row["fault"] == "dropout: next to nothing changes from 3.00 to 3.50 s: check the recorder and its cable"


def test_one_of_two_channels_may_be_dead_but_not_both(model: Path, tmp_path: Path) -> None:
    """The model uses the mean of the channels; two channels that cancel each other leave no sound."""
    noise = _noise(4)
    _write(tmp_path / "new" / "one.wav", np.stack([noise, 0 * noise], axis=1))
    _write(tmp_path / "new" / "opposite.wav", np.stack([noise, -noise], axis=1), subtype="DOUBLE")
    _write(tmp_path / "new" / "rounded.wav", np.stack([noise, 2**-16 - noise], axis=1), subtype="PCM_16")
    _write(tmp_path / "new" / "unequal.wav", np.stack([noise, -0.99 * noise], axis=1), subtype="PCM_16")
    assert _score(model, tmp_path / "new", "--out", tmp_path / "s.csv").exit_code == 1
    one, *opposites = _rows(tmp_path / "s.csv")
    assert one["fault"].startswith("silent: channel 1")
    assert one["score"]
    for opposite in opposites:
        assert opposite["fault"].startswith("silent: the channels cancel: -20 dB each")
        assert opposite["score"] == ""


def test_a_silent_stretch_of_a_long_recording_has_no_score_and_is_reported(model: Path, tmp_path: Path) -> None:
    wave = np.concatenate([_noise(8), np.zeros(10 * RATE_HZ), _noise(8, 1)])
    path = _write(tmp_path / "a.wav", wave)
    result = _score(model, path, "--out", tmp_path / "s.csv", "--stretches", tmp_path / "t.csv")
    assert result.exit_code == 0, result.output
    (row,), stretches = _rows(tmp_path / "s.csv"), _rows(tmp_path / "t.csv")
    assert "dropout: no sample changes for 10.00 s" in row["fault"]
    silent = [(float(line["start_s"]), float(line["end_s"])) for line in stretches if line["fault"] == "gap"]
    assert silent
    assert all(start_s >= 7 and end_s <= 19 for start_s, end_s in silent)
    assert all((line["score"] == "") == (line["fault"] == "gap") for line in stretches)


def test_the_tables_give_the_worst_stretch_and_how_many_are_above_the_threshold(model: Path, tmp_path: Path) -> None:
    path = _write(tmp_path / "a.wav", _noise(20))
    result = _score(model, path, "--out", tmp_path / "s.csv", "--stretches", tmp_path / "t.csv")
    assert result.exit_code == 0, result.output
    (row,), stretches = _rows(tmp_path / "s.csv"), _rows(tmp_path / "t.csv")
    assert int(row["stretches"]) == len(stretches) > 10
    assert int(row["stretches_above"]) == sum(int(line["above"]) for line in stretches)
    worst = max(stretches, key=lambda line: float(line["score"]))
    assert [row[f"stretch_{name}"] for name in ("score", "start_s", "end_s")] == [
        worst[name] for name in ("score", "start_s", "end_s")
    ]
    assert float(worst["start_s"]) <= float(row["worst_start_s"]) < float(row["worst_end_s"]) <= float(worst["end_s"])
    said = f"{row['stretches_above']} of {row['stretches']} stretches above; about 1.9 expected if normal"
    assert said in result.output
    assert "6 held-out pieces of 3 s from 3 recordings: expect about one in 7 normal stretches" in result.output


def test_a_folder_is_searched_and_everything_in_it_gets_a_row(model: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    _write(new / "a.wav", _noise(3))
    _write(new / "deep" / "er" / "b.flac", _noise(3, 1))
    _write(new / ".hidden" / "c.wav", _noise(3))
    _write(new / ".d.wav", _noise(3))
    (new / "e.mp3").write_bytes(b"ID3")
    (new / "f.wav").write_bytes(b"RIFF")
    (new / "notes.txt").write_text("of Monday")
    (new / "linked").symlink_to(new / "deep")
    os.mkfifo(new / "pipe.wav")
    (tmp_path / "empty").mkdir()
    given = (new, new / "a.wav", tmp_path / "empty", tmp_path / "gone.wav")
    result = _score(model, *given, "--out", tmp_path / "s.csv")
    assert result.exit_code == 1
    found = {str(Path(row["file"]).relative_to(tmp_path)): row for row in _rows(tmp_path / "s.csv")}
    assert {name for name, row in found.items() if row["score"]} == {"new/a.wav", "new/deep/er/b.flac"}
    assert {name: row["fault"].split(":")[0] for name, row in found.items() if not row["score"]} == {
        "new/e.mp3": "other format",
        "new/f.wav": "truncated",
        "empty": "no recordings",
        "new/linked": "folder not used",
        "new/pipe.wav": "unreadable",
        "gone.wav": "no such file",
    }
    assert "2 of 5 recordings anomalous, 3 could not be scored, 3 paths without a recording" in result.output
    assert result.output.count("new/a.wav") == 1, "given twice, scored once"


def test_no_file_name_breaks_the_table_or_controls_the_terminal(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = ["=1+1.wav", "+2.wav", "-3.wav", "@4.wav", "a\\nb.wav", os.fsdecode(b"p\xff.wav"), "c\x1b[31m\nd.wav"]
    for number, name in enumerate(names):
        _write(Path("plain.wav"), _noise(3, number)).rename(name)
    Path("broken\x07.wav").write_bytes(b"RIFF")
    result = _asd("score", model, "--out", "s.csv", "--stretches", "t.csv", "--", *names, "broken\x07.wav")
    assert result.exit_code == 1, result.output
    assert result.output.replace("\n", "").isprintable()
    for table in ("s.csv", "t.csv"):
        text = Path(table).read_text(encoding="utf-8")
        assert text.replace("\n", "").isprintable()
        assert not [line for line in text.splitlines() if line.startswith(("=", "+", "-", "@"))]
    written = [from_table(row["file"]) for row in _rows(Path("s.csv"))]
    assert written == [*names, "broken\x07.wav"]


def test_a_model_that_is_not_there_or_not_finished_is_called_so(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.wav", _noise(3))
    (tmp_path / "folder").mkdir()
    (tmp_path / ".half.fit").mkdir()
    for name, message in (
        ("nowhere", "nowhere: is not there"),
        ("folder", "has no manifest.json, so it is not a model"),
        ("half", "half: its fit is not finished: run its `asd fit` command again"),
    ):
        result = _score(tmp_path / name, path)
        assert message in str(result.exception)


def test_the_progress_of_long_scoring_is_in_megabytes_of_recordings(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asd_runtime.commands.score._LONG_MB", 0)
    path = _write(tmp_path / "a.wav", _noise(3))
    result = _asd("score", model, path)
    assert "score recordings: done in" in result.output
