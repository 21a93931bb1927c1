"""What a run must be able to rely on: of the recipe before anything is made, of the recordings before any training."""

from collections.abc import Sequence

from asd_recipes.bundle.reading import check_limits
from asd_recipes.dataset.clip import DatasetError
from asd_recipes.dataset.scan import Dataset
from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.system_variants import RANDOM_ENCODER, has_network, variant_of
from asd_recipes.reproduction.run_store import RESERVED
from asd_recipes.scoring.inlier_candidates import fitting_candidates
from asd_recipes.training.encoder_weights import check_encoder_weights
from asd_recipes.training.machine_data import PreparedData
from asd_recipes.waveforms.device_choice import Device, choose_device
from asd_recipes.waveforms.waveform_bank import WaveformBank


def check_recipe(recipe: Recipe, device: str) -> Device:
    """What the recipe asks of this machine; returns the device that will compute.

    Raises:
        DeviceError: the device is not there, or has fewer threads.
        RecipeError: a size beyond any use, or encoder weights that cannot be loaded.
    """
    chosen = choose_device(device, recipe.training.precision, threads=recipe.threads)
    check_limits(recipe)
    check_encoder_weights(recipe.training.encoder_weights)
    return chosen


def check_names(machines: Sequence[str]) -> None:
    """Each machine gets a folder of its name in the run.

    Raises:
        DatasetError: a name that the run needs for its own files.
    """
    if taken := sorted(RESERVED.intersection(machines)):
        raise DatasetError(f"a machine cannot be called {taken[0]}: a run has a file of that name. Rename its folder.")


def check_recordings(
    prepared: PreparedData, machines: Sequence[str], systems: Sequence[str], readable: Dataset, recipe: Recipe
) -> None:
    """What must hold of the recordings that could be read, before an hour is spent on them.

    Raises:
        DatasetError: too few clips, or none of a kind, for a system that was asked for.
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
    if set(networks) - {RANDOM_ENCODER.slug} and len(prepared.training) < 2:
        raise DatasetError(
            f"{readable.root} has training clips of one machine type; outlier exposure needs others as "
            "pseudo-anomalies. Add some, or pass --systems autoencoder,spectral-statistics,random-encoder."
        )


def _check_counts(machine: str, prepared: PreparedData) -> None:
    training, validation = (len(part.get(machine, [])) for part in (prepared.training, prepared.validation))
    if min(training, validation) < 2:
        unread = [problem for problem in prepared.bank.problems if problem.file.startswith(f"{machine}/")]
        first = f"{unread[0].file}: {unread[0].reason}" if unread else ""
        reason = f" {len(unread)} recordings were left out; the first: {first}" if unread else ""
        raise DatasetError(
            f"{machine} has {training} training and {validation} validation clips; two of each are the least. Add "
            f"normal training clips, or change split.source_share.{reason}"
        )


def _check_inlier_models(machine: str, prepared: PreparedData, recipe: Recipe) -> None:
    """A machine whose training clips are of one domain has some kinds of inlier models only."""
    source, target = (_segments(prepared.bank, prepared.training[machine], recipe, domain=domain)
                      for domain in ("source", "target"))  # fmt: skip
    if not fitting_candidates(recipe.inlier, source=source, target=target):
        raise DatasetError(
            f"{machine} trains with {source} segments of the source domain and {target} of the target domain: too few "
            f"for every inlier model on {', '.join(recipe.inlier.training_data)}. Lower inlier.components or "
            "inlier.neighbours, or set inlier.training_data to source+target, which takes both domains."
        )


def _segments(bank: WaveformBank, indices: Sequence[int], recipe: Recipe, *, domain: str) -> int:
    of_domain = [index for index in indices if bank.clips[index].training_domain == domain]
    return sum(recipe.segments.count(len(bank.waves[index])) for index in of_domain)
