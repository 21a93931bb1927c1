"""Makes the model (`asd_recipes.bundle`) from the files of a training."""

import csv
from dataclasses import dataclass
from pathlib import Path

from asd_eval import ScoreEnsemble
from asd_recipes.bundle import Manifest, ModelScores, Training, write_bundle
from asd_recipes.bundle.manifest import NORMAL, Level
from asd_recipes.dataset.synthetic_mark import folders_of, is_synthetic
from asd_recipes.file_names import printable
from asd_recipes.own_machine.held_out_threshold import threshold_of
from asd_recipes.own_machine.learnt_attributes import variant_for
from asd_recipes.own_machine.machine_training import CANDIDATES, WEIGHTS
from asd_recipes.own_machine.own_data import OwnData
from asd_recipes.own_machine.provenance import Provenance
from asd_recipes.recipe.settings import Recipe
from asd_recipes.reproduction.run_store import RunError
from asd_recipes.scoring.candidate_table import read_candidate_table
from asd_recipes.training.attribute_labels import AttributeLabels


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

    def run(self, trained: Path, model: Path) -> Manifest:
        """Writes the model from the folder that `MachineTraining` filled.

        Raises:
            RunError: no inlier model could be fitted.
            BundleError: the model's folder exists.
        """
        columns = read_candidate_table(trained / CANDIDATES).columns
        if not columns:
            raise RunError("no inlier model could be fitted: the recordings give too few segments. Add recordings.")
        ensemble = ScoreEnsemble.fit(columns)
        held_out = ensemble.score(columns)
        level = self.data.prepared.statistics[NORMAL]
        manifest = Manifest(
            machine=printable(model.resolve().name),
            system="serialoe" if variant_for(self.labels).attributes else "oe",
            synthetic=is_synthetic([self.folder, *folders_of(self._normal_files())]),
            recipe=self.recipe,
            level=Level(level.mean, level.std),
            training=self._training(len(held_out), _last_validation_auc(trained / "training.csv")),
            scores={name: ModelScores(scale.mean_, scale.std_) for name, scale in ensemble.standardisers.items()},
            threshold=threshold_of(held_out, self.false_alarms, stretch_s=self.data.stretch_s),
            device=self.provenance.device,
            versions=self.provenance.versions,
            files={},
        )
        inlier = {name: trained / "inlier" / f"{name}.safetensors" for name in columns}
        return write_bundle(model, manifest, network=trained / WEIGHTS, inlier=inlier)

    def _normal_files(self) -> list[Path]:
        return [clip.path for clip in self.data.prepared.bank.clips if clip.machine == NORMAL]

    def _training(self, held_out_pieces: int, pseudo_anomaly_auc: float | None) -> Training:
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
            attributes=self.labels.classes if self.labels else (),
            pseudo_anomaly_auc=pseudo_anomaly_auc,
            data_sha256=self.provenance.data_sha256,
        )


def _last_validation_auc(history: Path) -> float | None:
    with history.open(encoding="utf-8", newline="") as file:
        last = list(csv.DictReader(file))[-1]
    return float(last["validation_auc"]) if "validation_auc" in last else None
