"""Where a run keeps its results, and how a file gets there whole or not at all.

    <run>/recipe.toml, data.json              what was asked for, on which data, with which versions
    <run>/<machine>/<system>[@<item>]/        weights, losses, inlier models, scores, manifest; one for each attribute
                                              item of a domain-invariant system
    <run>/<machine>/autoencoder/              both baselines, which share one training
    <run>/metrics/, submissions/              of each system: metrics, score and decision files
    <run>/tables.{txt,md,csv,json}            Tables 2 to 4
    <run>/timings.jsonl                       how long each stage took: the one file that differs between equal runs

A stage is done when its last file is there. Files are written under another name and renamed, so that a run killed
anywhere goes on where it was.
"""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asd_recipes.folder_lock import hold_lock
from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.toml_text import recipe_digest, recipe_from_toml, recipe_to_toml
from asd_recipes.whole_file import remove_partial_files, write_json, write_text

SCHEMA = 1
RESERVED = frozenset({"metrics", "submissions", "plots", "recipe.toml", "data.json", "timings.jsonl", "tables.txt"})
"""Names that are not a machine's folder."""
_WORDS = {"schema": "format", "recipe_sha256": "recipe", "data_sha256": "data", "labels_sha256": "labels"}
"""Keys of data.json for the reader."""
_LOCK = ".lock"
_WORKERS = ".workers"  # held by worker processes


class RunError(ValueError):
    """A run folder that cannot be used as asked."""


@dataclass(frozen=True)
class RunStore:
    """The folder of one run."""

    root: Path

    def system(self, machine: str, system: str) -> Path:
        """The folder of a system on a machine."""
        return self.root / machine / system

    def recipe(self) -> Recipe:
        """The recipe that the run was started with.

        Raises:
            RunError: the folder is not a run.
        """
        path = self.root / "recipe.toml"
        if not path.is_file():
            raise RunError(f"{self.root} is not a run: it has no recipe.toml. Pass a folder that `asd reproduce` made.")
        return recipe_from_toml(path.read_text(encoding="utf-8"), name=str(path))

    def begin(self, recipe: Recipe, data: dict[str, Any]) -> None:
        """Writes what the run is about, or checks that the folder is about the same.

        Raises:
            RunError: the folder holds a run of another recipe or other data.
        """
        described = {"schema": SCHEMA, "recipe_sha256": recipe_digest(recipe), **data}
        path = self.root / "data.json"
        if path.is_file():
            before = json.loads(path.read_text(encoding="utf-8"))
            if differing := sorted(key for key in before.keys() | described if before.get(key) != described.get(key)):
                raise RunError(
                    f"{self.root} holds a run that differs in {', '.join(_WORDS.get(key, key) for key in differing)}. "
                    "Choose another --out, or start over with --no-resume."
                )
        remove_partial_files(self.root)
        write_text(self.root / "recipe.toml", recipe_to_toml(recipe))
        write_json(path, described)

    def note_time(self, stage: str, seconds: float) -> None:
        """Appends a line to timings.jsonl."""
        with (self.root / "timings.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"stage": stage, "seconds": round(seconds, 3)}) + "\n")

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Notes how long the block took."""
        start = time.perf_counter()
        yield
        self.note_time(stage, time.perf_counter() - start)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One process at a time; the lock ends with the process, however it ends.

        Raises:
            RunError: another process holds it.
        """
        busy = RunError(f"{self.root} is in use by another process: wait for it, or choose another --out.")
        with hold_lock(self.root / _LOCK, busy=busy):
            with hold_lock(self.root / _WORKERS):
                pass  # waits for workers of a process that was killed
            yield

    @contextmanager
    def shared_with_parent(self) -> Iterator[None]:
        """What a worker process holds while it lives, so that no later run begins beside it."""
        with hold_lock(self.root / _WORKERS, shared=True):
            yield

    def clear(self) -> None:
        """Removes everything but the lock files; the caller holds the lock."""
        for entry in self.root.iterdir():
            if entry.name in (_LOCK, _WORKERS):
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def remove(self) -> None:
        """Removes the folder; the caller holds the lock. It stays where another process begins to use it meanwhile."""
        self.clear()
        for name in (_WORKERS, _LOCK):
            (self.root / name).unlink(missing_ok=True)
        with suppress(OSError):
            self.root.rmdir()
