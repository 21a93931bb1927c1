"""Records what a synthetic data set was made from, and checks whether a folder is such a data set."""

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
_WAY_OUT = "Name another folder, or remove this one to have it made again."


@dataclass(frozen=True)
class Request:
    """Everything that decides the bytes of a data set, except the versions of NumPy and SciPy."""

    size: DatasetSize
    seed: int
    machines: tuple[str, ...]

    def plan(self) -> list[PlannedClip]:
        return [clip for machine in self.machines for clip in plan_machine(machine, self.size, self.seed)]

    def to_json(self) -> str:
        fields = {"schema": SCHEMA, "synthetic": True, "generator": SYNTHETIC_STREAM, "seed": self.seed}
        return json.dumps({**fields, "size": asdict(self.size), "machines": list(self.machines)}, indent=2) + "\n"


def read_record(folder: Path) -> Request | None:
    """The request in the folder's record; None if there is no record.

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
            f"root {folder} holds a {RECORD} that is not from a synthetic data set ({error!r}). {_WAY_OUT}"
        ) from error
    raise DatasetExistsError(
        f"root {folder} holds a synthetic data set of generator {version[0]}, schema {version[1]}; this version "
        f"makes and uses only {SYNTHETIC_STREAM}, schema {SCHEMA}. {_WAY_OUT}"
    )


def is_whole(root: Path, request: Request, plan: list[PlannedClip]) -> bool:
    """True if root is the complete data set of this request and plan; False if root may be made or replaced.

    Only names and lengths are compared, not the sound, because every use of the data set calls this.

    Raises:
        DatasetExistsError: root is a file; or it holds a file that does not belong to the data set of its record; or
            it is from another version of the generator; or files are missing or have the wrong length.
    """
    if not root.exists():
        return False
    if not root.is_dir():
        raise DatasetExistsError(f"root {root} is a file; a data set is a folder. Name another place or remove it.")
    present = read_record(root)
    expected = {} if present is None else _file_bytes(present, plan if present == request else present.plan())
    sizes = _sizes(root)
    if foreign := sorted(sizes.keys() - expected.keys() - set(marks(present or request))):
        raise DatasetExistsError(
            f"root {root} holds {foreign[0]}, which this command did not write and will not replace. {_WAY_OUT}"
        )
    if present != request:
        return False
    if damaged := [name for name, size in expected.items() if name not in sizes or size not in (None, sizes[name])]:
        raise DatasetExistsError(
            f"root {root} is damaged: {damaged[0]} is missing or has the wrong length ({len(damaged)} of "
            f"{len(expected)} files are, in a data set of {len(plan)} clips). {_WAY_OUT}"
        )
    return all(name in sizes for name in marks(request))  # older data sets have no marks


def marks(request: Request) -> list[str]:
    """The files that mark each folder of a data set, so that a copied part keeps its mark."""
    folders = ("", *(f"{split}/" for split in request.size.splits))
    return [f"{machine}/{folder}{MARK}" for machine in request.machines for folder in folders]


def _file_bytes(request: Request, plan: list[PlannedClip]) -> dict[str, int | None]:
    """Every file of a data set, with its length if the plan determines it."""
    tables: dict[str, int | None] = {f"{machine}/{ATTRIBUTES}": None for machine in request.machines}
    return {RECORD: None, **tables, **{clip.path: WAV_HEADER_BYTES + 2 * clip.samples for clip in plan}}


def _sizes(root: Path) -> dict[str, int]:
    """Every file below root, with its length; a link to a folder counts as a file, because no data set has one."""
    sizes = {}
    folders = [""]
    while folders:
        below = folders.pop()
        with os.scandir(root / below) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(f"{below}{entry.name}/")
                else:
                    sizes[f"{below}{entry.name}"] = entry.stat(follow_symlinks=False).st_size
    return sizes
