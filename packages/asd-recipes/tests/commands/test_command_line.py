"""The command `asd` as a user runs it, in a separate process."""

import csv
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import typer

from asd_eval import bootstrap_directory, compare_directories, evaluate_directory, official_text, write_submission
from asd_recipes.synth import DatasetSize, write_dataset
from asd_runtime.cli import command_line


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a command whose refusal fails writes nothing into the checkout."""
    monkeypatch.chdir(tmp_path)


def _asd(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-W", "error", "-m", "asd_recipes", *map(str, arguments)]
    environment = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)


def _commands() -> list[tuple[str, ...]]:
    """Every command of the application, including those in groups, so that a new one is tested automatically."""
    group = typer.main.get_command(command_line())
    found = []
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        found += [(name,)] if inner is None else [(name, of_group) for of_group in inner]
    return found


@pytest.mark.parametrize("command", _commands(), ids=" ".join)
def test_the_help_of_every_command_shows_an_example(command: tuple[str, ...]) -> None:
    result = _asd(*command, "--help")
    assert result.returncode == 0, result.stderr
    lines = [line.strip(" │|") for line in result.stdout.splitlines()]
    assert [line for line in lines if line.startswith(f"asd {' '.join(command)}")]


def test_the_commands_are_those_of_the_packages_pages() -> None:
    packages = Path(__file__).parents[3]
    pages = [(packages / name / "README.md").read_text(encoding="utf-8") for name in ("asd-recipes", "asd-runtime")]
    shown = {tuple(line.split()[1:3]) for page in pages for line in page.splitlines() if line.startswith("asd ")}
    listed = {words if words[0] == "data" else words[:1] for words in shown}
    assert listed == set(_commands())
    assert len(listed) == 12


@pytest.fixture(scope="module")
def data_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("command") / "data"
    write_dataset(folder, size=DatasetSize(3, 2, 1), seed=2, machines=["fan"])
    return folder


def test_a_good_data_set_passes_the_check_and_its_report_counts_every_clip(data_set: Path, tmp_path: Path) -> None:
    result = _asd("data", "check", data_set, "--json", tmp_path / "report.json")
    assert result.returncode == 0, result.stderr
    assert "9 clips, 0 findings" in result.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    counts: Counter[tuple[str, ...]] = Counter()
    for line in report["counts"]:
        counts[line["machine"], line["split"], line["domain"], line["label"]] += line["clips"]
    one_each = {("fan", "test", d, label): 1 for d in ("source", "target") for label in ("normal", "anomaly")}
    assert counts == {("fan", "train", "source", "normal"): 3, ("fan", "train", "target", "normal"): 2, **one_each}
    assert report["problems"] == []


def test_a_data_set_with_a_broken_file_fails_the_check_and_names_the_file(data_set: Path, tmp_path: Path) -> None:
    broken = tmp_path / "fan" / "train" / sorted((data_set / "fan" / "train").glob("*.wav"))[0].name
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"RIFF")
    result = _asd("data", "check", tmp_path)
    assert result.returncode == 1, result.stderr
    assert broken.name in result.stdout


def test_a_wrong_folder_is_one_line_and_not_a_traceback(tmp_path: Path) -> None:
    result = _asd("data", "check", tmp_path)
    assert result.returncode == 2
    assert result.stderr.startswith("asd: ")
    assert "Traceback" not in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.fixture(scope="module")
def submissions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two systems' scores of the same clips of two machines; the first is the better one."""
    rng = np.random.default_rng(4)
    folder = tmp_path_factory.mktemp("submissions")
    for machine in ("fan", "valve"):
        kinds = [(domain, label) for domain in ("source", "target") for label in ("normal", "anomaly")] * 10
        names = [f"section_00_{domain}_test_{label}_{place:04d}.wav" for place, (domain, label) in enumerate(kinds)]
        anomalous = np.array([label == "anomaly" for _, label in kinds])
        for system, shift in (("good", 2.0), ("poor", 0.3)):
            scores = rng.standard_normal(len(names)) + shift * anomalous
            write_submission(folder / system, names, scores, machine=machine, decisions=(scores > 1).astype(int))
    return folder / "good", folder / "poor"


def test_evaluate_prints_the_table_and_writes_it_as_csv(submissions: tuple[Path, Path], tmp_path: Path) -> None:
    result = _asd("evaluate", submissions[0], "--csv", tmp_path / "new" / "result.csv")
    assert result.returncode == 0, result.stderr
    evaluation = evaluate_directory(submissions[0])
    interval = bootstrap_directory(submissions[0]).official_score
    assert result.stdout == f"{official_text(evaluation, interval)}\n"
    assert evaluation.official_score is not None
    assert f"{100 * evaluation.official_score:.2f}" in result.stdout
    rows = csv.reader((tmp_path / "new" / "result.csv").read_text().splitlines())
    cells = {cell for row in rows for cell in row}
    numbers = [float(cell) for cell in cells if cell.replace(".", "", 1).isdigit()]
    assert any(number == pytest.approx(evaluation.official_score, rel=1e-12) for number in numbers)
    assert {"fan", "valve"} <= cells


def test_evaluate_prints_the_means_that_the_official_file_has(submissions: tuple[Path, Path]) -> None:
    result = _asd("evaluate", submissions[0], "--resamples", "200")
    lines = [line.split() for line in result.stdout.splitlines()]
    labels = [" ".join(line[:2]) for line in lines]
    assert {"fan arithmetic", "valve arithmetic", "all arithmetic"} <= set(labels)
    assert labels.count("source harmonic") == labels.count("target harmonic") == 3
    assert ["machine", "mean", "AUC", "pAUC", "precision", "recall", "F1", "score"] in lines


def test_evaluate_exports_by_suffix_and_refuses_others(submissions: tuple[Path, Path], tmp_path: Path) -> None:
    files = [tmp_path / f"table{suffix}" for suffix in (".csv", ".json", ".md", ".tex")]
    options = [word for file in files for word in ("--export", file)]
    result = _asd("evaluate", submissions[0], "--resamples", "200", *options)
    assert result.returncode == 0, result.stderr
    found = evaluate_directory(submissions[0])
    assert [file.read_text() for file in files] == [
        found.to_csv(), found.to_json(), found.to_markdown(), found.to_latex(),
    ]  # fmt: skip
    refused = _asd("evaluate", submissions[0], "--export", tmp_path / "table.xlsx")
    assert refused.returncode == 2
    assert ".tex" in refused.stderr


def test_a_repair_is_reported_in_one_line(submissions: tuple[Path, Path], tmp_path: Path) -> None:
    for file in submissions[0].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    result = _asd("evaluate", tmp_path, "--resamples", "200")
    assert result.returncode == 0, result.stderr
    assert result.stderr.startswith("asd: repaired while reading")
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == _asd("evaluate", submissions[0], "--resamples", "200").stdout


def test_compare_prints_the_difference_its_interval_and_p(submissions: tuple[Path, Path]) -> None:
    result = _asd("compare", *submissions, "--resamples", "500", "--seed", "3")
    assert result.returncode == 0, result.stderr
    official = compare_directories(*submissions, resamples=500, seed=3).official
    assert official.difference.value > 0
    line = next(line for line in result.stdout.splitlines() if line.startswith("official score"))
    assert f"{100 * official.difference.value:+.2f}" in line
    assert f"[{100 * official.difference.low:+.2f}, {100 * official.difference.high:+.2f}]" in line
    assert f"p = {official.p_value:.4g}" in result.stdout


def test_comparing_in_the_other_order_changes_the_sign(submissions: tuple[Path, Path]) -> None:
    there, back = (_asd("compare", *pair, "--resamples", "200") for pair in (submissions, submissions[::-1]))
    words = [
        next(line for line in result.stdout.splitlines() if line.startswith("official score")).split()
        for result in (there, back)
    ]
    assert words[0][4].startswith("+")
    assert words[1][4] == words[0][4].replace("+", "-")


@pytest.mark.parametrize("command", ["evaluate", "compare"])
def test_a_folder_without_submission_files_is_one_line(command: str, tmp_path: Path) -> None:
    result = _asd(command, *[tmp_path] * (2 if command == "compare" else 1))
    assert result.returncode == 2
    assert result.stderr.startswith("asd: ")
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("out", [".", "..", "/", "models/.."])
def test_a_model_is_not_written_into_an_existing_folder(out: str, data_set: Path) -> None:
    result = _asd("fit", "--normal", data_set / "fan" / "train", "--out", out)
    assert result.returncode == 2
    assert result.stderr.startswith(f"asd: --out must name a new folder; {out} exists. Try ")
    assert len(result.stderr.splitlines()) == 1
