"""A run takes from the runs beside it what depends on nothing that changed, and never anything stale."""

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from asd_recipes.progress import Advance
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.reproduction.job_manifest import JobManifest, Stage
from asd_recipes.reproduction.reproduce import Reproduction
from asd_recipes.reproduction.run_store import RunStore
from asd_recipes.synth import DatasetSize, write_dataset

SETTINGS = ["seed=1", "threads=1", "training.epochs=1", "inlier.components=[1]", "inlier.neighbours=[1, 2]",
            "weighting.machines=[]", "segments.length_s=1.0", "log_mel.bands=16", "log_mel.hop_s=0.128",
            "training.batch_size=8"]  # fmt: skip
EVERY = ("autoencoder", "oe", "spectral-statistics")
LIGHT = ("autoencoder", "spectral-statistics")
BOTH = "took 1 trained network and 2 score tables"


class Said:
    """Progress that keeps what is said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)

    @contextmanager
    def stage(self, name: str, steps: int, *, done: int = 0, in_bytes: bool = False) -> Iterator[Advance]:
        yield lambda more: None

    @property
    def taken(self) -> list[str]:
        return [line.partition(", where")[0] for line in self.lines if line.startswith("took")]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("taken") / "data"
    write_dataset(folder, size=DatasetSize(6, 4, 2), seed=1, machines=["bearing", "ToyCar"])
    return folder


def _run(data: Path, root: Path, *settings: str, systems: tuple[str, ...] = LIGHT, take: bool = True) -> Said:
    """Runs ToyCar in a folder; returns what was said."""
    said, store = Said(), RunStore(root)
    recipe = load_recipe("smoke", settings=[*SETTINGS, *settings])
    with store.locked():
        Reproduction(recipe, data, store, data.parent / "bank", "cpu", ["ToyCar"], systems, jobs=1, take=take).run(said)
    return said


@pytest.fixture(autouse=True, scope="module")
def _no_pictures() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("asd_recipes.reproduction.reproduce.plots_are_possible", lambda: False)
        yield


@pytest.fixture(scope="module")
def base(data: Path) -> Path:
    """A finished run of the systems in EVERY."""
    _run(data, data.parent / "runs" / "base", systems=EVERY)
    return data.parent / "runs" / "base"


@pytest.fixture(scope="module")
def light_base(data: Path) -> Path:
    """A finished run of the systems in LIGHT."""
    _run(data, data.parent / "light" / "base")
    return data.parent / "light" / "base"


@pytest.fixture
def light(light_base: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoilt."""
    return Path(shutil.copytree(light_base, tmp_path / "runs" / "base"))


def _files(root: Path) -> dict[str, bytes]:
    paths = [path for path in root.rglob("*") if path.is_file()]
    return {str(path.relative_to(root)): path.read_bytes() for path in paths if path.name != "timings.jsonl"}


def _same(path: str, one: Path, other: Path) -> bool:
    """Whether both runs have one and the same file there."""
    return os.path.samefile(one / "ToyCar" / path, other / "ToyCar" / path)


def _stages(root: Path) -> list[str]:
    """The stages that a run did itself."""
    path = root / "timings.jsonl"
    lines = path.read_text().splitlines() if path.is_file() else []
    return [json.loads(line)["stage"].removeprefix("ToyCar ") for line in lines]


@pytest.mark.parametrize(
    ("setting", "done", "taken"),
    [
        ("inlier.neighbours=[1]", ["oe score"], "took 2 trained networks and 2 score tables"),
        ("inlier.selected=1", [], "took 2 trained networks and 3 score tables"),
        ("training.learning_rate=0.002", ["oe train", "oe score"], "took 1 trained network and 2 score tables"),
        ("autoencoder.mahalanobis='each frame'", ["autoencoder score"], "took 2 trained networks and 2 score tables"),
        ("spectral.neighbours=2", ["spectral-statistics score"], "took 2 trained networks and 2 score tables"),
        ("weighting.machines=['bearing']", [], "took 2 trained networks and 3 score tables"),
        ("inlier.save=false", [], "took 2 trained networks and 3 score tables"),
        ("audio.channel='mean'", [], "took 2 trained networks and 3 score tables"),
    ],
)  # fmt: skip
def test_a_changed_setting_redoes_what_reads_it_and_takes_the_rest(
    setting: str, done: list[str], taken: str, base: Path, data: Path
) -> None:
    again = base.parent / setting
    said = _run(data, again, setting, systems=EVERY)
    assert said.taken == [f"{taken} from {base}"]
    assert _stages(again) == done
    assert _same("oe/weights.safetensors", base, again) == ("oe train" not in done)
    shutil.rmtree(again)


@pytest.mark.parametrize("setting", ["inlier.neighbours=[1]", "inlier.save=false"])
def test_a_run_that_takes_ends_with_the_bytes_of_one_that_does_all_itself(
    setting: str, base: Path, data: Path, tmp_path: Path
) -> None:
    again, alone = base.parent / setting, tmp_path / "alone"
    assert _run(data, again, setting, systems=EVERY).taken != []
    assert _run(data, alone, setting, systems=EVERY).taken == []
    assert _files(again) == _files(alone)
    # Inlier models are wanted now, and missing there or others.
    assert _run(data, tmp_path / "saved", systems=EVERY).taken == [
        f"took 2 trained networks and 2 score tables from {alone}"
    ]
    assert _files(tmp_path / "saved") == _files(base)
    shutil.rmtree(again)


def _spoil_weights(run: Path) -> None:
    with (run / "ToyCar" / "autoencoder" / "weights.safetensors").open("r+b") as file:
        file.seek(-4, os.SEEK_END)
        file.write(b"\1\2\3\4")


def _link_weights(run: Path) -> None:
    weights = run / "ToyCar" / "autoencoder" / "weights.safetensors"
    weights.rename(run.parent / "elsewhere")
    weights.symlink_to(run.parent / "elsewhere")


def _link_job(run: Path) -> None:
    (run / "ToyCar" / "autoencoder").rename(run.parent / "elsewhere")
    (run / "ToyCar" / "autoencoder").symlink_to(run.parent / "elsewhere")


def _link_run(run: Path) -> None:
    (run.parent / "hidden").mkdir()
    run.rename(run.parent / "hidden" / "run")
    run.symlink_to(run.parent / "hidden" / "run")


def _kill_before_manifest(run: Path) -> None:
    for folder in (run / "ToyCar").iterdir():
        (folder / "manifest.json").unlink()


def _other_machine(run: Path) -> None:
    (run / "ToyCar").rename(run / "bearing")


def _climb(run: Path) -> None:
    """Manifests that name files outside of their run."""
    (run.parent / "elsewhere").write_bytes((run / "ToyCar" / "autoencoder" / "weights.safetensors").read_bytes())
    for name in ("../../../elsewhere", str(run.parent / "elsewhere")):
        path = run / "ToyCar" / "autoencoder" / "manifest.json"
        manifest = json.loads(path.read_text())
        files = manifest["training"]["files"]
        manifest["training"]["files"] = {name: files["weights.safetensors"], **files}
        path.write_text(json.dumps(manifest))


def _garble(run: Path) -> None:
    for folder, text in zip(sorted((run / "ToyCar").iterdir()), ("[" * 100_000, '{"training": 3}'), strict=True):
        (folder / "manifest.json").write_text(text)


@pytest.mark.parametrize(
    ("spoil", "still_taken"),
    [
        (_spoil_weights, ["took 1 score table"]),
        (_link_weights, ["took 1 score table"]),
        (_link_job, ["took 1 score table"]),
        (_climb, ["took 1 score table"]),
        (_link_run, []),
        (_kill_before_manifest, []),
        (_other_machine, []),
        (_garble, []),
    ],
)
def test_what_is_not_a_finished_and_unchanged_file_of_a_run_is_made_anew(
    spoil: Callable[[Path], None], still_taken: list[str], light: Path, light_base: Path, data: Path
) -> None:
    spoil(light)
    outside = {path: path.stat().st_ino for path in light.parent.iterdir() if path.is_file()}
    said = _run(data, light.parent / "again")
    assert [line.partition(" from ")[0] for line in said.taken] == still_taken
    assert {path: path.stat().st_ino for path in outside} == outside
    assert _files(light.parent / "again") == _files(light_base)


def test_starting_over_takes_nothing_and_says_nothing(light: Path, data: Path) -> None:
    said = _run(data, light.parent / "again", take=False)
    assert said.taken == []
    assert not _same("autoencoder/weights.safetensors", light, light.parent / "again")


def test_where_files_cannot_be_linked_they_are_copied(
    light: Path, light_base: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, "another file system")

    monkeypatch.setattr("os.link", refuse)
    assert _run(data, light.parent / "again").taken == [f"{BOTH} from {light}"]
    assert not _same("autoencoder/weights.safetensors", light, light.parent / "again")
    assert _files(light.parent / "again") == _files(light_base)


def test_a_file_that_vanishes_while_it_is_taken_is_made_anew(
    light: Path, light_base: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def vanish(source: Path, target: Path, **options: bool) -> None:
        if source.name == "weights.safetensors":
            source.unlink()
        link(source, target, **options)

    monkeypatch.setattr("os.link", vanish)
    assert _run(data, light.parent / "again").taken == [f"took 1 score table from {light}"]
    assert _files(light.parent / "again") == _files(light_base)


def test_no_later_run_writes_into_a_file_that_others_share(light: Path, light_base: Path, data: Path) -> None:
    _run(data, light.parent / "again")
    for name in ("weights.safetensors", "candidates.csv"):
        (light.parent / "again" / "ToyCar" / "autoencoder" / name).unlink()
    _run(data, light.parent / "again", take=False)
    RunStore(light.parent / "again").clear()
    assert _files(light) == _files(light_base)


@pytest.mark.parametrize(
    "lost",
    [("weights.safetensors",), ("candidates.csv",), ("manifest.json",), ("weights.safetensors", "candidates.csv")],
)
def test_a_job_without_one_of_its_files_is_completed_to_the_same_bytes(
    lost: tuple[str, ...], light: Path, light_base: Path, data: Path
) -> None:
    for name in lost:
        (light / "ToyCar" / "autoencoder" / name).unlink()
    _run(data, light, take=False)
    assert _files(light) == _files(light_base)


@pytest.mark.parametrize("stage", ["training", "scoring"])
@pytest.mark.parametrize("moment", ["before the manifest", "after the manifest"])
def test_a_run_killed_around_the_note_of_a_stage_ends_with_the_same_bytes(
    stage: Stage, moment: str, light: Path, light_base: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(light / "ToyCar")
    note = JobManifest.note

    def killed(manifest: JobManifest, noted: Stage, facts: dict[str, Any]) -> None:
        if noted == stage:
            if moment == "after the manifest":
                with monkeypatch.context() as patched:
                    patched.setattr(Path, "unlink", lambda *_, **__: None)  # the mark stays
                    note(manifest, noted, facts)
            raise KeyboardInterrupt
        note(manifest, noted, facts)

    with monkeypatch.context() as patched:
        patched.setattr(JobManifest, "note", killed)
        with pytest.raises(KeyboardInterrupt):
            _run(data, light)
    _run(data, light)
    assert _files(light) == _files(light_base)


def test_what_other_code_made_in_a_run_is_made_again_and_said(
    light: Path, light_base: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(light / "ToyCar")
    with monkeypatch.context() as patched:
        patched.setattr("asd_recipes.reproduction.stage_digests.code_digest", lambda _: "old code")
        _run(data, light, take=False)
    assert _files(light) != _files(light_base), "the manifests say what made them"
    assert "2 jobs of this run were done by other code, and are done again" in _run(data, light, take=False).lines
    assert _files(light) == _files(light_base)


def test_what_other_code_began_is_made_again_and_a_checkpoint_of_it_is_dropped(
    light: Path, light_base: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run is killed, the code changes, the run goes on: what it made before must not pass for the new code's."""
    shutil.rmtree(light / "ToyCar")
    with monkeypatch.context() as patched:
        patched.setattr("asd_recipes.reproduction.stage_digests.code_digest", lambda _: "old code")
        patched.setattr(JobManifest, "note", _raise_interrupt)
        with pytest.raises(KeyboardInterrupt):
            _run(data, light)
    _run(data, light, take=False)
    assert _files(light) == _files(light_base)

    folder = light / "ToyCar" / "autoencoder"
    (folder / "weights.safetensors").unlink()
    JobManifest(folder).begin("training", "a digest of old code")
    (folder / "checkpoint.safetensors").write_bytes(b"not even a checkpoint")
    _run(data, light, take=False)


def _raise_interrupt(*_: object) -> None:
    raise KeyboardInterrupt
