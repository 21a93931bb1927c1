"""Makes the model (`asd_runtime.model`) from the files of a training."""

import csv
from dataclasses import asdict, dataclass
from pathlib import Path

from asd_recipes.baseline.spectral_model import spectral_facts
from asd_recipes.dataset.synthetic_mark import folders_of, is_synthetic
from asd_recipes.own_machine.fitted_detectors import FittedDetectors
from asd_recipes.own_machine.machine_training import MachineTraining
from asd_recipes.own_machine.normal import NORMAL
from asd_recipes.own_machine.own_data import OwnData
from asd_recipes.own_machine.provenance import Provenance
from asd_recipes.recipe.settings import Recipe
from asd_recipes.training.attribute_labels import AttributeLabels
from asd_runtime.file_names import printable
from asd_runtime.model.manifest import Manifest, Training
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

    def run(self, fitted: FittedDetectors, training: MachineTraining, model: Path) -> Manifest:
        """Writes the model. A detector without a say is left out.

        Raises:
            ModelError: the model's folder exists.
        """
        manifest = Manifest(
            machine=printable(model.resolve().name),
            system=("serialoe" if self.labels else "oe") if fitted.with_network else "spectral",
            synthetic=is_synthetic([self.folder, *folders_of(self._normal_files())]),
            precision=training.precision,
            front_end=training.front_end,
            networks=fitted.networks,
            spectral=spectral_facts(self.recipe.spectral) if fitted.with_spectral else None,
            joined=fitted.joined,
            threshold=fitted.threshold,
            training=self._training(len(fitted.held_out), training.folder if fitted.with_network else None),
            device=self.provenance.device,
            versions=self.provenance.versions,
            files={},
            recipe=asdict(self.recipe),
            exported=None,
        )
        return write_model(model, manifest, fitted.files)

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
