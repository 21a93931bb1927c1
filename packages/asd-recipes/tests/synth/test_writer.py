"""The data set on disk: its layout, equal bytes, whole or not at all, and no foreign file touched."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import shutil
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from asd_recipes.synth import DatasetExistsError, DatasetSize, SyntheticDataError, write_dataset
from asd_recipes.synth.dataset_record import Request, marks
from asd_recipes.synth.machines import MODELS

SMALL = DatasetSize(2, 1, 1)
SMALL_CLIPS = 2 + 1 + 4  # a machine
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
        assert len(rows) == SMALL_CLIPS
        for row in rows:
            _, split, name = row[0].split("/")
            match = NAME.fullmatch(name)
            assert match is not None
            assert match[2] == split
            assert name.endswith("_" + "_".join(row[1:]) + ".wav")


def test_clips_are_16_khz_mono_16_bit_of_the_machines_length(made: Path) -> None:
    clips = sorted(made.rglob("*.wav"))
    assert len(clips) == len(MODELS) * SMALL_CLIPS
    for path in clips:
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


def _of_clips(root: Path) -> set[str]:
    return {digest for name, digest in digests(root).items() if name.endswith(".wav")}


def test_another_seed_gives_other_clips(made: Path, tmp_path: Path) -> None:
    write_dataset(tmp_path / "other", size=SMALL, seed=6, machines=["fan"])
    assert not _of_clips(tmp_path / "other") & _of_clips(made)


def test_without_test_clips_the_training_clips_are_those_of_the_whole_set(made: Path, tmp_path: Path) -> None:
    root = tmp_path / "training"
    for reused in (False, True):
        assert write_dataset(root, size=SMALL.training_only(), seed=5, machines=["fan"]).reused == reused
    whole, names = digests(made), digests(root)
    sounds = {name for name in names if name.endswith(".wav")}
    assert sounds == {name for name in whole if name.startswith("fan/train/") and name.endswith(".wav")}
    assert all(names[name] == whole[name] for name in sounds)
    assert sorted(path.name for path in (root / "fan").iterdir()) == [".synthetic", "attributes_00.csv", "train"]


def test_repeating_a_request_writes_nothing(made: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in made.rglob("*")}
    calls: list[tuple[int, int]] = []
    summary = write_dataset(made, size=SMALL, seed=5, progress=lambda done, of: calls.append((done, of)))
    assert summary.reused
    assert summary.synthetic
    assert calls == [(summary.clips, summary.clips)]
    assert before == {p: p.stat().st_mtime_ns for p in made.rglob("*")}


def test_another_request_replaces_a_folder_that_was_written_here(tmp_path: Path) -> None:
    root = tmp_path / "data"
    write_dataset(root, size=SMALL, seed=0, machines=["fan"])
    first = digests(root)
    write_dataset(root, size=SMALL, seed=1, machines=["fan"])
    assert _of_clips(root).isdisjoint(first.values())
    assert [p.name for p in tmp_path.iterdir()] == ["data"]


def test_a_damaged_set_is_named_and_neither_used_nor_touched(made: Path, tmp_path: Path) -> None:
    def missing(root: Path) -> Path:
        (path := next(root.glob("fan/test/*.wav"))).unlink()
        return path

    def shorter(root: Path) -> Path:
        os.truncate(path := next(root.glob("valve/train/*.wav")), 1000)
        return path

    def without_table(root: Path) -> Path:
        (path := root / "ToyCar" / "attributes_00.csv").unlink()
        return path

    for harm in (missing, shorter, without_table):
        root = tmp_path / harm.__name__
        shutil.copytree(made, root)
        name = harm(root).relative_to(root).as_posix()
        before = digests(root)
        with pytest.raises(DatasetExistsError) as raised:
            write_dataset(root, size=SMALL, seed=5)
        for part in (str(root), f"damaged: {name}", "1 of 57 files", "49 clips", "remove this one"):
            assert part in str(raised.value)
        assert digests(root) == before


@pytest.mark.parametrize(
    ("written", "instead", "message"),
    [
        ('"asd-synth-1"', '"asd-synth-0"', "of generator asd-synth-0, schema 1; this version makes"),
        ('"schema": 1', '"schema": 99', "of generator asd-synth-1, schema 99; this version makes"),
        ('"schema": 1', '"scheme": 1', "is not from a synthetic data set"),
        ('"source_train": 2', '"source_train": 0', "is not from a synthetic data set"),
    ],
)
def test_a_set_of_another_version_of_the_generator_is_refused(
    tmp_path: Path, written: str, instead: str, message: str
) -> None:
    root = tmp_path / "data"
    write_dataset(root, size=SMALL, machines=["fan"])
    manifest = root / "synth.json"
    manifest.write_text(manifest.read_text().replace(written, instead))
    before = digests(root)
    with pytest.raises(DatasetExistsError, match=message) as raised:
        write_dataset(root, size=SMALL, machines=["fan"])
    assert str(root) in str(raised.value)
    assert "Name another folder, or remove this one" in str(raised.value)
    assert digests(root) == before


@pytest.mark.timed
def test_a_finished_quick_set_is_recognised_within_50_ms_of_processor_time(tmp_path: Path) -> None:
    """Every run asks this. Files of the right names and lengths are enough here: the sound is not compared."""
    request = Request(DatasetSize.named("quick"), 0, tuple(MODELS))
    for clip in request.plan():
        path = tmp_path / clip.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.truncate(path, 44 + 2 * clip.samples)
    for machine in MODELS:
        (tmp_path / machine / "attributes_00.csv").touch()
    for mark in marks(request):
        (tmp_path / mark).touch()
    (tmp_path / "synth.json").write_text(request.to_json())
    taken_s = []
    for _ in range(5):
        start_s = time.process_time()
        assert write_dataset(tmp_path, size=request.size).reused
        taken_s.append(time.process_time() - start_s)
    assert min(taken_s) < 0.05


@pytest.mark.parametrize("jobs", [1, 2])
def test_progress_rises_from_none_to_all_in_the_callers_process(tmp_path: Path, jobs: int) -> None:
    calls: list[tuple[int, int]] = []
    summary = write_dataset(
        tmp_path / "data",
        size=DatasetSize(8, 1, 1),
        machines=["fan", "valve"],
        jobs=jobs,
        progress=lambda *c: calls.append(c),
    )
    assert {of for _, of in calls} == {summary.clips} == {26}
    done = [n for n, _ in calls]
    assert done[0] == 0
    assert done[-1] == summary.clips
    assert all(1 <= step <= 8 for step in np.diff(done)), "every few clips, or there is no time left to tell"


@pytest.mark.parametrize("place", ["notes.txt", "fan/train/mine.wav"])
def test_a_folder_with_somebody_elses_file_is_left_alone(tmp_path: Path, place: str) -> None:
    root = tmp_path / "data"
    write_dataset(root, size=SMALL, seed=0, machines=["fan"])
    (root / place).write_text("mine")
    before = digests(root)
    with pytest.raises(DatasetExistsError, match=re.escape(place)):
        write_dataset(root, size=SMALL, seed=1, machines=["fan"])
    assert digests(root) == before


def test_a_file_in_the_folders_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("mine")
    assert issubclass(SyntheticDataError, ValueError)
    with pytest.raises(SyntheticDataError, match=r"data is a file; .* Name another place"):
        write_dataset(tmp_path / "data", size=SMALL)
    assert [p.name for p in tmp_path.iterdir()] == ["data"]


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "data").symlink_to(tmp_path / "disk")
    for _ in range(2):
        write_dataset(tmp_path / "data", size=SMALL, machines=["fan"])
        assert (tmp_path / "data").is_symlink()
        assert (tmp_path / "disk" / "synth.json").is_file()
    assert {p.name for p in tmp_path.iterdir()} == {"data", "disk"}


def test_a_folder_that_was_not_written_here_is_refused_but_an_empty_one_is_taken(tmp_path: Path) -> None:
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "x.wav").write_bytes(b"")
    with pytest.raises(DatasetExistsError, match=r"x\.wav"):
        write_dataset(tmp_path / "foreign", size=SMALL, machines=["fan"])
    (tmp_path / "empty").mkdir()
    assert write_dataset(tmp_path / "empty", size=SMALL, machines=["fan"]).clips == SMALL_CLIPS


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"machines": ["pump"]}, SyntheticDataError, "pump"),
        ({"machines": ["fan", "fan"]}, SyntheticDataError, "different names"),
        ({"machines": []}, SyntheticDataError, "different names"),
        ({"machines": "fan"}, TypeError, r'Pass \["fan"\]'),
        ({"jobs": 0}, SyntheticDataError, "jobs"),
        ({"seed": -1}, SyntheticDataError, "seed"),
    ],
)
def test_a_wrong_argument_is_named(
    tmp_path: Path, arguments: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        write_dataset(tmp_path / "x", size=SMALL, **arguments)  # type: ignore[arg-type]
    assert not any(tmp_path.iterdir())


def test_an_unknown_size_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SyntheticDataError, match="tiny, quick, full; got 'huge'"):
        DatasetSize.named("huge")


def test_a_set_that_was_made_before_there_were_marks_gets_them_and_keeps_its_clips(tmp_path: Path) -> None:
    root = tmp_path / "data"
    write_dataset(root, size=SMALL, machines=["fan"])
    before = digests(root)
    for mark in list(root.rglob(".synthetic")):
        mark.unlink()
    assert not write_dataset(root, size=SMALL, machines=["fan"]).reused
    assert digests(root) == before
    assert write_dataset(root, size=SMALL, machines=["fan"]).reused
