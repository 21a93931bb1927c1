"""Where commands keep a run, its data and its recordings, so that the same command finds them again."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from asd_recipes.commands.options import in_percent

if TYPE_CHECKING:
    from asd_recipes.recipe.settings import Recipe
    from asd_recipes.synth import DatasetSize
    from asd_runtime.progress import Progress

OTHER_FACTORY = "other factory"
"""With the run's seed, what the seed of the second synthetic factory is derived from."""


def synthetic_data(out: Path, recipe: "Recipe", progress: "Progress") -> Path:
    """The embedded data set of the recipe's size and seed; made, completed, or found whole."""
    from asd_recipes.synth import DatasetSize

    size = recipe.synthetic.size
    folder = out / "data" / f"synthetic-{size}-seed{recipe.seed}"
    return _made(folder, f"synthetic data, {size}", DatasetSize.named(size), recipe.seed, progress)


def synthetic_others(out: Path, recipe: "Recipe", progress: "Progress") -> list[Path]:
    """The training clips of a second factory, if the recipe asks for one: machines that are only pseudo-anomalies."""
    from asd_recipes.recipe.seeding import derive_seed
    from asd_recipes.synth import DatasetSize

    if not recipe.synthetic.others:
        return []
    size = recipe.synthetic.size
    folder = out / "data" / f"synthetic-{size}-seed{recipe.seed}-others"
    seed = derive_seed(recipe.seed, OTHER_FACTORY)
    return [_made(folder, f"synthetic others, {size}", DatasetSize.named(size).training_only(), seed, progress)]


def _made(folder: Path, title: str, size: "DatasetSize", seed: int, progress: "Progress") -> Path:
    from asd_recipes.synth import write_dataset

    with progress.stage(title, 100) as advance:
        write_dataset(folder, size=size, seed=seed, jobs=len(os.sched_getaffinity(0)), progress=in_percent(advance))
    return folder


def run_name(profile: str, recipe: "Recipe", data: Path | None, others: Sequence[Path] = ()) -> str:
    """One folder for each profile, seed, data set and recipe, so that the same command finds its run again."""
    from asd_recipes.dataset.scan import scan_dataset
    from asd_recipes.recipe.toml_text import recipe_digest

    where = "synthetic"
    if data is not None:
        place = place_digest(data)
        where = f"synthetic-{place}" if scan_dataset(data).synthetic else f"data-{place}"
    if others:
        where += f"-others-{place_digest(*others)}"
    return f"{profile}-seed{recipe.seed}-{where}-{recipe_digest(recipe)[:8]}"


def place_digest(*folders: Path) -> str:
    """Six digits for folders, by their paths."""
    return hashlib.sha256("\0".join(str(folder.resolve()) for folder in folders).encode()).hexdigest()[:6]


def bank_folder(out: Path, data: Path, recipe: "Recipe", others: Sequence[Path] = ()) -> Path:
    """Where the recordings of a run's data sets are kept, as the recipe reads them."""
    audio = hashlib.sha256(repr(recipe.audio).encode()).hexdigest()[:6]
    return out / "banks" / f"{place_digest(data, *others)}-{audio}"
