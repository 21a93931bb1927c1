"""Loads the scorer of a system of a finished run."""

import json
from pathlib import Path

from asd_eval import ScoreEnsemble
from asd_features import WaveformStatistics
from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.system_variants import VARIANTS, variant_of
from asd_recipes.reproduction.run_store import RunError, RunStore
from asd_recipes.scoring.candidate_table import read_candidate_table
from asd_recipes.scoring.clip_scorer import ClipScorer, NetworkScorer
from asd_recipes.scoring.embedding import ClipEmbedder
from asd_recipes.scoring.segment_means import FLOW
from asd_recipes.waveforms.device_choice import Device, choose_device, threads_here

_CLIP_S = 10.0
"""Length of a stretch, as of most DCASE clips; a run's systems have no threshold that would set it."""


def load_scorer(machine: Path, *, system: str = "oe", device: str = "auto") -> ClipScorer:
    """The scorer of a system of `<run>/<machine>`.

    Raises:
        RunError: the folder is not a machine of a run, the system is unknown or not finished, or its models were not
            saved.
    """
    machine = machine.resolve()
    if system not in (variant.slug for variant in VARIANTS):
        raise RunError(f"no system {system!r}; the systems are {', '.join(variant.slug for variant in VARIANTS)}.")
    folders = [folder for folder in (machine / system, *sorted(machine.glob(f"{system}@*"))) if folder.is_dir()]
    if not folders:
        raise RunError(
            f"{machine} has no system {system}. Pass a model of `asd fit`, or <run>/<machine> of `asd reproduce`."
        )
    recipe = RunStore(machine.parent).recipe()
    chosen = choose_device(device, recipe.training.precision, threads=threads_here(recipe.threads))
    manifest = json.loads(_finished(folders[0], "manifest.json").read_text(encoding="utf-8"))
    return ClipScorer(
        recipe=recipe,
        machine=machine.name,
        networks=[_load_network(folder, recipe, machine.name, chosen) for folder in folders],
        synthetic=bool(manifest["synthetic"]),
        stretch_s=_CLIP_S,
    )


def _load_network(folder: Path, recipe: Recipe, machine: str, device: Device) -> NetworkScorer:
    from asd_inlier import load_inlier_model  # the run's own arithmetic; imports scikit-learn, unlike a bundle

    reference = read_candidate_table(_finished(folder, "candidates.csv")).part("validation")
    models = {name: folder / "inlier" / f"{name}.safetensors" for name in reference.columns if name != FLOW}
    if missing := [name for name, path in models.items() if not path.is_file()]:
        raise RunError(f"{folder} has no inlier model {missing[0]}: run again with --set inlier.save=true.")
    level = json.loads(_finished(folder, "statistics.json").read_text(encoding="utf-8"))
    statistics = WaveformStatistics(mean=level["mean"], std=level["std"])
    weights = _finished(folder, "weights.safetensors")
    return NetworkScorer(
        recipe=recipe,
        machine=machine,
        embedder=ClipEmbedder.load(weights, variant_of(folder.name), recipe, statistics, device),
        models={name: load_inlier_model(path) for name, path in models.items()},
        ensemble=ScoreEnsemble.fit(reference.columns),
    )


def _finished(folder: Path, name: str) -> Path:
    """The path of a file that every finished system has."""
    if not (folder / name).is_file():
        raise RunError(f"{folder} is not finished: it has no {name}. Run its `asd reproduce` command again.")
    return folder / name
