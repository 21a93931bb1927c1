"""The command `asd data check`: its table, JSON, exit status and options."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from asd_runtime.cli import command_line


def _check(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(command_line(), ["data", "check", *map(str, arguments), "--quiet"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Stereo at 44.1 kHz, without a layout."""
    folder = tmp_path / "[bold]recordings"
    folder.mkdir()
    for number in range(3):
        noise = np.random.default_rng(number).integers(-3000, 3000, (44_100 * 2, 2)).astype(np.int16)
        soundfile.write(folder / f"{number}.wav", noise, 44_100)
    return folder


def test_a_plain_folder_is_checked_for_what_fit_accepts_and_the_report_says_so(recordings: Path) -> None:
    """Stereo at 44.1 kHz is not a fault there; it is one in a layout, or if the options say so."""
    soundfile.write(recordings / "3.wav", np.random.default_rng(3).uniform(-0.1, 0.1, 48_000), 48_000, subtype="FLOAT")
    status, output = _check(recordings)
    assert (status, "4 recordings, 0 findings" in output) == (0, True), output
    assert "checked for `asd fit`: any sample rate, channels averaged, 1 s or longer" in output
    assert "train" not in output, "of a plain folder nothing is known of splits, domains and labels"
    (recordings / "metadata.csv").write_text("file_name\n0.wav\n1.wav\n2.wav\n3.wav\n")
    status, output = _check(recordings)
    assert status == 1
    assert output.count("error: wrong channels") == 3
    assert output.count("error: wrong rate") == 4


def test_the_check_of_a_plain_folder_names_everything_that_fit_would_leave_out(
    recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files are named by the path that the user gave."""
    (recordings / "Prüfstand 2").mkdir()
    (recordings / "Prüfstand 2" / "phone.m4a").write_bytes(b"ftyp")
    (recordings / "monday.mp3").write_bytes(b"ID3")
    (recordings / "half.wav").write_bytes((recordings / "0.wav").read_bytes()[:1000])
    (recordings / "archive").symlink_to(recordings)
    monkeypatch.chdir(recordings.parent)
    status, output = _check(recordings.name)
    assert status == 1
    name = recordings.name
    assert f"error: other format: {name}/Prüfstand 2/phone.m4a: " in output
    assert f"error: other format: {name}/monday.mp3: " in output
    assert f"error: truncated: {name}/half.wav: " in output
    assert f"warning: folder not used: {name}/archive: links to folders are not followed" in output
    assert "4 findings (3 errors, 1 warning)" in output


def test_options_say_what_recordings_should_be_like(recordings: Path) -> None:
    assert _check(recordings, "--rate", "16000")[0] == 1
    assert _check(recordings, "--channel", "only")[0] == 1
    assert _check(recordings, "--rate", "44100", "--channel", "only")[0] == 1
    assert _check(recordings, "--rate", "44100", "--channel", "1")[0] == 0
    assert _check(recordings, "--rate", "any", "--channel", "mean")[0] == 0
    assert _check(recordings, "--rate", "any", "--channel", "mean", "--min-seconds", "3")[0] == 1


def test_warnings_fail_only_a_strict_check(recordings: Path) -> None:
    (recordings / "metadata.csv").write_text("file_name,label\n0.wav,normal\n1.wav,normal\n")
    options = (recordings, "--rate", "any", "--channel", "mean")
    status, output = _check(*options)
    assert status == 0
    assert "warning: not listed: 2.wav" in output
    assert _check(*options, "--strict")[0] == 1


def test_json_goes_to_a_file_or_to_standard_output_without_the_table(recordings: Path, tmp_path: Path) -> None:
    strict = ("--rate", "16000", "--channel", "only")
    status, output = _check(recordings, *strict, "--json", tmp_path / "report.json")
    assert "[bold]recordings" in output, "a name in brackets is no style"
    assert "3 recordings, 6 findings (6 errors, 0 warnings)" in output
    written = json.loads((tmp_path / "report.json").read_text())
    printed = json.loads(_check(recordings, *strict, "--json", "-")[1])
    assert printed == written
    assert status == 1
    assert (written["clips"], written["errors"], written["warnings"]) == (3, 6, 0)
    assert {problem["kind"] for problem in written["problems"]} == {"wrong rate", "wrong channels"}
    assert {problem["severity"] for problem in written["problems"]} == {"error"}
    (total,) = written["totals"]
    assert total["seconds"] == pytest.approx(6.0)
    # Uniform noise of +-3000 steps in each of two channels.
    assert total["level_db"] == pytest.approx(20 * np.log10(3000 / 3**0.5 / 32768), abs=0.1)


def test_many_findings_of_a_kind_are_shortened_on_the_screen_but_not_in_json(recordings: Path) -> None:
    for number in range(3, 20):
        (recordings / f"{number}.wav").touch()
    output = _check(recordings, "--rate", "any", "--channel", "mean")[1]
    assert output.count("error: empty: ") == 11
    assert "error: empty: 7 more" in output
    assert json.loads(_check(recordings, "--json", "-")[1])["errors"] == 17


def test_a_folder_whose_name_is_not_utf8_can_be_checked(recordings: Path, tmp_path: Path) -> None:
    try:
        strange = recordings.rename(recordings.with_name("a\udcff\n"))
    except (OSError, UnicodeError):
        pytest.skip("this file system takes no such name")
    command = [sys.executable, "-m", "asd_recipes", "data", "check", str(strange)]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stderr.count("Traceback")) == (0, 0)
    assert "3 recordings, 0 findings" in result.stdout


@pytest.mark.parametrize(
    "options",
    [
        ["--rate", "fast"],
        ["--rate", "0"],
        ["--channel", "left"],
        ["--channel", "-1"],
        ["--min-seconds", "nan"],
        ["--min-seconds", "inf"],
        ["--min-seconds", "-1"],
    ],
)
def test_an_option_that_makes_no_sense_is_refused_by_name(recordings: Path, options: list[str]) -> None:
    status, output = _check(recordings, *options)
    assert status == 2
    assert options[0] in output


def test_ground_truth_labels_anonymous_clips(recordings: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "shaker" / "test"
    folder.mkdir(parents=True)
    for number in range(3):
        (recordings / f"{number}.wav").rename(folder / f"section_00_{number:04d}.wav")
    labels = ["source_test_normal", "source_test_anomaly", "target_test_normal"]
    rows = [f"section_00_{number:04d}.wav,section_00_{label}_0000.wav" for number, label in enumerate(labels)]
    (tmp_path / "truth.csv").write_text("\n".join(["shaker", *rows]))
    arguments = (tmp_path / "data", "--ground-truth", tmp_path / "truth.csv", "--json", "-")
    totals = json.loads(_check(*arguments)[1])["totals"]
    assert {(line["domain"], line["label"]) for line in totals} == {
        ("source", "normal"), ("source", "anomaly"), ("target", "normal")
    }  # fmt: skip


def test_one_recording_is_no_table_of_clips(recordings: Path) -> None:
    result = CliRunner().invoke(command_line(), ["data", "check", str(recordings / "0.wav")])
    assert f"is a recording. Pass its folder: asd data check {recordings}" in str(result.exception)


def test_a_rate_of_one_hertz_is_no_dropout(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.random.default_rng(0).uniform(-0.1, 0.1, 60), 1)
    assert "dropout" not in _check(tmp_path)[1]


@pytest.mark.parametrize("layout", [True, False])
def test_a_closed_folder_is_a_finding_and_the_rest_is_checked(
    layout: bool, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The superuser may open everything, so that the refusal is made up."""
    closed, is_dir, access, scandir = recordings / "darf nicht", Path.is_dir, os.access, os.scandir
    closed.mkdir()
    if layout:
        (recordings / "fan" / "train").mkdir(parents=True)

    def refused(call: Callable[..., Any], refuse: Callable[[Path], bool]) -> Callable[..., Any]:
        def instead(path: str | Path, *more: object) -> object:
            if refuse(Path(path)):
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return call(path, *more)

        return instead

    monkeypatch.setattr(Path, "is_dir", refused(is_dir, lambda path: path.parent == closed))
    monkeypatch.setattr(os, "scandir", refused(scandir, lambda path: path == closed))
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != closed and access(path, mode))
    status, output = _check(recordings)
    assert status == 1
    assert f"error: unreadable: {closed}: the folder cannot be listed: Permission denied" in output
    assert layout or "3 recordings" in output


def test_an_unreadable_file_is_named_once_and_without_the_class_of_the_error(
    recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(path: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("asd_runtime.sound.recording_findings.measure_recording", closed)
    assert f"error: unreadable: {recordings / '0.wav'}: Permission denied\n" in _check(recordings)[1]
