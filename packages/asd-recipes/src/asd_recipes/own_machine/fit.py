"""The training behind `asd fit`: from folders of recordings to a model (`asd_recipes.bundle`), stage by stage.

Stages keep their results in a hidden folder beside the model's place, so that a call that was interrupted or killed
goes on when it is given again; the folder goes when the model is there.
"""

import csv
import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from asd_eval import ZScoreStandardiser, average_scores, quantile_threshold
from asd_eval.errors import InsufficientDataError
from asd_recipes.bundle import Manifest, ModelScores, Threshold, Training, read_manifest, write_bundle
from asd_recipes.bundle.manifest import NORMAL, Level
from asd_recipes.bundle.reading import check_limits
from asd_recipes.dataset.clip import Problem, printable
from asd_recipes.dataset.scan import is_synthetic
from asd_recipes.own_machine.own_data import MOST_PIECES, OwnData, evenly_spread, prepare_own_data
from asd_recipes.own_machine.own_recordings import OwnRecordings
from asd_recipes.progress import Progress
from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.system_variants import SystemVariant
from asd_recipes.reproduction.job import library_versions
from asd_recipes.reproduction.run_store import RunError, RunStore
from asd_recipes.scoring.candidate_table import read_candidate_table
from asd_recipes.scoring.embedding import ClipEmbedder
from asd_recipes.scoring.network_scoring import Float64Array, NetworkScoring
from asd_recipes.training.attribute_labels import AttributeLabels, machine_labels
from asd_recipes.training.crops import TrainingCrops
from asd_recipes.training.diverged import TrainingDivergedError
from asd_recipes.training.machine_data import PreparedData
from asd_recipes.training.network_training import NetworkTraining
from asd_recipes.waveforms.device_choice import Device, choose_device
from asd_recipes.waveforms.device_log_mel import describe_log_mel
from asd_recipes.waveforms.waveform_bank import WaveformBank, open_bank

_OE = SystemVariant("oe", "OE", inlier_models=True)
_SERIAL_OE = SystemVariant("serialoe", "SerialOE", attributes=True, inlier_models=True)
_CROPS_AN_EPOCH = 128
"""An epoch takes each piece so often that there are so many crops: of four recordings, one pass would be one step."""


@dataclass(frozen=True)
class FitResult:
    """What a training ends with."""

    manifest: Manifest
    problems: tuple[Problem, ...]  # recordings that were left out


@dataclass(frozen=True)
class OwnFit:
    """One training.

    Attributes:
        recordings: of the machine and of others.
        folder: of the normal recordings.
        synthetic_others: whether the other recordings are the embedded data set.
        model: where the model goes; the folder's name is the machine's.
        store: where the stages keep their results.
        false_alarms: share of normal recordings that may be above the threshold.
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
            RunError: another training began in the same place, the model's place is taken, or the loss diverged.
        """
        device = choose_device(self.device, self.recipe.training.precision, threads=self.recipe.threads)
        recipe = replace(self.recipe, training=replace(self.recipe.training, precision=device.precision))
        check_limits(recipe)
        before = read_manifest(self.model) if self.model.exists() else None
        with progress.stage("read recordings", len(self.recordings.clips)) as advance:
            bank = open_bank(self.recordings.clips, recipe.audio, self.store.root / "bank", advance=advance)
        data = prepare_own_data(bank, recipe)
        problems = (*self.recordings.problems, *bank.problems, *data.problems)
        for text in (*(f"left out {item.file}: {item.reason}" for item in problems), *self.recordings.notes):
            progress.say(text)
        about = {"data_sha256": _data_digest(bank), "device": device.description, "versions": library_versions()}
        if before is not None:
            self._check_same(before, recipe, about)
            progress.say(f"{self.model} is this model already")
            return FitResult(before, problems)
        self.store.begin(recipe, about)
        labels = _labels(data)
        _describe(data, labels, f"{device.description}, {describe_log_mel(recipe.log_mel, device)}", progress)
        try:
            self._train_and_score(data.prepared, labels, recipe, device, progress)
        except TrainingDivergedError as error:
            raise RunError(str(error)) from error
        manifest = self._publish(data, labels, recipe, about, problems)
        return FitResult(manifest, problems)

    @property
    def _network(self) -> Path:
        return self.store.root / "network"

    def _check_same(self, before: Manifest, recipe: Recipe, about: Mapping[str, object]) -> None:
        there = (before.recipe, before.training.data_sha256, before.threshold.false_alarms, before.versions)
        if there != (recipe, about["data_sha256"], self.false_alarms, about["versions"]):
            raise RunError(
                f"{self.model} holds a model of another recipe, other recordings or other versions. "
                "Choose another --out, or remove it."
            )

    def _train_and_score(
        self,
        data: PreparedData,
        labels: AttributeLabels | None,
        recipe: Recipe,
        device: Device,
        progress: Progress,
    ) -> None:
        variant = _SERIAL_OE if labels else _OE
        weights = self._network / "weights.safetensors"
        if not weights.is_file():
            pieces = data.training[NORMAL]
            often = -(-_CROPS_AN_EPOCH // len(pieces))
            repeated = replace(data, training={**data.training, NORMAL: pieces * often})
            crops = TrainingCrops(repeated, recipe, device)
            NetworkTraining(NORMAL, variant.name, variant.slug, variant, labels, crops).run(self._network, progress)
        if not (self._network / "candidates.csv").is_file():
            shutil.rmtree(self._network / "inlier", ignore_errors=True)
            embedder = ClipEmbedder.load(weights, variant, recipe, data.statistics[NORMAL], device)
            spread = replace(data, training={**data.training, NORMAL: evenly_spread(data.training[NORMAL])})
            NetworkScoring(NORMAL, variant.name, variant, spread, recipe, embedder).run(self._network, progress)

    def _publish(
        self,
        data: OwnData,
        labels: AttributeLabels | None,
        recipe: Recipe,
        about: Mapping[str, object],
        problems: tuple[Problem, ...],
    ) -> Manifest:
        columns = read_candidate_table(self._network / "candidates.csv").columns
        if not columns:
            raise RunError("no inlier model could be fitted: the recordings give too few segments. Add recordings.")
        scales = {name: ZScoreStandardiser().fit(scores) for name, scores in columns.items()}
        held_out = average_scores([scales[name].transform(scores) for name, scores in columns.items()])
        level = data.prepared.statistics[NORMAL]
        manifest = Manifest(
            machine=printable(self.model.resolve().name),
            system="serialoe" if labels else "oe",
            synthetic=any(is_synthetic(above) for above in (self.folder.resolve(), *self.folder.resolve().parents)),
            recipe=recipe,
            level=Level(level.mean, level.std),
            training=Training(
                recordings=data.recordings,
                seconds=round(data.seconds, 3),
                left_out=sum(problem.file.startswith(f"{NORMAL}/") for problem in problems),
                pieces=len(data.prepared.training[NORMAL]),
                held_out_pieces=len(held_out),
                held_out=data.held_out,
                pseudo_anomalies=tuple(name.split("/", 1)[1].removesuffix("/.") for name in self.recordings.others),
                synthetic_pseudo_anomalies=self.synthetic_others,
                attributes=labels.classes if labels else (),
                pseudo_anomaly_auc=_last_validation_auc(self._network / "training.csv"),
                data_sha256=str(about["data_sha256"]),
            ),
            scores={name: ModelScores(scale.mean_, scale.std_) for name, scale in scales.items()},
            threshold=threshold_of(held_out, self.false_alarms),
            device=str(about["device"]),
            versions=library_versions(),
            files={},
        )
        inlier = {name: self._network / "inlier" / f"{name}.safetensors" for name in columns}
        return write_bundle(self.model, manifest, network=self._network / "weights.safetensors", inlier=inlier)


def threshold_of(held_out: Float64Array, false_alarms: float) -> Threshold:
    """The quantile of held-out scores (N,) that keeps the promised share, or their largest where N is too small."""
    try:
        value, rule = quantile_threshold(held_out, quantile=1 - false_alarms), "quantile"
    except InsufficientDataError:
        value, rule = float(held_out.max()), "largest"
    return Threshold(
        value=value,
        rule=rule,  # type: ignore[arg-type]  # one of the two
        false_alarms=false_alarms,
        smallest=float(held_out.min()),
        median=float(np.median(held_out)),
        largest=float(held_out.max()),
    )


def _data_digest(bank: WaveformBank) -> str:
    """SHA-256 over all samples and the attributes of all recordings."""
    attributes = json.dumps([[clip.key, clip.name.attributes] for clip in bank.clips])
    return hashlib.sha256(f"{bank.digest} {attributes}".encode()).hexdigest()


def _labels(data: OwnData) -> AttributeLabels | None:
    """The joint attribute values of the pieces that train, if there are two at least."""
    labels = machine_labels(data.prepared, NORMAL, None)
    return labels if len(labels.classes) > 1 else None


def _describe(data: OwnData, labels: AttributeLabels | None, device: str, progress: Progress) -> None:
    held_out = "the last part of each recording" if data.held_out == "time" else "whole recordings"
    pieces = data.prepared.training[NORMAL], data.prepared.validation[NORMAL]
    progress.say(
        f"{data.recordings} normal recordings, {data.seconds:.0f} s: {len(pieces[0])} pieces train, {len(pieces[1])} "
        f"are held out ({held_out}); {len(data.prepared.training) - 1} other machines; {device}"
    )
    if len(pieces[0]) > MOST_PIECES:
        progress.say(f"the network trains on all pieces, the inlier models on {MOST_PIECES} of them, evenly spread")
    if labels:
        progress.say(f"{len(labels.classes)} joint attribute values are learnt as well")


def _last_validation_auc(history: Path) -> float | None:
    with history.open(encoding="utf-8", newline="") as file:
        last = list(csv.DictReader(file))[-1]
    return float(last["validation_auc"]) if "validation_auc" in last else None
