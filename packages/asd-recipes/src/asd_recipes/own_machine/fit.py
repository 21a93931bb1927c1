"""The stages behind `asd fit`, in order: from folders of recordings to a model (`asd_runtime.model`).

Stages keep their results in a hidden folder next to the model, so that an interrupted or killed training continues when
the command is run again. The folder is removed once the model is written.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

from asd_recipes.own_machine.fit_limits import check_limits
from asd_recipes.own_machine.fitted_detectors import probed_and_joined
from asd_recipes.own_machine.learnt_attributes import learnt_labels
from asd_recipes.own_machine.machine_training import MachineTraining
from asd_recipes.own_machine.model_publication import ModelPublication
from asd_recipes.own_machine.own_recordings import OwnRecordings
from asd_recipes.own_machine.provenance import Provenance, check_same_model, provenance_of
from asd_recipes.own_machine.reading import ReadRecordings, read_recordings
from asd_recipes.own_machine.spectral_fit import SpectralFit
from asd_recipes.own_machine.training_description import describe_training
from asd_recipes.recipe.settings import Recipe
from asd_recipes.reproduction.run_store import RunStore
from asd_recipes.scoring.inlier_candidates import check_search
from asd_recipes.waveforms.device_choice import Device, choose_device
from asd_runtime.model.joined_score import OE, SPECTRAL
from asd_runtime.model.manifest import Manifest
from asd_runtime.model.reading import read_manifest
from asd_runtime.progress import Progress
from asd_runtime.sound.problem import Problem


@dataclass(frozen=True)
class FitResult:
    """The result of a training."""

    manifest: Manifest
    problems: tuple[Problem, ...]  # files that were left out, by their paths as the user gave them


@dataclass(frozen=True)
class OwnFit:
    """One training.

    Attributes:
        recordings: of the machine and of other machines.
        folder: folder of the normal recordings.
        synthetic_others: whether the other machines are the embedded synthetic data.
        model: folder for the model; its name is the machine's name.
        store: where the stages keep their results.
        false_alarms: share of normal stretches that may score above the threshold.
    """

    recipe: Recipe
    recordings: OwnRecordings
    folder: Path
    synthetic_others: bool
    model: Path
    store: RunStore
    device: str = "auto"
    false_alarms: float = 0.1

    def run(self, progress: Progress) -> FitResult:
        """Runs every stage that is not done.

        Raises:
            DatasetError: too few recordings can be used.
            RecipeError: a setting cannot be followed here.
            RunError: a different training or model is already in this place, or the loss diverged.
        """
        device = choose_device(self.device, self.recipe.training.precision, threads=self.recipe.threads)
        recipe = replace(self.recipe, training=replace(self.recipe.training, precision=device.precision))
        check_limits(recipe)
        check_search(recipe.inlier)
        before = read_manifest(self.model) if self.model.exists() else None
        read = read_recordings(self.recordings, recipe, self.store.root / "bank", progress)
        provenance = provenance_of(read.bank, device)
        if before is not None:
            check_same_model(self.model, before, recipe=recipe, provenance=provenance, false_alarms=self.false_alarms)
            progress.say(f"{self.model} already is this model: nothing to do")
            return FitResult(before, read.problems)
        self.store.begin(recipe, asdict(provenance))
        return FitResult(self._make(read, recipe, device, provenance, progress), read.problems)

    def _make(
        self, read: ReadRecordings, recipe: Recipe, device: Device, provenance: Provenance, progress: Progress
    ) -> Manifest:
        """Fits and joins the detectors, and writes the model."""
        data, trained = read.data, self.store.root / "network"
        labels = learnt_labels(data.prepared)
        for text in describe_training(data, labels, recipe=recipe, device=device):
            progress.say(text)
        training = MachineTraining(trained, data.prepared, labels, recipe, device)
        spectral = SpectralFit(trained, data, recipe)
        if OE in recipe.fit.detectors:
            training.run(progress)
        if SPECTRAL in recipe.fit.detectors:
            spectral.run(progress)
        fitted = probed_and_joined(training, spectral, data, recipe, false_alarms=self.false_alarms, progress=progress)
        publication = ModelPublication(
            data=data,
            labels=labels,
            recipe=recipe,
            provenance=provenance,
            folder=self.folder,
            pseudo_anomalies=tuple(name.split("/", 1)[1].removesuffix("/.") for name in self.recordings.others),
            synthetic_others=self.synthetic_others,
            left_out=read.normal_left_out,
        )
        return publication.run(fitted, training, self.model)
