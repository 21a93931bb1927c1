"""What was fitted, joined: the parts of a model that belong to one arithmetic."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asd_eval import ScoreEnsemble
from asd_recipes.own_machine.detector_join import DetectorJoin
from asd_recipes.own_machine.machine_training import SHIPPED, MachineTraining
from asd_recipes.own_machine.own_data import OwnData
from asd_recipes.own_machine.probe_scores import ProbeScores, read_probe_scores
from asd_recipes.own_machine.probing import PROBES, Probing, detectors_of
from asd_recipes.own_machine.spectral_fit import SPECTRAL_MODEL, SpectralFit
from asd_recipes.recipe.settings import Recipe
from asd_runtime.model.joined_score import OE, SPECTRAL, Joined, Scale
from asd_runtime.model.manifest import SPECTRAL_FILE, NetworkFacts, Threshold, inlier_file, network_file
from asd_runtime.progress import Progress

Float64Array = NDArray[np.float64]


@dataclass(frozen=True)
class FittedDetectors:
    """The detectors of a fit that have a say, and how they are joined.

    Attributes:
        files: of a model, by their paths in it: where each is now.
        held_out: (N,) joined scores of the held-out pieces.
        probes: the detectors' scores of pieces with probes.
    """

    joined: Joined
    threshold: Threshold
    networks: tuple[NetworkFacts, ...]
    files: dict[str, Path]
    held_out: Float64Array
    probes: ProbeScores

    @property
    def with_network(self) -> bool:
        return OE in self.joined.voices

    @property
    def with_spectral(self) -> bool:
        return SPECTRAL in self.joined.voices


def probed_and_joined(
    training: MachineTraining,
    spectral: SpectralFit,
    data: OwnData,
    recipe: Recipe,
    *,
    false_alarms: float,
    progress: Progress,
) -> FittedDetectors:
    """Scores probes with the detectors that were fitted, and joins them.

    Raises:
        RunError: no detector could be fitted, or a score became infinite or NaN.
    """
    folder = training.folder
    Probing(folder, data, recipe, detectors_of(training, spectral)).run(progress)
    held_out: dict[str, Float64Array] = {}
    scales: dict[str, Scale] = {}
    if training.is_done:
        columns = training.held_out_columns()
        ensemble = ScoreEnsemble.fit(columns)
        held_out[OE] = ensemble.score(columns)
        scales = {name: Scale(scale.mean_, scale.std_) for name, scale in ensemble.standardisers.items()}
    if spectral.is_done:
        held_out[SPECTRAL] = spectral.held_out_scores()
    probes = read_probe_scores(folder / PROBES)
    shorter = spectral.shorter() if spectral.is_done else ()
    joined, threshold = DetectorJoin(held_out, probes, false_alarms, data.stretch_s, shorter).run()
    networks, files = tuple[NetworkFacts, ...](), dict[str, Path]()
    if OE in joined.voices:
        networks = (NetworkFacts(attribute=None, flow=False, scores=scales),)
        files[network_file(0)] = folder / SHIPPED
        files |= {inlier_file(0, name): folder / "inlier" / f"{name}.safetensors" for name in scales}
    if SPECTRAL in joined.voices:
        files[SPECTRAL_FILE] = spectral.folder / SPECTRAL_MODEL
    return FittedDetectors(joined, threshold, networks, files, joined.score(held_out), probes)
