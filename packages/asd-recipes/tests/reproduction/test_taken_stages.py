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

from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.reproduction.job_manifest import JobManifest, Stage, file_digest
from asd_recipes.reproduction.reproduce import Reproduction
from asd_recipes.reproduction.run_store import RunStore
from asd_recipes.synth import DatasetSize, write_dataset
from asd_runtime.progress import Advance

SETTINGS = ["seed=1", "threads=1", "training.epochs=1", "inlier.components=[1]", "inlier.neighbours=[1, 2]",
            "weighting.machines=[]", "segments.length_s=1.0", "log_mel.bands=16", "log_mel.hop_s=0.128",
            "training.batch_size=8"]  # fmt: skip
EVERY = ("autoencoder", "oe", "spectral-statistics")
LIGHT = ("autoencoder", "spectral-statistics")
TWO = " and 2 score tables"
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


def _rewrite(manifest: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads(manifest.read_text())
    change(content)
    manifest.write_text(json.dumps(content))


def _add_file(name: str, digest: object = "0" * 64) -> Callable[[Path], None]:
    def add(job: Path) -> None:
        _rewrite(job / "manifest.json", lambda content: content["training"]["files"].update({name: digest}))

    return add


def _replace_manifest(put: Callable[[Path], object]) -> Callable[[Path], None]:
    def replace(job: Path) -> None:
        (job / "manifest.json").rename(job / "kept")
        put(job / "manifest.json")

    return replace


def _link_weights_to_itself(job: Path) -> None:
    (job / "weights.safetensors").unlink()
    (job / "weights.safetensors").symlink_to("weights.safetensors")


def _pipe_for_weights(job: Path) -> None:
    (job / "weights.safetensors").unlink()
    os.mkfifo(job / "weights.safetensors")


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(_replace_manifest(os.mkfifo), id="pipe"),
        pytest.param(_replace_manifest(lambda path: path.symlink_to("/dev/zero")), id="device"),
        pytest.param(_replace_manifest(lambda path: path.symlink_to("kept")), id="link"),
        pytest.param(_replace_manifest(Path.mkdir), id="folder"),
        pytest.param(
            _replace_manifest(lambda path: (path.touch(), os.truncate(path, 1 << 40))), id="sparse file of a terabyte"
        ),
        pytest.param(_replace_manifest(lambda path: path.write_bytes(b"\xff")), id="no text"),
        pytest.param(_link_weights_to_itself, id="weights that link to themselves"),
        pytest.param(_pipe_for_weights, id="pipe for weights"),
        *(
            pytest.param(_add_file(name), id=ascii(name[:20]))
            for name in ("\0", "a\ud800", "x" * 300, "a/" * 3000, "", "manifest.json", "candidates.csv")
        ),
        pytest.param(_add_file("a", {"b": [None]}), id="digest of another type"),
        pytest.param(_add_file("a", None), id="no digest"),
    ],
)  # fmt: skip
def test_an_odd_run_beside_is_passed_over_and_the_next_one_taken(
    spoil: Callable[[Path], None], light: Path, light_base: Path, data: Path
) -> None:
    job = Path(shutil.copytree(light / "ToyCar" / "autoencoder", light.parent / "a" / "ToyCar" / "autoencoder"))
    shutil.copy(light / "data.json", light.parent / "a")
    _rewrite(job / "manifest.json", lambda content: content.pop("scoring"))
    spoil(job)
    assert _run(data, light.parent / "again").taken == [f"{BOTH} from {light}"]
    assert _files(light.parent / "again") == _files(light_base)


def _forbid(folder: Path, patched: pytest.MonkeyPatch) -> None:
    """As a folder of another user with mode 0700; the tests may run as root, for whom there is none."""
    for name in ("open", "stat", "lstat", "scandir", "listdir"):
        patched.setattr(os, name, _refusing(getattr(os, name), folder))


def _refusing(real: Callable[..., Any], folder: Path) -> Callable[..., Any]:
    def refuse(path: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(path, str | Path) and folder in Path(path).parents:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, *args, **kwargs)

    return refuse


@pytest.mark.parametrize(
    ("closed", "taken"),
    [
        (".", []),
        ("ToyCar", []),
        ("ToyCar/oe", [f"took 1 trained network{TWO}"]),
        ("ToyCar/oe/inlier", [f"took 2 trained networks{TWO}"]),
    ],
)
def test_a_folder_of_another_user_that_cannot_be_read_is_passed_over(
    closed: str, taken: list[str], base: Path, data: Path, tmp_path: Path
) -> None:
    run = Path(shutil.copytree(base, tmp_path / "base"))
    with pytest.MonkeyPatch.context() as patched:
        _forbid(run / closed, patched)
        said = _run(data, tmp_path / "again", systems=EVERY)
    assert [line.partition(" from ")[0] for line in said.taken] == taken
    assert _files(tmp_path / "again") == _files(base)


def test_the_name_of_a_run_that_is_taken_from_controls_no_terminal(light: Path, data: Path) -> None:
    light.rename(light.with_name("\x1b[2J\n"))
    assert _run(data, light.parent / "again").taken == [rf"{BOTH} from {light.parent}/\x1b[2J\n"]


def test_tables_are_copied_so_that_an_edit_changes_one_run(light: Path, data: Path) -> None:
    _run(data, light.parent / "again")
    assert _same("autoencoder/weights.safetensors", light, light.parent / "again")
    assert not _same("autoencoder/candidates.csv", light, light.parent / "again")


@pytest.mark.parametrize("take", [True, False])
def test_scores_are_made_or_taken_only_for_the_network_that_was_noted(
    take: bool, light: Path, light_base: Path, data: Path
) -> None:
    again = Path(shutil.copytree(light, light.parent / "again"))
    _spoil_weights(again)
    (again / "ToyCar" / "autoencoder" / "candidates.csv").unlink()
    lines = _run(data, again, take=take).lines
    assert "ToyCar autoencoder: weights.safetensors is not the file that was noted; it is made again" in lines
    assert _files(again) == _files(light_base)


def test_weights_that_nothing_notes_are_made_again(light: Path, light_base: Path, data: Path) -> None:
    for path in (light / "ToyCar" / "autoencoder").iterdir():
        path.unlink() if path.name != "weights.safetensors" else _spoil_weights(light)
    _run(data, light, take=False)
    assert _files(light) == _files(light_base)


def test_scores_are_not_taken_for_the_network_of_another_training(light: Path, data: Path) -> None:
    """Two trainings of equal digest gave other bytes, as on two computers; the scores of each are its own."""
    again = Path(shutil.copytree(light, light.parent / "again"))
    job = light / "ToyCar" / "autoencoder"
    _spoil_weights(light)
    other = {"weights.safetensors": file_digest(job / "weights.safetensors")}
    _rewrite(job / "manifest.json", lambda content: content["training"]["files"].update(other))
    (again / "ToyCar" / "autoencoder" / "candidates.csv").unlink()
    assert _run(data, again).taken == []


def test_a_stage_is_noted_with_the_digest_that_it_was_begun_with_or_not_at_all(tmp_path: Path) -> None:
    manifest = JobManifest(tmp_path)
    with pytest.raises(AssertionError, match="begun before it is noted"):
        manifest.note("training", {})
    for digest in (None, "None", "", 3, ["a"]):
        (tmp_path / "manifest.json").write_text(json.dumps({"training": {"sha256": digest, "files": {}}}))
        assert manifest.noted("training") is None
        assert manifest.depends_on("training") is None
