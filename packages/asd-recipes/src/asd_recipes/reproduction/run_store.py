"""The folder where a run keeps its results.

    <run>/recipe.toml, data.json              the recipe, the data, and the versions of the libraries
    <run>/<machine>/<system>[@<item>]/        weights, losses, inlier models, scores, manifest; one folder for each
                                              attribute item of a domain-invariant system
    <run>/<machine>/autoencoder/              both baselines, which share one training
    <run>/metrics/, submissions/              metrics, score and decision files of each system
    <run>/tables.{txt,md,csv,json}            Tables 2 to 4
    <run>/timings.jsonl                       how long each stage took: the one file that differs between equal runs

A stage is done when its last file exists. Files are written whole or not at all, so that a killed run continues where
it stopped.
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
from asd_recipes.recipe.toml_text import changed_settings, recipe_digest, recipe_from_toml, recipe_to_toml
from asd_runtime.whole_file import remove_partial_files, write_json, write_text

SCHEMA = 2
RESERVED = frozenset({"metrics", "submissions", "plots", "recipe.toml", "data.json", "timings.jsonl", "tables.txt"})
"""Names that a machine's folder cannot have."""
_WORDS = {"schema": "format", "recipe_sha256": "recipe", "data_sha256": "data", "labels_sha256": "labels"}
"""What keys of data.json are called in messages."""
_LOCK = ".lock"
_WORKERS = ".workers"  # lock file that worker processes hold


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
        """Records recipe and data of the run, or checks that the folder has the same ones.

        Raises:
            RunError: the folder holds a run with another recipe or other data.
        """
        described = {"schema": SCHEMA, "recipe_sha256": recipe_digest(recipe), **data}
        path = self.root / "data.json"
        if path.is_file():
            before = json.loads(path.read_text(encoding="utf-8"))
            if differing := sorted(key for key in before.keys() | described if before.get(key) != described.get(key)):
                settings = "; ".join(changed_settings(self.recipe(), recipe))
                raise RunError(
                    f"{self.root} holds a run that differs in {', '.join(_WORDS.get(key, key) for key in differing)}"
                    f"{f' ({settings})' if settings else ''}. Choose another --out, or start over with --no-resume."
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
        """Records how long the block took."""
        start = time.perf_counter()
        yield
        self.note_time(stage, time.perf_counter() - start)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the folder's lock, for one process at a time; it ends with the process, however that ends.

        Raises:
            RunError: another process holds the lock.
        """
        busy = RunError(f"{self.root} is in use by another process: wait for it, or choose another --out.")
        with hold_lock(self.root / _LOCK, busy=busy):
            with hold_lock(self.root / _WORKERS):
                pass  # waits for the workers of a killed process
            yield

    @contextmanager
    def shared_with_parent(self) -> Iterator[None]:
        """The lock that a worker process holds while it lives, so that no new run starts meanwhile."""
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

    @property
    def has_begun(self) -> bool:
        """Whether there is a run to continue."""
        return (self.root / "data.json").is_file()

    def remove(self) -> None:
        """Removes the folder, unless another process begins to use it meanwhile; the caller holds the lock."""
        self.clear()
        for name in (_WORKERS, _LOCK):
            (self.root / name).unlink(missing_ok=True)
        with suppress(OSError):
            self.root.rmdir()
