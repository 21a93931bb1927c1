"""What a synthetic data set was made from, written beside its clips, and whether a folder is such a data set."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from asd_recipes.dcase2023_facts import SECTION
from asd_recipes.synth.clip_plan import Clip, DatasetSize, plan_machine
from asd_recipes.synth.seeding import STREAM

MANIFEST = "synth.json"
ATTRIBUTES = f"attributes_{SECTION}.csv"
SCHEMA = 1
WAV_HEADER_BYTES = 44


class DatasetExistsError(FileExistsError):
    """The folder holds something that was not written here."""


@dataclass(frozen=True)
class Request:
    """All that the bytes of a data set depend on (besides the versions of NumPy and SciPy)."""

    size: DatasetSize
    seed: int
    machines: tuple[str, ...]

    def plan(self) -> list[Clip]:
        return [clip for machine in self.machines for clip in plan_machine(machine, self.size, self.seed)]

    def to_json(self) -> str:
        fields = {"schema": SCHEMA, "synthetic": True, "generator": STREAM, "seed": self.seed}
        return json.dumps({**fields, "size": asdict(self.size), "machines": list(self.machines)}, indent=2) + "\n"


def read_manifest(folder: Path) -> Request | None:
    """The request that the folder's manifest holds; None if there is none or it is not one of this module."""
    try:
        read = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        request = Request(DatasetSize(**read["size"]), int(read["seed"]), tuple(map(str, read["machines"])))
        request.plan()
        return request if read["synthetic"] is True else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def is_whole(root: Path, request: Request) -> bool:
    """True: root is the data set of this request, complete. False: root may be made or replaced.

    Raises:
        DatasetExistsError: root is a file, or holds a file that no data set of its manifest has.
    """
    if not root.exists():
        return False
    if not root.is_dir():
        raise DatasetExistsError(f"root {root} is a file; name a folder.")
    present = read_manifest(root)
    allowed = _files_of(present) if present else set()
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if not path.is_dir() and name not in allowed:
            raise DatasetExistsError(
                f"root {root} holds {name}, which was not written here. Name another folder or remove it."
            )
    manifest = root / MANIFEST
    if present != request or manifest.read_text(encoding="utf-8") != request.to_json():
        return False
    tables = all((root / machine / ATTRIBUTES).is_file() for machine in request.machines)
    return tables and all(_is_written(root / clip.path, clip) for clip in request.plan())


def _is_written(path: Path, clip: Clip) -> bool:
    return path.is_file() and path.stat().st_size == WAV_HEADER_BYTES + 2 * clip.samples


def _files_of(request: Request) -> set[str]:
    tables = {f"{machine}/{ATTRIBUTES}" for machine in request.machines}
    return {MANIFEST, *tables, *(clip.path for clip in request.plan())}
