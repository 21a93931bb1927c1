"""A file is whole or as it was, a folder belongs to one run, and one process at a time works in it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.reproduction.run_store import RunError, RunStore
from asd_recipes.whole_file import write_json, write_text, write_whole

DATA = {"data_sha256": "ab12", "synthetic": True, "device": "cpu"}


def _broken(partial: Path) -> None:
    partial.write_text("half of th")
    raise OSError("no space left on device")


def test_a_writer_that_raises_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no space"):
        write_whole(tmp_path / "new" / "scores.csv", _broken)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_writer_that_raises_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    write_text(path, "old\n")
    with pytest.raises(OSError, match="no space"):
        write_whole(path, _broken)
    assert {entry.name: entry.read_text() for entry in tmp_path.iterdir()} == {"scores.csv": "old\n"}


def test_a_writer_that_was_killed_does_not_stop_the_next(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    script = (
        "import os, sys; from pathlib import Path; from asd_recipes.reproduction.run_store import write_whole\n"
        "write_whole(Path(sys.argv[1]), lambda partial: (partial.write_text('half'), os._exit(9)))"
    )
    assert subprocess.run([sys.executable, "-c", script, str(path)], check=False).returncode == 9
    assert not path.exists()
    write_text(path, "whole\n")
    assert {entry.name: entry.read_text() for entry in tmp_path.iterdir()} == {"scores.csv": "whole\n"}


def test_equal_content_gives_equal_json_bytes_whatever_the_order(tmp_path: Path) -> None:
    write_json(tmp_path / "a", {"x": 1, "y": {"b": 0.1, "a": None}})
    write_json(tmp_path / "b", {"y": {"a": None, "b": 0.1}, "x": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_run_gives_back_the_recipe_that_it_began_with(tmp_path: Path) -> None:
    recipe = load_recipe("quick", settings=["seed=7", "training.epochs=3"])
    store = RunStore(tmp_path / "run")
    store.begin(recipe, DATA)
    store.begin(recipe, DATA)  # the same once more: going on is allowed
    assert store.recipe() == recipe


@pytest.mark.parametrize(
    ("recipe", "data", "named"),
    [
        (load_recipe("quick", settings=["training.epochs=9"]), DATA, "recipe"),
        (load_recipe("quick"), {**DATA, "data_sha256": "cd34"}, "data_sha256"),
        (load_recipe("quick"), {**DATA, "device": "cuda"}, "device"),
    ],
)
def test_a_folder_of_another_run_is_refused_and_stays_as_it_is(
    recipe: Recipe, data: dict[str, object], named: str, tmp_path: Path
) -> None:
    store = RunStore(tmp_path / "run")
    store.begin(load_recipe("quick"), DATA)
    before = {path.name: path.read_bytes() for path in store.root.iterdir()}
    with pytest.raises(RunError) as caught:
        store.begin(recipe, data)
    assert named in str(caught.value)
    assert "--out" in str(caught.value)
    assert {path.name: path.read_bytes() for path in store.root.iterdir()} == before


def test_a_folder_that_is_no_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=str(tmp_path)):
        RunStore(tmp_path).recipe()


@pytest.fixture
def holder(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the lock of tmp_path."""
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


def test_the_lock_ends_with_the_block_also_when_it_raises(tmp_path: Path) -> None:
    with pytest.raises(KeyError), RunStore(tmp_path).locked():
        raise KeyError("stopped")
    with RunStore(tmp_path).locked():
        pass
