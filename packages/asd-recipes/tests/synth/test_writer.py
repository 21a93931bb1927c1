"""The data set on disk: layout, same bytes, whole or not at all, nobody's files touched."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import pytest

from asd_recipes.synth import DatasetExistsError, DatasetSize, write_dataset
from asd_recipes.synth.machines import MODELS

SMALL = DatasetSize(2, 1, 1)
NAME = re.compile(r"section_00_(source|target)_(train|test)_(normal|anomaly)_\d{4}(_[A-Za-z-]+_[0-9A-Za-z.]+)+\.wav")


def digests(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("synth") / "data"
    write_dataset(root, size=SMALL, seed=5)
    return root


def test_the_layout_is_that_of_the_real_data_set(made: Path) -> None:
    assert {p.name for p in made.iterdir()} == {*MODELS, "synth.json"}
    for machine in MODELS:
        with (made / machine / "attributes_00.csv").open(newline="") as file:
            header, *rows = list(csv.reader(file))
        pairs = (len(header) - 1) // 2
        assert header == ["file_name", *(f"d{i}{kind}" for i in range(1, pairs + 1) for kind in "pv")]
        listed = {row[0] for row in rows}
        present = {p.relative_to(made).as_posix() for p in (made / machine).rglob("*.wav")}
        assert listed == present
        assert len(rows) == SMALL.clips_per_machine
        for row in rows:
            _, split, name = row[0].split("/")
            match = NAME.fullmatch(name)
            assert match is not None
            assert match[2] == split
            assert name.endswith("_" + "_".join(row[1:]) + ".wav")


def test_clips_are_16_khz_mono_16_bit_of_the_machines_length(made: Path) -> None:
    for path in made.rglob("*.wav"):
        with wave.open(str(path)) as clip:
            assert (clip.getframerate(), clip.getnchannels(), clip.getsampwidth()) == (16_000, 1, 2)
            assert clip.getnframes() == (192_000 if "Toy" in str(path.relative_to(made)) else 160_000)


def test_names_follow_those_of_the_real_clips() -> None:
    named = os.environ.get("ASD_SHARED")
    places = [Path(named)] if named else [parent / "shared" for parent in Path(__file__).resolve().parents]
    real = [p for place in places for p in (place / "data" / "dcase2023_clips").rglob("*.wav")]
    if not real:
        pytest.skip("no real clips beside the project; set ASD_SHARED")
    from asd_recipes.synth.clip_plan import plan_machine

    for path in real:
        assert NAME.fullmatch(path.name)
        machine = path.parent.parent.name
        plan = plan_machine(machine, DatasetSize.named("full"), 0)
        values = {clip.file_name.split("_", 6)[6].removesuffix(".wav") for clip in plan if clip.domain in path.name}
        assert path.name.split("_", 6)[6].removesuffix(".wav") in values


def test_the_bytes_depend_on_neither_processes_nor_choice_nor_order_of_machines(made: Path, tmp_path: Path) -> None:
    write_dataset(tmp_path / "some", size=SMALL, seed=5, machines=["valve", "ToyTrain", "fan"], jobs=2)
    whole = digests(made)
    for name, digest in digests(tmp_path / "some").items():
        if name != "synth.json":
            assert whole[name] == digest, name


def test_another_seed_gives_other_clips(made: Path, tmp_path: Path) -> None:
    write_dataset(tmp_path / "other", size=SMALL, seed=6, machines=["fan"])
    shared = set(digests(tmp_path / "other").values()) & set(digests(made).values())
    assert shared == set()


def test_the_same_request_again_writes_nothing(made: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in made.rglob("*")}
    calls: list[tuple[int, int]] = []
    summary = write_dataset(made, size=SMALL, seed=5, progress=lambda done, of: calls.append((done, of)))
    assert summary.reused
    assert summary.synthetic
    assert calls == [(summary.clips, summary.clips)]
    assert before == {p: p.stat().st_mtime_ns for p in made.rglob("*")}


def test_a_folder_of_ours_is_replaced_by_another_request_and_mended_if_broken(tmp_path: Path) -> None:
    root = tmp_path / "data"
    write_dataset(root, size=SMALL, seed=0, machines=["fan"])
    first = digests(root)
    next(root.rglob("*.wav")).unlink()
    assert not write_dataset(root, size=SMALL, seed=0, machines=["fan"]).reused
    assert digests(root) == first
    write_dataset(root, size=SMALL, seed=1, machines=["fan"])
    assert set(digests(root).values()).isdisjoint(set(first.values()))
    assert [p.name for p in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize("place", ["notes.txt", "fan/train/mine.wav"])
def test_a_folder_with_somebody_elses_file_is_left_alone(tmp_path: Path, place: str) -> None:
    root = tmp_path / "data"
    write_dataset(root, size=SMALL, seed=0, machines=["fan"])
    (root / place).write_text("mine")
    before = digests(root)
    with pytest.raises(DatasetExistsError, match=re.escape(place)):
        write_dataset(root, size=SMALL, seed=1, machines=["fan"])
    assert digests(root) == before


def test_a_folder_that_was_not_written_here_is_refused_but_an_empty_one_is_taken(tmp_path: Path) -> None:
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "x.wav").write_bytes(b"")
    with pytest.raises(DatasetExistsError, match=r"x\.wav"):
        write_dataset(tmp_path / "foreign", size=SMALL, machines=["fan"])
    (tmp_path / "empty").mkdir()
    assert write_dataset(tmp_path / "empty", size=SMALL, machines=["fan"]).clips == SMALL.clips_per_machine


def test_a_call_killed_at_any_moment_is_finished_by_the_next_one_with_the_same_bytes(tmp_path: Path) -> None:
    root, machines = tmp_path / "data", ["fan", "valve"]
    write_dataset(tmp_path / "whole", size=DatasetSize(8, 2, 3), seed=2, machines=machines)
    code = (
        "from asd_recipes.synth import *\n"
        f"write_dataset({str(root)!r}, size=DatasetSize(8, 2, 3), seed=2, machines={machines!r},"
        " progress=lambda done, of: print(done, flush=True))"
    )
    for killed_after in (2, 5):  # reports: none done, 8, 16, ...
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(killed_after):
                process.stdout.readline()
            time.sleep(0.004 * killed_after)
            process.send_signal(signal.SIGKILL)
        assert not root.exists()
    done: list[int] = []
    write_dataset(root, size=DatasetSize(8, 2, 3), seed=2, machines=machines, progress=lambda n, _: done.append(n))
    assert done[0] > 0
    assert digests(root) == digests(tmp_path / "whole")
    assert {p.name for p in tmp_path.iterdir()} == {"data", "whole"}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"machines": ["pump"]}, ValueError, "pump"),
        ({"machines": ["fan", "fan"]}, ValueError, "different names"),
        ({"machines": []}, ValueError, "different names"),
        ({"machines": "fan"}, TypeError, r'Pass \["fan"\]'),
        ({"jobs": 0}, ValueError, "jobs"),
        ({"seed": -1}, ValueError, "seed"),
    ],
)
def test_a_wrong_argument_is_named(
    tmp_path: Path, arguments: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        write_dataset(tmp_path / "x", size=SMALL, **arguments)  # type: ignore[arg-type]
    assert not any(tmp_path.iterdir())
