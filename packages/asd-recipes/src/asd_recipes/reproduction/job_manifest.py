"""The manifest of a job: what it is, and for each finished stage the digest of what it depends on and of its files.

A stage is begun with its digest in a mark, and noted in the manifest after its last file is written. So other runs may
take the files of a noted stage, if they still are the noted ones; and a stage that a killed run began is not continued
after something that it depends on has changed.

The folder may be another run's: whatever is in the place of its manifest counts as none.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from asd_runtime.regular_file import open_regular, read_regular
from asd_runtime.whole_file import write_json, write_text

Stage = Literal["training", "scoring"]
NAME = "manifest.json"
WEIGHTS = "weights.safetensors"
"""The last file of a training."""
SCORES = "candidates.csv"
"""The last file of a scoring."""
CHECKPOINT = "checkpoint.safetensors"
_LARGEST_BYTES = 1 << 24
_SHA256 = re.compile("[0-9a-f]{64}")


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
        if not isinstance(found, dict) or not isinstance(files := found.get("files"), dict):
            return None
        digests = (found.get("sha256"), *files.values())
        if not all(isinstance(digest, str) and _SHA256.fullmatch(digest) for digest in digests):
            return None
        return NotedStage(found["sha256"], files)

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
            sha256 = self._begun(stage)
            assert sha256 is not None, "a stage is begun before it is noted"
            files = {name: file_digest(self.folder / name) for name in self._names() if stage_of(name) == stage}
            noted = {"sha256": sha256, "files": files}
            write_json(self.folder / NAME, {**self._content(), **facts, stage: noted})
        self._mark(stage).unlink(missing_ok=True)

    def done(self, stage: Stage) -> bool:
        """Whether a stage is noted and nothing is left of its beginning."""
        return self.noted(stage) is not None and not self._mark(stage).exists()

    def is_noted_file(self, stage: Stage, name: str) -> bool:
        """Whether a file of a finished stage still is the one that was noted."""
        noted = self.noted(stage)
        try:
            return noted is not None and noted.files.get(name) == file_digest(self.folder / name)
        except OSError:
            return False

    def _mark(self, stage: Stage) -> Path:
        return self.folder / f".{stage}"

    def _begun(self, stage: Stage) -> str | None:
        """The digest with which a stage was begun."""
        mark = self._mark(stage)
        return mark.read_text(encoding="utf-8") if mark.is_file() else None

    def _names(self) -> list[str]:
        """Names of the files below the folder; hidden ones belong to no stage."""
        paths = [path for path in self.folder.rglob("[!.]*") if path.is_file()]
        return sorted(path.relative_to(self.folder).as_posix() for path in paths)

    def _content(self) -> dict[str, Any]:
        try:
            content = json.loads(read_regular(self.folder / NAME, most=_LARGEST_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        return content if isinstance(content, dict) else {}


def file_digest(path: Path) -> str:
    """Hexadecimal SHA-256 of a regular file; a link is not followed."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stage_of(name: str) -> Stage | None:
    """The stage that writes a file; None for what is no result."""
    if name in (NAME, CHECKPOINT):
        return None
    return "scoring" if name in (SCORES, "statistics.json") or name.startswith("inlier/") else "training"
