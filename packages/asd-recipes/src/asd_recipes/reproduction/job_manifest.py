"""The manifest of a job: what it is, and for each finished stage the digest of what it depends on and of its files.

A stage is begun with its digest in a mark, and noted in the manifest after its last file is written. So other runs may
take the files of a noted stage, if they still are the noted ones; and a stage that a killed run began is not continued
after something that it depends on has changed.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from asd_recipes.whole_file import write_json, write_text

Stage = Literal["training", "scoring"]
NAME = "manifest.json"
WEIGHTS = "weights.safetensors"
"""The last file of a training."""
SCORES = "candidates.csv"
"""The last file of a scoring."""
CHECKPOINT = "checkpoint.safetensors"


@dataclass(frozen=True)
class NotedStage:
    """A finished stage: the digest of what it depends on, and the SHA-256 of each of its files by name."""

    sha256: str
    files: dict[str, str]


@dataclass(frozen=True)
class JobManifest:
    """`manifest.json` in the folder of a job."""

    folder: Path

    def noted(self, stage: Stage) -> NotedStage | None:
        """A finished stage; None if it is not noted, or not in the form that this version writes."""
        found = self._content().get(stage)
        if not isinstance(found, dict) or not isinstance(found.get("files"), dict):
            return None
        return NotedStage(str(found.get("sha256")), {str(name): str(value) for name, value in found["files"].items()})

    def depends_on(self, stage: Stage) -> str | None:
        """The digest of what a finished stage, or else one that was begun, depends on; None if there is neither."""
        noted = self.noted(stage)
        return noted.sha256 if noted else self._begun(stage)

    def begin(self, stage: Stage, sha256: str) -> None:
        """Marks a stage as begun; what was made before from something else is removed."""
        content = self._content()
        if stage == "training":
            if self._begun(stage) != sha256:
                (self.folder / CHECKPOINT).unlink(missing_ok=True)
            (self.folder / WEIGHTS).unlink(missing_ok=True)
            (self.folder / SCORES).unlink(missing_ok=True)
            (self.folder / NAME).unlink(missing_ok=True)
        elif stage in content:
            (self.folder / SCORES).unlink(missing_ok=True)
            write_json(self.folder / NAME, {key: value for key, value in content.items() if key != stage})
        write_text(self._mark(stage), sha256)

    def note(self, stage: Stage, facts: dict[str, Any]) -> None:
        """Adds a begun stage, whose files are all in the folder; `facts` describe the job."""
        if self.noted(stage) is None:
            files = {name: file_digest(self.folder / name) for name in self._names() if _stage_of(name) == stage}
            noted = {"sha256": self._begun(stage), "files": files}
            write_json(self.folder / NAME, {**self._content(), **facts, stage: noted})
        self._mark(stage).unlink(missing_ok=True)

    def done(self, stage: Stage) -> bool:
        """Whether a stage is noted and nothing is left of its beginning."""
        return self.noted(stage) is not None and not self._mark(stage).exists()

    def _mark(self, stage: Stage) -> Path:
        return self.folder / f".{stage}"

    def _begun(self, stage: Stage) -> str | None:
        """The digest with which a stage was begun."""
        mark = self._mark(stage)
        return mark.read_text(encoding="utf-8") if mark.is_file() else None

    def _names(self) -> list[str]:
        """Names of the files of all stages, below the folder; hidden ones and the checkpoint belong to none."""
        paths = [path for path in self.folder.rglob("[!.]*") if path.is_file()]
        return sorted({path.relative_to(self.folder).as_posix() for path in paths} - {NAME, CHECKPOINT})

    def _content(self) -> dict[str, Any]:
        try:
            content = json.loads((self.folder / NAME).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return content if isinstance(content, dict) else {}


def file_digest(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stage_of(name: str) -> Stage:
    return "scoring" if name in (SCORES, "statistics.json") or name.startswith("inlier/") else "training"
