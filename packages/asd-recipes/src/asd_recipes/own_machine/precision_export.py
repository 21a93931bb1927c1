"""A model of `asd fit` in another arithmetic, from the recordings that it was made from.

Inlier models, scales, weights, threshold and probes are computed again with the network as it is then shipped, by the
stages of `asd fit`. The model is only written if it still hears what it heard: the held-out pieces and the probes are
scored in the old arithmetic and in the new one.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asd_eval import roc_auc
from asd_eval.errors import EvaluationError
from asd_recipes.own_machine.fitted_detectors import FittedDetectors, probed_and_joined
from asd_recipes.own_machine.learnt_attributes import learnt_labels
from asd_recipes.own_machine.machine_training import SHIPPED, MachineTraining
from asd_recipes.own_machine.normal import NORMAL
from asd_recipes.own_machine.own_data import OwnData
from asd_recipes.own_machine.own_recordings import OwnRecordings
from asd_recipes.own_machine.provenance import data_digest
from asd_recipes.own_machine.reading import read_recordings
from asd_recipes.own_machine.spectral_fit import SpectralFit
from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.toml_text import recipe_from_table
from asd_recipes.reproduction.run_store import RunError
from asd_recipes.scoring.network_in_int8 import network_in_int8
from asd_recipes.waveforms.device_choice import Device
from asd_runtime.errors import ModelError
from asd_runtime.model.exported import compared_in_words
from asd_runtime.model.joined_score import OE, SPECTRAL
from asd_runtime.model.manifest import Exported, Manifest, Precision, network_file
from asd_runtime.model.reading import read_file
from asd_runtime.model.threshold_trust import threshold_trust
from asd_runtime.model.writing import write_model
from asd_runtime.progress import Progress
from asd_runtime.whole_file import write_bytes

Float64Array = NDArray[np.float64]
_CALIBRATION_PIECES = 32
"""Evenly spread training pieces give the ranges of what int8 rounds: five minutes of sound at most."""
_MOST_LOST_AUC = 0.005


class ExportRefusedError(ValueError):
    """A model that would no longer decide as the one that it is made from, or that cannot be made."""


@dataclass(frozen=True)
class PrecisionExport:
    """One export.

    Attributes:
        model: the folder of a model that `asd fit` made in float32.
        recordings: those that it was made from.
        folder: where the stages keep their results; what is done in it is not done again.
    """

    model: Path
    manifest: Manifest
    recordings: OwnRecordings
    precision: Precision
    folder: Path

    def run(self, out: Path, progress: Progress) -> Manifest:
        """Writes the model.

        Raises:
            ExportRefusedError: these are other recordings, or the new model's decisions differ by too much.
            EngineError: this processor does not compute in that arithmetic.
            ModelError: the model cannot be exported, or `out` exists.
        """
        check_exportable(self.model, self.manifest)
        recipe = recipe_from_table(self.manifest.recipe)
        read = read_recordings(self.recordings, recipe, self.folder / "bank", progress)
        if data_digest(read.bank) != self.manifest.training.data_sha256:
            raise ExportRefusedError(
                f"{self.model} was made from other recordings than these. Pass the --normal, --others, --attributes "
                "and --pattern of its `asd fit`, with the same files."
            )
        before = self._fitted(recipe, read.data, "float32", progress)
        try:
            after = self._fitted(recipe, read.data, self.precision, progress)
        except (EvaluationError, RunError) as error:
            reason = (
                f"in {self.precision} the network tells no sounds apart: {error} Nothing was written. Stay in float32."
            )
            raise ExportRefusedError(reason) from error
        if not after.with_network:
            raise ExportRefusedError(
                f"in {self.precision} the network hears no fault. Nothing was written. Stay in float32."
            )
        manifest = replace(
            self.manifest,
            precision=self.precision,
            networks=after.networks,
            joined=after.joined,
            threshold=after.threshold,
            spectral=self.manifest.spectral,
            files={},
            exported=compared(before, after, self.precision),
        )
        return write_model(out, manifest, after.files)

    def _fitted(self, recipe: Recipe, data: OwnData, precision: Precision, progress: Progress) -> FittedDetectors:
        """The detectors with the network in one arithmetic; the spectral statistics are the same in each."""
        folder = self.folder / precision
        labels, device = learnt_labels(data.prepared), Device("cpu", "float32", self.manifest.device)
        training = MachineTraining(folder, data.prepared, labels, recipe, device, precision)
        if not (folder / SHIPPED).is_file():
            content = read_file(self.model, network_file(0), self.manifest)
            if precision == "int8":
                content = network_in_int8(content, self._calibration(data))
            folder.mkdir(parents=True, exist_ok=True)
            write_bytes(folder / SHIPPED, content)
        training.fit_inlier_models(progress)
        spectral = SpectralFit(folder, data, recipe)
        if SPECTRAL in recipe.fit.detectors:
            spectral.run(progress)
        rate = self.manifest.threshold.false_alarms
        return probed_and_joined(training, spectral, data, recipe, false_alarms=rate, progress=progress)

    def _calibration(self, data: OwnData) -> Iterator[NDArray[np.float32]]:
        """Spectrograms of segments that do not overlap, of training pieces."""
        front_end, pieces = self.manifest.front_end, data.prepared.training[NORMAL]
        count = min(len(pieces), _CALIBRATION_PIECES)
        step = -(-front_end.segments.length_samples // front_end.segments.hop_samples)
        for place in range(count):
            wave = data.prepared.bank.waves[pieces[place * len(pieces) // count]]
            yield front_end.spectrograms(front_end.cut(wave)[::step], threads=1)


def check_exportable(model: Path, manifest: Manifest) -> None:
    """Refuses a model without a network in float32 that `asd fit` made.

    Raises:
        ModelError: says why, and the way out.
    """
    if not manifest.networks:
        raise ModelError(model, "has no network, so there is no arithmetic to change: use it as it is.")
    if manifest.precision != "float32":
        raise ModelError(model, f"is in {manifest.precision} already. Export the model that it was made from.")
    if manifest.system not in ("oe", "serialoe") or not manifest.joined.probes:
        raise ModelError(model, "was not made by `asd fit`: there are no probes to compare both models by.")


def compared(before: FittedDetectors, after: FittedDetectors, precision: Precision) -> Exported:
    """How the new model compares with the old one.

    The network's own AUC counts too: other detectors could hide that it hears nothing any more.
    A held-out piece whose verdict changes is within the interval if by its old score as many pieces lie above it as may
    lie above the threshold, by the 90 % interval of that.

    Raises:
        ExportRefusedError: a verdict changes beyond the interval, or the probes' AUC falls by more than 0.5 points.
    """
    changed = np.flatnonzero(_verdicts(before) != _verdicts(after))
    facts = Exported(
        of="float32",
        verdicts_changed=len(changed),
        largest_change=float(np.abs(after.held_out - before.held_out).max()),
        probe_auc_before=_probe_auc(before, before.joined.score),
        probe_auc=_probe_auc(after, after.joined.score),
        network_auc_before=_probe_auc(before, _of_network),
        network_auc=_probe_auc(after, _of_network),
    )
    trust = threshold_trust(before.threshold, len(before.held_out))
    above = np.array([np.mean(before.held_out > before.held_out[piece]) for piece in changed])
    beyond = int(np.sum((above < trust.low) | (above > trust.high)))
    lost = max(facts.probe_auc_before - facts.probe_auc, facts.network_auc_before - facts.network_auc)
    if beyond or lost > _MOST_LOST_AUC:
        raise ExportRefusedError(
            f"in {precision} the model would decide otherwise: {compared_in_words(facts, len(before.held_out))}. "
            f"Of these verdicts {beyond} changed beyond the threshold's 90 % interval. Nothing was written. Allowed is "
            f"none beyond it, and an AUC that falls by {_MOST_LOST_AUC}. Stay in float32."
        )
    return facts


def _verdicts(fitted: FittedDetectors) -> NDArray[np.bool_]:
    return fitted.held_out > fitted.threshold.value


def _of_network(scores: Mapping[str, Float64Array]) -> Float64Array:
    return scores[OE]


def _probe_auc(fitted: FittedDetectors, score: Callable[[Mapping[str, Float64Array]], Float64Array]) -> float:
    """How well a score tells pieces with known faults, of all kinds and levels, from those without."""
    normal, probed = (score(scores) for scores in (fitted.probes.normal, fitted.probes.probed))
    labels = np.repeat([0, 1], [len(normal), len(probed)])
    return float(roc_auc(labels, np.concatenate([normal, probed])))
