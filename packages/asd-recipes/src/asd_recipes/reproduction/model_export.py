"""Makes a model (`asd_runtime.model`) of a system of a run: for `asd export`.

The networks are the run's, written as ONNX. Everything behind them is made again with the networks as they are shipped:
inlier models on the training clips, scales and threshold on the validation clips, by the rule of `asd fit`.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from asd_eval import ScoreEnsemble
from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.system_variants import RANDOM_ENCODER, VARIANTS, SystemVariant, variant_of
from asd_recipes.reproduction.job_manifest import NAME, SCORES, WEIGHTS, JobManifest
from asd_recipes.reproduction.library_versions import library_versions
from asd_recipes.reproduction.run_store import RunError
from asd_recipes.scoring.candidate_table import read_candidate_table
from asd_recipes.scoring.engine_embedding import EngineEmbedder, write_network
from asd_recipes.scoring.front_end import front_end_of
from asd_recipes.scoring.held_out_threshold import threshold_of
from asd_recipes.scoring.scoring_stage import ScoringStage
from asd_recipes.training.attribute_labels import machine_labels
from asd_recipes.training.machine_data import PreparedData
from asd_runtime.model.front_end_limits import FrontEndError, check_window
from asd_runtime.model.joined_score import OE, Joined, JoinedDetector, Scale, weighted_sum
from asd_runtime.model.manifest import FLOW, Manifest, NetworkFacts, Threshold, Training, inlier_file, network_file
from asd_runtime.model.writing import write_model
from asd_runtime.progress import Progress
from asd_runtime.scoring.network_scorer import average, standardised
from asd_runtime.sound.front_end import FrontEnd

_ONNX = "network.onnx"
EXPORTED = (*(variant.slug for variant in VARIANTS), RANDOM_ENCODER.slug)
"""The systems that have a network."""


@dataclass(frozen=True)
class ModelExport:
    """What a model is made of.

    Attributes:
        machine: folder of a machine in a run.
        system: one of `EXPORTED`.
        data: the run's, checked to be that.
        false_alarms: share of normal clips that may score above the threshold.
    """

    machine: Path
    system: str
    recipe: Recipe
    data: PreparedData
    false_alarms: float

    def run(self, model: Path, progress: Progress) -> Manifest:
        """Writes the model.

        Raises:
            RunError: the system is unknown or not finished, or a model cannot have its front end.
            ModelError: the model's folder exists.
        """
        folders = system_folders(self.machine, self.system)
        front_end = front_end_of(self.recipe, self.machine.name, self.data.statistics[self.machine.name])
        try:
            check_window(front_end)
        except FrontEndError as error:
            raise RunError(f"{self.machine} cannot become a model: {error}.") from error
        with TemporaryDirectory() as temporary:
            made = [Path(temporary) / str(number) for number in range(len(folders))]
            for folder, place in zip(folders, made, strict=True):
                self._fit(folder, place, front_end, progress)
            columns = [read_candidate_table(place / SCORES).columns for place in made]
            manifest = self._manifest(folders, columns, front_end)
            files = {network_file(number): place / _ONNX for number, place in enumerate(made)}
            for number, (place, network) in enumerate(zip(made, manifest.networks, strict=True)):
                names = network.inlier_models
                files |= {inlier_file(number, name): place / "inlier" / f"{name}.safetensors" for name in names}
            return write_model(model, manifest, files)

    def _fit(self, folder: Path, place: Path, front_end: FrontEnd, progress: Progress) -> None:
        """Writes a network, and fits and scores what is behind it."""
        recipe = replace(self.recipe, inlier=replace(self.recipe.inlier, save=True))
        place.mkdir()
        write_network(place / _ONNX, folder / WEIGHTS, self._variant, recipe)
        embedder = EngineEmbedder.load(place / _ONNX, front_end, threads=recipe.threads)
        stage = ScoringStage(self.machine.name, folder.name, self._variant, self.data, recipe, embedder, shipped=True)
        stage.run(place, progress)

    @property
    def _variant(self) -> SystemVariant:
        return variant_of(self.system)

    def _manifest(
        self, folders: list[Path], columns: list[dict[str, NDArray[np.float64]]], front_end: FrontEnd
    ) -> Manifest:
        networks = tuple(_facts(folder, of_one) for folder, of_one in zip(folders, columns, strict=True))
        held_out = average(
            [standardised(of_one, network.scores) for of_one, network in zip(columns, networks, strict=True)]
        )
        joined, threshold = self._joined(held_out)
        facts = _job(folders[0])
        return Manifest(
            machine=self.machine.name,
            system=self.system,
            synthetic=bool(facts["synthetic"]),
            precision="float32",
            front_end=front_end,
            networks=networks,
            spectral=None,
            joined=joined,
            threshold=threshold,
            training=self._training(len(held_out)),
            device=facts["device"]["description"],
            versions=library_versions(),
            files={},
            recipe=asdict(self.recipe),
            exported=None,
        )

    def _joined(self, held_out: NDArray[np.float64]) -> tuple[Joined, Threshold]:
        """One detector with all the say, on the scale of the held-out clips, and its threshold."""
        own = _scale(held_out)
        detectors = {OE: JoinedDetector(weight=1.0, sensitivity=0.0, mean=own.mean, std=own.std)}
        whole = _scale(weighted_sum(detectors, {OE: held_out}))
        joined = Joined(detectors, whole.mean, whole.std, probed_pieces=0, probes=())
        scores = joined.score({OE: held_out})
        return joined, threshold_of(scores, self.false_alarms, stretch_s=self._stretch_s())

    def _stretch_s(self) -> float:
        """The usual length of the clips that set the threshold, and no less than a segment."""
        segments, bank = self.recipe.segments, self.data.bank
        usual = median(len(bank.waves[index]) for index in self.data.validation[self.machine.name])
        return max(float(usual), segments.length_samples) / segments.sample_rate_hz

    def _training(self, held_out: int) -> Training:
        machine, bank = self.machine.name, self.data.bank
        training, validation = self.data.training[machine], self.data.validation[machine]
        samples = sum(len(bank.waves[index]) for index in (*training, *validation))
        with_attributes = self._variant.attributes
        return Training(
            recordings=len(training) + len(validation),
            seconds=round(samples / self.recipe.audio.sample_rate_hz, 3),
            left_out=0,
            pieces=len(training),
            held_out_pieces=held_out,
            held_out="recordings",
            held_out_recordings=held_out,
            pseudo_anomalies=tuple(sorted(self.data.training.keys() - {machine})),
            synthetic_pseudo_anomalies=bool(_job(system_folders(self.machine, self.system)[0])["synthetic"]),
            attributes=machine_labels(self.data, machine, None).classes if with_attributes else (),
            pseudo_anomaly_auc=None,
            data_sha256=bank.digest,
        )


def system_folders(machine: Path, system: str) -> list[Path]:
    """The folders of a finished system: one, or one for each attribute item.

    Raises:
        RunError: the system is unknown, has no network, or is not finished.
    """
    if system not in EXPORTED:
        raise RunError(f"no system {system!r} with a network; those are {', '.join(EXPORTED)}.")
    folders = [folder for folder in (machine / system, *sorted(machine.glob(f"{system}@*"))) if folder.is_dir()]
    if not folders:
        raise RunError(f"{machine} has no system {system}. Pass <run>/<machine>/<system> of `asd reproduce`.")
    for folder in folders:
        if not JobManifest(folder).is_noted_file("training", WEIGHTS):
            raise RunError(
                f"{folder} is not finished, or its {WEIGHTS} was changed. Run its `asd reproduce` command again."
            )
    return folders


def _facts(folder: Path, columns: Mapping[str, NDArray[np.float64]]) -> NetworkFacts:
    item = folder.name.partition("@")[2]
    standardisers = ScoreEnsemble.fit(columns).standardisers
    scales = {name: Scale(scale.mean_, scale.std_) for name, scale in standardisers.items()}
    return NetworkFacts(attribute=unquote(item) or None, flow=FLOW in scales, scores=scales)


def _scale(scores: NDArray[np.float64]) -> Scale:
    return Scale(float(scores.mean()), float(scores.std()))


def _job(folder: Path) -> dict[str, Any]:
    """What the run noted about a job."""
    content: dict[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
    return content
