"""Checks what a run relies on: the recipe before anything is made, the recordings before any training."""

from collections.abc import Sequence

from asd_recipes.dataset.clip import DatasetError
from asd_recipes.dataset.scan import Dataset
from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.system_variants import (
    AUTOENCODER,
    RANDOM_ENCODER,
    SPECTRAL_STATISTICS,
    has_network,
    variant_of,
)
from asd_recipes.reproduction.run_store import RESERVED
from asd_recipes.scoring.front_end import check_sizes
from asd_recipes.scoring.inlier_candidates import check_search, fitting_candidates
from asd_recipes.training.encoder_weights import check_encoder_weights
from asd_recipes.training.machine_data import PreparedData
from asd_recipes.waveforms.device_choice import Device, choose_device
from asd_recipes.waveforms.waveform_bank import WaveformBank
from asd_runtime.counted import counted

_WITHOUT_OTHERS = {AUTOENCODER, SPECTRAL_STATISTICS, RANDOM_ENCODER.slug}
"""The systems that use no other machine types."""


def check_recipe(recipe: Recipe, device: str) -> Device:
    """Checks that this machine can run the recipe; returns the device to use.

    Raises:
        DeviceError: the device is not available, or has fewer threads.
        RecipeError: a size is beyond any real use, the encoder weights cannot be loaded, or what is to search the
            nearest neighbours is not there.
    """
    chosen = choose_device(device, recipe.training.precision, threads=recipe.threads)
    check_sizes(recipe)
    check_encoder_weights(recipe.training.encoder_weights)
    check_search(recipe.inlier)
    return chosen


def check_names(machines: Sequence[str]) -> None:
    """Checks the machines' names: each machine gets a folder with its name in the run.

    Raises:
        DatasetError: the run needs a name for its own files.
    """
    if taken := sorted(RESERVED.intersection(machines)):
        raise DatasetError(f"a machine cannot be called {taken[0]}: a run has a file of that name. Rename its folder.")


def check_recordings(
    prepared: PreparedData, machines: Sequence[str], systems: Sequence[str], readable: Dataset, recipe: Recipe
) -> None:
    """Checks before any training that the readable recordings are enough.

    Raises:
        DatasetError: too few clips, or none of some kind, for a requested system.
    """
    networks = [system for system in systems if has_network(system)]
    for machine in machines:
        _check_counts(machine, prepared)
        if missing := readable.missing_for_scores(machine):
            raise DatasetError(
                f"{machine} cannot be evaluated: no readable {', no '.join(missing)}. `asd data check` says what is "
                "wrong with the files."
            )
        if any(variant_of(system).inlier_models for system in networks):
            _check_inlier_models(machine, prepared, recipe)
    if set(systems) - _WITHOUT_OTHERS and len(prepared.training) < 2:
        raise DatasetError(
            f"{readable.root} has training clips of only one machine type; outlier exposure needs others as "
            "pseudo-anomalies. Add some, or pass --systems autoencoder,spectral-statistics,random-encoder."
        )


def _check_counts(machine: str, prepared: PreparedData) -> None:
    training, validation = (len(part.get(machine, [])) for part in (prepared.training, prepared.validation))
    if min(training, validation) < 2:
        unread = [problem for problem in prepared.bank.problems if problem.file.startswith(f"{machine}/")]
        first = f"{unread[0].file}: {unread[0].reason}" if unread else ""
        reason = f" Left out: {counted(len(unread), 'recording')}; the first is {first}" if unread else ""
        raise DatasetError(
            f"{machine} has {counted(training, 'training clip')} and {counted(validation, 'validation clip')}; at "
            f"least two of each are needed. Add normal training clips, or change split.source_share.{reason}"
        )


def _check_inlier_models(machine: str, prepared: PreparedData, recipe: Recipe) -> None:
    """Checks that at least one inlier model can be fitted; with clips of one domain, some kinds of models cannot."""
    source, target = (_segments(prepared.bank, prepared.training[machine], recipe, domain=domain)
                      for domain in ("source", "target"))  # fmt: skip
    if not fitting_candidates(recipe.inlier, source=source, target=target):
        raise DatasetError(
            f"{machine} trains on {counted(source, 'segment')} of the source domain and {target} of the target domain: "
            f"too few for any inlier model on {', '.join(recipe.inlier.training_data)}. Lower inlier.components or "
            "inlier.neighbours, or set inlier.training_data to source+target, which takes both domains together."
        )


def _segments(bank: WaveformBank, indices: Sequence[int], recipe: Recipe, *, domain: str) -> int:
    of_domain = [index for index in indices if bank.clips[index].training_domain == domain]
    return sum(recipe.segments.count(len(bank.waves[index])) for index in of_domain)
