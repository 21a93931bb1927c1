"""What a synthetic data set was made from, written beside its clips, and whether a folder is such a data set."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from asd_recipes.dataset.dcase2023_facts import SECTION
from asd_recipes.dataset.synthetic_mark import MARK, RECORD
from asd_recipes.recipe.seeding import SYNTHETIC_STREAM
from asd_recipes.synth.clip_plan import DatasetSize, PlannedClip, plan_machine
from asd_recipes.synth.errors import DatasetExistsError
from asd_recipes.synth.machines import MODELS

ATTRIBUTES = f"attributes_{SECTION}.csv"
SCHEMA = 1
WAV_HEADER_BYTES = 44
_WAY_OUT = "Name another folder, or remove this one to have it made anew."


@dataclass(frozen=True)
class Request:
    """All that the bytes of a data set depend on (besides the versions of NumPy and SciPy)."""

    size: DatasetSize
    seed: int
    machines: tuple[str, ...]

    def plan(self) -> list[PlannedClip]:
        return [clip for machine in self.machines for clip in plan_machine(machine, self.size, self.seed)]

    def to_json(self) -> str:
        fields = {"schema": SCHEMA, "synthetic": True, "generator": SYNTHETIC_STREAM, "seed": self.seed}
        return json.dumps({**fields, "size": asdict(self.size), "machines": list(self.machines)}, indent=2) + "\n"


def read_record(folder: Path) -> Request | None:
    """The request that the folder's record holds; None if it has no record.

    Raises:
        DatasetExistsError: the record is of another version of the generator, or cannot be read.
    """
    path = folder / RECORD
    if not path.is_file():
        return None
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        version = read["generator"], read["schema"]
        if version == (SYNTHETIC_STREAM, SCHEMA):
            machines = tuple(machine for machine in MODELS if machine in read["machines"])
            return Request(DatasetSize(**read["size"]), int(read["seed"]), machines)
    except (ValueError, TypeError, KeyError) as error:
        raise DatasetExistsError(
            f"root {folder} holds a {RECORD} that is not one of a synthetic data set ({error!r}). {_WAY_OUT}"
        ) from error
    raise DatasetExistsError(
        f"root {folder} holds a synthetic data set of generator {version[0]}, schema {version[1]}; this version makes "
        f"and uses {SYNTHETIC_STREAM}, schema {SCHEMA} alone. {_WAY_OUT}"
    )


def is_whole(root: Path, request: Request, plan: list[PlannedClip]) -> bool:
    """True: root is the data set of this request and its plan, complete. False: root may be made or replaced.

    Names and lengths are looked at, not the sound: it is asked at every use.

    Raises:
        DatasetExistsError: root is a file; holds a file that no data set of its record has; is of another version of
            the generator; is the data set of this request, but clips or tables are missing or have the wrong length.
    """
    if not root.exists():
        return False
    if not root.is_dir():
        raise DatasetExistsError(f"root {root} is a file; a data set is a folder. Name another place or remove it.")
    present = read_record(root)
    expected = {} if present is None else _file_bytes(present, plan if present == request else present.plan())
    found = _found_bytes(root)
    if foreign := sorted(found.keys() - expected.keys() - set(marks(present or request))):
        raise DatasetExistsError(
            f"root {root} holds {foreign[0]}, which was not written here; only what was is ever replaced. {_WAY_OUT}"
        )
    if present != request:
        return False
    if damaged := [name for name, size in expected.items() if name not in found or size not in (None, found[name])]:
        raise DatasetExistsError(
            f"root {root} is damaged: {damaged[0]} is missing or has the wrong length, as {len(damaged)} of "
            f"{len(expected)} files do ({len(plan)} clips by its {RECORD}). {_WAY_OUT}"
        )
    return all(name in found for name in marks(request))  # one without them was made before there were any


def marks(request: Request) -> list[str]:
    """The files that mark each folder of a data set, so that a copied part keeps its mark."""
    folders = ("", "train/", "test/")
    return [f"{machine}/{folder}{MARK}" for machine in request.machines for folder in folders]


def _file_bytes(request: Request, plan: list[PlannedClip]) -> dict[str, int | None]:
    """Every file of a data set, with its length where the plan tells it."""
    tables: dict[str, int | None] = {f"{machine}/{ATTRIBUTES}": None for machine in request.machines}
    return {RECORD: None, **tables, **{clip.path: WAV_HEADER_BYTES + 2 * clip.samples for clip in plan}}


def _found_bytes(root: Path) -> dict[str, int]:
    """Every file below root, with its length; links to folders count as files, which no data set has."""
    found = {}
    folders = [""]
    while folders:
        below = folders.pop()
        with os.scandir(root / below) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(f"{below}{entry.name}/")
                else:
                    found[f"{below}{entry.name}"] = entry.stat(follow_symlinks=False).st_size
    return found
