"""Makes the model (`asd_runtime.model`) from the files of a training."""

import csv
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asd_eval import ScoreEnsemble
from asd_recipes.baseline.spectral_model import spectral_facts
from asd_recipes.dataset.synthetic_mark import folders_of, is_synthetic
from asd_recipes.own_machine.detector_join import DetectorJoin
from asd_recipes.own_machine.machine_training import SHIPPED, MachineTraining
from asd_recipes.own_machine.normal import NORMAL
from asd_recipes.own_machine.own_data import OwnData
from asd_recipes.own_machine.probe_scores import read_probe_scores
from asd_recipes.own_machine.probing import PROBES
from asd_recipes.own_machine.provenance import Provenance
from asd_recipes.own_machine.spectral_fit import SPECTRAL_MODEL, SpectralFit
from asd_recipes.recipe.settings import Recipe
from asd_recipes.training.attribute_labels import AttributeLabels
from asd_runtime.file_names import printable
from asd_runtime.model.joined_score import OE, SPECTRAL, Scale
from asd_runtime.model.manifest import SPECTRAL_FILE, Manifest, NetworkFacts, Training, inlier_file, network_file
from asd_runtime.model.writing import write_model


@dataclass(frozen=True)
class ModelPublication:
    """Everything that a model records about how it was made.

    Attributes:
        folder: folder of the normal recordings.
        pseudo_anomalies: names of the other machines.
        synthetic_others: whether the other machines are the embedded synthetic data.
        left_out: how many normal recordings could not be used.
    """

    data: OwnData
    labels: AttributeLabels | None
    recipe: Recipe
    provenance: Provenance
    folder: Path
    pseudo_anomalies: tuple[str, ...]
    synthetic_others: bool
    left_out: int
    false_alarms: float

    def run(self, training: MachineTraining, spectral: SpectralFit, model: Path) -> Manifest:
        """Writes the model from what was fitted and `Probing` wrote. A detector without a say is left out.

        Raises:
            ModelError: the model's folder exists.
        """
        held_out: dict[str, NDArray[np.float64]] = {}
        scales: dict[str, Scale] = {}
        if training.is_done:
            columns = training.held_out_columns()
            ensemble = ScoreEnsemble.fit(columns)
            held_out[OE] = ensemble.score(columns)
            scales = {name: Scale(scale.mean_, scale.std_) for name, scale in ensemble.standardisers.items()}
        if spectral.is_done:
            held_out[SPECTRAL] = spectral.held_out_scores()
        probes = read_probe_scores(training.folder / PROBES)
        shorter = spectral.shorter() if spectral.is_done else ()
        joined, threshold = DetectorJoin(held_out, probes, self.false_alarms, self.data.stretch_s, shorter).run()
        with_network = OE in joined.voices
        with_spectral = SPECTRAL in joined.voices
        pieces = len(next(iter(held_out.values())))
        manifest = Manifest(
            machine=printable(model.resolve().name),
            system=("serialoe" if self.labels else "oe") if with_network else "spectral",
            synthetic=is_synthetic([self.folder, *folders_of(self._normal_files())]),
            precision="float32",
            front_end=training.front_end,
            networks=(NetworkFacts(attribute=None, flow=False, scores=scales),) if with_network else (),
            spectral=spectral_facts(self.recipe.spectral) if with_spectral else None,
            joined=joined,
            threshold=threshold,
            training=self._training(pieces, training.folder if with_network else None),
            device=self.provenance.device,
            versions=self.provenance.versions,
            files={},
            recipe=asdict(self.recipe),
        )
        files = {SPECTRAL_FILE: spectral.folder / SPECTRAL_MODEL} if with_spectral else {}
        if with_network:
            inlier = {inlier_file(0, name): training.folder / "inlier" / f"{name}.safetensors" for name in scales}
            files |= {network_file(0): training.folder / SHIPPED, **inlier}
        return write_model(model, manifest, files)

    def _normal_files(self) -> list[Path]:
        return [clip.path for clip in self.data.prepared.bank.clips if clip.machine == NORMAL]

    def _training(self, held_out_pieces: int, network: Path | None) -> Training:
        """What the model was made from; `network` is the folder of its training, if the network is part of it."""
        return Training(
            recordings=self.data.recordings,
            seconds=round(self.data.seconds, 3),
            left_out=self.left_out,
            pieces=len(self.data.prepared.training[NORMAL]),
            held_out_pieces=held_out_pieces,
            held_out=self.data.held_out,
            held_out_recordings=self.data.held_out_recordings,
            pseudo_anomalies=self.pseudo_anomalies,
            synthetic_pseudo_anomalies=self.synthetic_others,
            attributes=self.labels.classes if self.labels and network else (),
            pseudo_anomaly_auc=_last_validation_auc(network / "training.csv") if network else None,
            data_sha256=self.provenance.data_sha256,
        )


def _last_validation_auc(history: Path) -> float | None:
    with history.open(encoding="utf-8", newline="") as file:
        last = list(csv.DictReader(file))[-1]
    return float(last["validation_auc"]) if "validation_auc" in last else None
