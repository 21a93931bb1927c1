"""A run takes from the runs beside it what depends on nothing that changed, and never anything stale."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from asd_recipes.progress import Advance
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.reproduction.reproduce import Reproduction
from asd_recipes.reproduction.run_store import RunStore
from asd_recipes.synth import DatasetSize, write_dataset

SETTINGS = ["seed=1", "threads=1", "training.epochs=1", "inlier.components=[1]", "inlier.neighbours=[1, 2]",
            "weighting.machines=[]"]  # fmt: skip
EVERY = ("autoencoder", "oe", "spectral-statistics")
LIGHT = ("autoencoder",)


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


@pytest.fixture(scope="module")
def base(data: Path) -> Path:
    """A finished run of the systems in EVERY."""
    _run(data, data.parent / "runs" / "base", systems=EVERY)
    return data.parent / "runs" / "base"


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
def test_a_changed_setting_redoes_what_reads_it_and_the_rest_is_taken_to_the_same_bytes(
    setting: str, done: list[str], taken: str, base: Path, data: Path, tmp_path: Path
) -> None:
    again, alone = base.parent / setting, tmp_path / "alone"
    said = _run(data, again, setting, systems=EVERY)
    assert said.taken == [f"{taken} from {base}"]
    assert _stages(again) == done
    assert _same("oe/weights.safetensors", base, again) == ("oe train" not in done)
    assert _run(data, alone, setting, systems=EVERY).taken == []
    assert _files(again) == _files(alone)
    shutil.rmtree(again)
