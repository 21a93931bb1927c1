"""A folder belongs to one run, and one process at a time works in it."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.reproduction.run_store import RunError, RunStore

DATA = {"data_sha256": "ab12", "synthetic": True, "device": "cpu"}


def test_a_run_returns_the_recipe_that_it_was_started_with(tmp_path: Path) -> None:
    recipe = load_recipe("quick", settings=["seed=7", "training.epochs=3"])
    store = RunStore(tmp_path / "run")
    store.begin(recipe, DATA)
    store.begin(recipe, DATA)  # the same again: continuing is allowed
    assert store.recipe() == recipe


@pytest.mark.parametrize(
    ("recipe", "data", "named"),
    [
        (load_recipe("quick", settings=["training.epochs=9"]), DATA, "recipe (training.epochs was 30, is 9)."),
        (load_recipe("quick"), {**DATA, "data_sha256": "cd34"}, "data."),
        (load_recipe("quick"), {**DATA, "device": "cuda"}, "device."),
    ],
)
def test_a_folder_of_another_run_is_refused_and_not_changed(
    recipe: Recipe, data: dict[str, object], named: str, tmp_path: Path
) -> None:
    store = RunStore(tmp_path / "run")
    store.begin(load_recipe("quick"), DATA)
    before = {path.name: path.read_bytes() for path in store.root.iterdir()}
    with pytest.raises(RunError) as caught:
        store.begin(recipe, data)
    assert f"differs in {named} Choose" in str(caught.value)
    assert "--out" in str(caught.value)
    assert {path.name: path.read_bytes() for path in store.root.iterdir()} == before


def test_a_run_that_goes_on_removes_what_a_killed_one_left_half_written(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "run")
    store.begin(load_recipe("quick"), DATA)
    system = store.system("fan", "oe")
    system.mkdir(parents=True)
    (system / ".weights.safetensors.partial").write_bytes(b"half")
    (system / "training.csv").write_bytes(b"whole")
    store.begin(load_recipe("quick"), DATA)
    assert [path.name for path in system.iterdir()] == ["training.csv"]


def test_a_folder_that_is_not_a_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=str(tmp_path)):
        RunStore(tmp_path).recipe()


@pytest.fixture
def holder(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process, which holds the lock of tmp_path."""
    script = (
        "import sys, time; from pathlib import Path; from asd_recipes.reproduction.run_store import RunStore\n"
        "with RunStore(Path(sys.argv[1])).locked():\n"
        "    print('locked', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_until_the_first_is_killed(holder: "subprocess.Popen[str]", tmp_path: Path) -> None:
    with pytest.raises(RunError, match="in use by another process"), RunStore(tmp_path).locked():
        pytest.fail("two processes hold the lock")
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait(10)
    with RunStore(tmp_path).locked():
        pass


def test_the_lock_ends_with_the_block_even_if_it_raises(tmp_path: Path) -> None:
    with pytest.raises(KeyError), RunStore(tmp_path).locked():
        raise KeyError("stopped")
    with RunStore(tmp_path).locked():
        pass


def test_clearing_removes_all_but_the_lock_files_and_follows_no_link(tmp_path: Path) -> None:
    store, elsewhere = RunStore(tmp_path / "run"), tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.txt").write_text("kept")
    with store.locked():
        (store.root / "fan" / "oe").mkdir(parents=True)
        (store.root / "recipe.toml").write_text("")
        (store.root / "link").symlink_to(elsewhere)
        store.clear()
        assert sorted(path.name for path in store.root.iterdir()) == [".lock", ".workers"]
        with pytest.raises(RunError, match="in use"), store.locked():
            pytest.fail("two hold the lock")
        store.remove()
    assert not store.root.exists()
    assert (elsewhere / "mine.txt").read_text() == "kept"


def test_a_run_waits_for_the_workers_of_a_killed_one(tmp_path: Path) -> None:
    store, steps = RunStore(tmp_path / "run"), []
    held, release = threading.Event(), threading.Event()

    def work() -> None:
        with store.shared_with_parent(), store.shared_with_parent():  # two workers
            held.set()
            release.wait()
            steps.append("worker ended")

    worker = threading.Thread(target=work)
    worker.start()
    held.wait()
    threading.Timer(0.1, release.set).start()
    with store.locked():
        steps.append("run began")
    worker.join()
    assert steps == ["worker ended", "run began"]
