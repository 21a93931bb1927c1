"""The examples and sentences of every `--help` fit into 80 columns; examples are valid, and run where that is possible.

An example runs in a folder with tiny made-up files at its paths. Options that make it quick are appended; the example
itself does not change, except for the size of synthetic data.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import typer
from made_up_model import made_up_manifest, write_made_up
from typer.testing import CliRunner

from asd_eval import write_submission
from asd_recipes.synth import DatasetSize, write_dataset
from asd_runtime.cli import command_line

FIT = ["threads=1", "segments.length_s=1.0", "training.epochs=1", "training.batch_size=16", "log_mel.bands=16"]
FIT += ["log_mel.hop_s=0.064", "inlier.components=[1]", "inlier.neighbours=[1]"]
NOT_RUN = {
    ("reproduce",): "takes minutes; tests/test_run_end_to_end.py runs the command",
    ("export",): "needs a finished run; tests/reproduction/test_model_export.py makes models of runs",
    ("study",): "takes hours; tests/reproduction/test_study.py runs the command's parts",
    ("data", "download"): "needs the network; tests/download runs the command against a server of its own",
    ("data", "verify"): "needs a download; tests/download runs the command",
}
QUICK = {
    ("fit",): ["--device", "cpu", *(word for setting in FIT for word in ("--set", setting))],
    ("evaluate",): ["--resamples", "100"],
    ("compare",): ["--resamples", "100"],
    ("data", "synth"): ["--machines", "fan", "--jobs", "1"],
}


def _commands(group: Any = None, name: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command and group with its name, as in ("data", "check")."""
    for part, command in (group or typer.main.get_command(command_line())).commands.items():
        yield (*name, part), command
        if hasattr(command, "commands"):
            yield from _commands(command, (*name, part))


def _examples() -> list[tuple[tuple[str, ...], str]]:
    """Every command with each example that its help shows; a line that ends with a backslash goes on in the next."""
    helps = [(name, (command.help or "").replace("\\\n", "\\\r")) for name, command in _commands()]
    lines = [(name, line.strip().replace("\r", "\n")) for name, text in helps for line in text.split("\n")]
    return [(name, line) for name, line in lines if line.startswith("asd ")]


def _joined(example: str) -> str:
    """An example on one line, as a shell reads it."""
    return re.sub(r" \\\n *", " ", example)


EXAMPLES = _examples()
IDS = [line for _, line in EXAMPLES]


@pytest.mark.parametrize(("command", "example"), EXAMPLES, ids=IDS)
def test_an_example_fits_on_a_line_of_80_columns(command: tuple[str, ...], example: str) -> None:
    shown = CliRunner().invoke(command_line(), [*command, "--help"], env={"COLUMNS": "80", "NO_COLOR": "1"})
    shown_lines = [line.strip() for line in shown.output.splitlines()]
    assert {line.strip() for line in example.splitlines()} <= set(shown_lines), shown.output


@pytest.mark.parametrize("command", [name for name, _ in _commands()], ids=" ".join)
def test_a_paragraph_is_not_broken_twice_at_80_columns(command: tuple[str, ...]) -> None:
    """Help keeps the line ends of the source, but for the first paragraph."""
    text = dict(_commands())[command].help or ""
    shown = CliRunner().invoke(command_line(), [*command, "--help"], env={"COLUMNS": "80", "NO_COLOR": "1"})
    lines = [line.strip() for paragraph in text.split("\n\n")[1:] for line in paragraph.splitlines()]
    assert set(lines) <= {line.strip() for line in shown.output.splitlines()}, shown.output


@pytest.mark.parametrize(("command", "example"), EXAMPLES, ids=IDS)
def test_an_example_is_understood_by_its_command_and_by_a_shell(command: tuple[str, ...], example: str) -> None:
    words = shlex.split(_joined(example))
    assert tuple(words[1 : 1 + len(command)]) == command
    assert not set(_joined(example)) & set("<>|&;`$*"), "a shell would not pass this on as it stands"
    with dict(_commands())[command].make_context(command[-1], words[1 + len(command) :]) as context:
        assert context.params


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the examples name: recordings, a data set, a model, submissions of two systems."""
    root = tmp_path_factory.mktemp("examples")
    rng = np.random.default_rng(1)
    names = ["recordings/pump7/900_full.wav", "recordings/pump7/900_idle.wav", "recordings/pump7/1200_full.wav"]
    names += ["other-machines/saw/a.wav", "recordings/new/b.wav", "monday.wav", "tuesday.wav"]
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(root / name, 0.1 * rng.standard_normal(64_000), 16_000)
    write_dataset(root / "dcase2023t2" / "dev_data" / "raw", size=DatasetSize(3, 2, 1), seed=2, machines=["fan"])
    write_made_up(root / "models" / "pump7", made_up_manifest())
    for _, example in EXAMPLES:
        for word in shlex.split(_joined(example)):
            if "submissions" in word:
                _submit(root / word, rng)
    return root


def _submit(folder: Path, rng: np.random.Generator) -> None:
    kinds = [(domain, label) for domain in ("source", "target") for label in ("normal", "anomaly")] * 5
    files = [f"section_00_{domain}_test_{label}_{n:04d}.wav" for n, (domain, label) in enumerate(kinds)]
    scores = rng.standard_normal(len(files))
    write_submission(folder, files, scores, machine="fan", decisions=(scores > 1).astype(int))


@pytest.mark.parametrize(("command", "example"), EXAMPLES, ids=IDS)
def test_an_example_does_what_it_says(
    command: tuple[str, ...], example: str, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if command in NOT_RUN:
        pytest.skip(NOT_RUN[command])
    for entry in place.iterdir():
        if entry.name != "models" or command != ("fit",):  # this command makes its own data set
            (tmp_path / entry.name).symlink_to(entry)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("asd_recipes.own_machine.machine_training._CROPS_AN_EPOCH", 16)
    words = shlex.split(_joined(example).replace("--size quick", "--size tiny"))[1:] + QUICK.get(command, [])
    if command == ("fit",) and "--others" not in words:
        words += ["--others", "other-machines"]  # the synthetic machines would take longer than all examples
    result = CliRunner().invoke(command_line(), words)
    assert result.exit_code == 0, result.output or result.exception
    for option in ("--out", "--json", "--stretches"):
        if option in words:
            assert Path(words[words.index(option) + 1]).exists()
