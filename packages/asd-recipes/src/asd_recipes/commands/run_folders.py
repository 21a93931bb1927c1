"""Where commands keep a run, its data and its recordings, so that the same command finds them again."""

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from asd_recipes.commands.options import in_percent

if TYPE_CHECKING:
    from asd_recipes.progress import Progress
    from asd_recipes.recipe.settings import Recipe


def synthetic_data(out: Path, recipe: "Recipe", progress: "Progress") -> Path:
    """The embedded data set of the recipe's size and seed; made, completed, or found whole."""
    from asd_recipes.synth import DatasetSize, write_dataset

    folder = out / "data" / f"synthetic-{recipe.synthetic.size}-seed{recipe.seed}"
    size = DatasetSize.named(recipe.synthetic.size)
    with progress.stage(f"synthetic data, {recipe.synthetic.size}", 100) as advance:
        write_dataset(
            folder, size=size, seed=recipe.seed, jobs=len(os.sched_getaffinity(0)), progress=in_percent(advance)
        )
    return folder


def run_name(profile: str, recipe: "Recipe", data: Path | None) -> str:
    """One folder for each profile, seed, data set and recipe, so that the same command finds its run again."""
    from asd_recipes.dataset.scan import scan_dataset
    from asd_recipes.recipe.toml_text import recipe_digest

    where = "synthetic"
    if data is not None:
        place = place_digest(data)
        where = f"synthetic-{place}" if scan_dataset(data).synthetic else f"data-{place}"
    return f"{profile}-seed{recipe.seed}-{where}-{recipe_digest(recipe)[:8]}"


def place_digest(folder: Path) -> str:
    """Six digits for a folder, by its path."""
    return hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:6]


def bank_folder(out: Path, data: Path, recipe: "Recipe") -> Path:
    """Where the recordings of a data set are kept, as the recipe reads them."""
    audio = hashlib.sha256(repr(recipe.audio).encode()).hexdigest()[:6]
    return out / "banks" / f"{place_digest(data)}-{audio}"
