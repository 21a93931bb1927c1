"""The run behind `asd reproduce`: from wav files to the paper's tables, stage by stage.

A stage whose last file is there is not run again; so a run that was interrupted anywhere goes on, and ends with the
same bytes as one that was not.
"""

import importlib.metadata
import platform
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from asd_eval import decide, write_submission
from asd_recipes.autoencoder_baseline import AutoencoderBaseline
from asd_recipes.dataset import Dataset, DatasetError, Problem, scan_dataset
from asd_recipes.device_choice import Device, choose_device
from asd_recipes.embedding import ClipEmbedder
from asd_recipes.machine_data import PreparedData, prepare_data
from asd_recipes.outlier_exposure_scoring import OutlierExposureScoring
from asd_recipes.outlier_exposure_training import OutlierExposureTraining, TrainingDivergedError, load_network
from asd_recipes.progress import Progress
from asd_recipes.recipe import Recipe
from asd_recipes.result_tables import ResultTables, interval_lines, table_lines, write_tables
from asd_recipes.run_store import SCHEMA, RunStore, write_json
from asd_recipes.score_table import ScoreTable, read_score_table
from asd_recipes.systems import SystemResult, evaluate_systems
from asd_recipes.waveform_bank import WaveformBank, read_bank

SYSTEMS = ("autoencoder", "oe")
"""What `--systems` takes: both autoencoder baselines, and OE."""


@dataclass(frozen=True)
class RunResult:
    """What a run ends with."""

    folder: Path
    tables: ResultTables
    problems: list[Problem]


@dataclass(frozen=True)
class Reproduction:
    """One run: a recipe on a data set."""

    recipe: Recipe
    data: Path
    store: RunStore
    device: str = "auto"
    machines: Sequence[str] = ()
    systems: Sequence[str] = SYSTEMS

    def run(self, progress: Progress) -> RunResult:
        """Runs every stage that is not done.

        Raises:
            DatasetError: no machine with training clips and labelled test clips, or fewer than two machine types.
            RunError: the folder belongs to another run, or another process uses it.
        """
        device = choose_device(self.device, self.recipe.training.precision, threads=self.recipe.threads)
        dataset = scan_dataset(self.data)
        machines = self._targets(dataset)
        progress.say(f"data: {self.data} ({len(dataset.clips)} clips); device: {device.description}")
        with progress.stage("read recordings", len(dataset.clips)) as advance:
            bank = read_bank(dataset.clips, self.recipe.audio, advance=advance)
        problems = [*dataset.problems, *bank.problems]
        for problem in problems:
            progress.say(f"left out {problem.file}: {problem.reason}")
        about = {"data_sha256": bank.digest, "synthetic": dataset.synthetic, "device": device.description}
        self.store.begin(self.recipe, about)
        prepared = prepare_data(bank, self.recipe)
        for machine in machines:
            if min(len(prepared.training[machine]), len(prepared.validation[machine])) < 2:
                raise DatasetError(
                    f"{machine} has {len(prepared.training[machine])} training and "
                    f"{len(prepared.validation[machine])} validation clips; two of each are the least. "
                    "Add normal training clips, or change split.source_share."
                )
        for number, machine in enumerate(machines, 1):
            progress.say(f"machine {number} of {len(machines)}: {machine}")
            problems += self._run_machine(machine, prepared, device, progress)
        results = self._evaluate(machines)
        tables = ResultTables(_heading(bank, dataset, self.recipe), table_lines(results), interval_lines(results))
        facts = {"schema": SCHEMA, "synthetic": dataset.synthetic, "seed": self.recipe.seed}
        write_tables(self.store.root, tables, facts)
        return RunResult(self.store.root, tables, problems)

    def _targets(self, dataset: Dataset) -> list[str]:
        scorable = dataset.scorable_machines()
        if unknown := sorted(set(self.machines) - set(scorable)):
            raise DatasetError(
                f"{self.data} has no training and labelled test clips of {', '.join(unknown)}; "
                f"it has them of {', '.join(scorable) or 'no machine'}."
            )
        if not scorable:
            raise DatasetError(f"{self.data} has no machine with normal training clips and labelled test clips.")
        if "oe" in self.systems and len(dataset.machines) < 2:
            raise DatasetError(
                "outlier exposure needs at least two machine types: the others are the pseudo-anomalies."
            )
        return [name for name in scorable if name in self.machines or not self.machines]

    def _run_machine(self, machine: str, data: PreparedData, device: Device, progress: Progress) -> list[Problem]:
        """All stages of one machine; a training that diverges is told of, and the rest goes on."""
        problems = []
        for system, run in (("autoencoder", self._autoencoder), ("oe", self._outlier_exposure)):
            if system in self.systems:
                try:
                    run(machine, data, device, progress)
                except TrainingDivergedError as error:
                    progress.say(f"stopped: {error}")
                    problems.append(Problem(f"{machine}/{system}", "diverged", str(error)))
        return problems

    def _autoencoder(self, machine: str, data: PreparedData, device: Device, progress: Progress) -> None:
        folder = self.store.system(machine, "autoencoder")
        baseline = AutoencoderBaseline(machine, data, self.recipe, device)
        if not (folder / "weights.safetensors").is_file():
            with self.store.timed(f"{machine} autoencoder train"):
                baseline.train(folder, progress)
        if not (folder / "candidates.csv").is_file():
            with self.store.timed(f"{machine} autoencoder score"):
                baseline.score(folder, progress)
        self._manifest(folder, machine, data, device)

    def _outlier_exposure(self, machine: str, data: PreparedData, device: Device, progress: Progress) -> None:
        folder = self.store.system(machine, "oe")
        if not (folder / "weights.safetensors").is_file():
            with self.store.timed(f"{machine} oe train"):
                OutlierExposureTraining(machine, data, self.recipe, device).run(folder, progress)
        if not (folder / "candidates.csv").is_file():
            shutil.rmtree(folder / "inlier", ignore_errors=True)
            embedder = ClipEmbedder(
                network=load_network(folder / "weights.safetensors", device),
                log_mel=self.recipe.log_mel,
                segments=self.recipe.segments,
                statistics=data.statistics[machine],
                standardise=self.recipe.training.standardise,
                device=device,
            )
            with self.store.timed(f"{machine} oe score"):
                OutlierExposureScoring(machine, data, self.recipe, embedder).run(folder, progress)
        self._manifest(folder, machine, data, device)

    def _manifest(self, folder: Path, machine: str, data: PreparedData, device: Device) -> None:
        """What made the folder; without times, so that equal runs give equal bytes."""
        names = ["asd-native", "asd-features", "asd-models", "asd-inlier", "asd-eval", "asd-recipes"]
        versions = {name: importlib.metadata.version(name) for name in [*names, "torch", "numpy", "scikit-learn"]}
        content: dict[str, Any] = {
            "schema": SCHEMA,
            "machine": machine,
            "seed": self.recipe.seed,
            "recipe_sha256": self.recipe.digest(),
            "data_sha256": data.bank.digest,
            "device": asdict(device),
            "versions": {**versions, "python": platform.python_version()},
            "training_clips": len(data.training[machine]),
            "validation_clips": len(data.validation[machine]),
        }
        write_json(folder / "manifest.json", content)

    def _evaluate(self, machines: Sequence[str]) -> list[SystemResult]:
        """Metrics of every system that has scores; metrics and submission files of each are written."""
        tables: dict[str, dict[str, ScoreTable]] = {"oe": {}, "autoencoder": {}}
        for system, by_machine in tables.items():
            for machine in machines:
                path = self.store.system(machine, system) / "candidates.csv"
                if path.is_file() and system in self.systems:
                    by_machine[machine] = read_score_table(path)
        results = evaluate_systems(tables["oe"], tables["autoencoder"], selected=self.recipe.inlier.selected)
        for result in results:
            metrics = {name: [asdict(item) for item in items] for name, items in result.metrics.items()}
            write_json(self.store.root / "metrics" / f"{result.row.slug}.json", metrics)
            source = tables["autoencoder" if result.row.name.startswith("Baseline") else "oe"]
            for machine, scores in result.scores.items():
                # The official baseline's 0.9 quantile, here of normal clips that trained nothing.
                threshold = float(np.quantile(scores.validation, 0.9))
                write_submission(
                    self.store.root / "submissions" / result.row.slug,
                    source[machine].part("test").files,
                    scores.test,
                    machine=machine,
                    decisions=decide(scores.test, threshold),
                )
        return results


def _heading(bank: WaveformBank, dataset: Dataset, recipe: Recipe) -> str:
    counts = f"{len(bank.clips)} clips of {len(dataset.machines)} machine types, seed {recipe.seed}"
    if dataset.synthetic:
        return (
            f"SYNTHETIC DATA ({counts}). The paper's rows are of the real DCASE 2023 development set: "
            "shown for orientation, not for comparison."
        )
    return f"Data: {dataset.root} ({counts}). The paper's rows are of the DCASE 2023 development set."
