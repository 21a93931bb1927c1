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

from asd_recipes.autoencoder_baseline import AutoencoderBaseline
from asd_recipes.dataset import Dataset, DatasetError, Problem, is_synthetic, scan_dataset
from asd_recipes.device_choice import Device, choose_device
from asd_recipes.embedding import ClipEmbedder
from asd_recipes.machine_data import PreparedData, prepare_data
from asd_recipes.outlier_exposure_scoring import OutlierExposureScoring
from asd_recipes.outlier_exposure_training import OutlierExposureTraining, load_network
from asd_recipes.progress import Progress
from asd_recipes.recipe import Recipe, RecipeError
from asd_recipes.recipe_toml import recipe_digest
from asd_recipes.result_tables import ResultTables, interval_lines, table_lines, write_tables
from asd_recipes.run_results import evaluate_run
from asd_recipes.run_store import SCHEMA, RunStore, write_json
from asd_recipes.training_diverged import TrainingDivergedError
from asd_recipes.waveform_bank import WaveformBank, read_bank

SYSTEMS = ("autoencoder", "oe")
"""What `--systems` takes: both autoencoder baselines, and OE."""


def chosen_systems(names: Sequence[str]) -> list[str]:
    """The names themselves, if they are systems.

    Raises:
        RecipeError: an unknown name, or none.
    """
    if not names or set(names) - set(SYSTEMS):
        raise RecipeError(f"--systems takes {' and '.join(SYSTEMS)}; got {', '.join(names) or 'nothing'}.")
    return list(names)


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
        machines = self._targets(dataset, progress)
        progress.say(f"data: {self.data} ({len(dataset.clips)} clips); device: {device.description}")
        with progress.stage("read recordings", len(dataset.clips)) as advance:
            bank = read_bank(dataset.clips, self.recipe.audio, advance=advance)
        problems = [*dataset.problems, *bank.problems]
        for problem in problems:
            progress.say(f"left out {problem.file}: {problem.reason}")
        about = {"data_sha256": bank.digest, "device": device.description, "versions": _versions()}
        self.store.begin(self.recipe, about)
        prepared = prepare_data(bank, self.recipe)
        self._check(prepared, machines, bank)
        for number, machine in enumerate(machines, 1):
            progress.say(f"machine {number} of {len(machines)}: {machine}")
            problems += self._run_machine(machine, prepared, device, progress)
        results = evaluate_run(self.store, self.recipe, machines, self.systems, synthetic=dataset.synthetic)
        tables = ResultTables(
            heading=_heading(bank, dataset, self.recipe),
            data="synthetic" if dataset.synthetic else str(dataset.root),
            lines=table_lines(results, machines),
            intervals=interval_lines(results, machines),
        )
        write_tables(self.store.root, tables, {"schema": SCHEMA, "seed": self.recipe.seed})
        return RunResult(self.store.root, tables, problems)

    def _targets(self, dataset: Dataset, progress: Progress) -> list[str]:
        """The machines to run, those asked for or all that have what it takes."""
        scorable = dataset.scorable_machines()
        for machine in sorted(set(dataset.machines) - set(scorable)):
            missing = ", ".join(dataset.missing_for_scores(machine))
            if machine in self.machines:
                raise DatasetError(f"{machine} in {self.data} cannot be evaluated: it has no {missing}.")
            progress.say(f"{machine} only serves as pseudo-anomalies: it has no {missing}")
        if unknown := sorted(set(self.machines) - set(dataset.machines)):
            raise DatasetError(
                f"{self.data} has no machine {', '.join(unknown)}; it has {', '.join(dataset.machines)}."
            )
        if not scorable:
            raise DatasetError(
                f"{self.data} has no machine with training clips and labelled test clips of both domains."
            )
        return [name for name in scorable if name in self.machines or not self.machines]

    def _check(self, prepared: PreparedData, machines: Sequence[str], bank: WaveformBank) -> None:
        """What must hold of the recordings that could be read, before an hour is spent on them."""
        for machine in machines:
            training, validation = (len(part.get(machine, [])) for part in (prepared.training, prepared.validation))
            if min(training, validation) < 2:
                unread = [problem for problem in bank.problems if problem.file.startswith(f"{machine}/")]
                reason = f" {len(unread)} recordings were left out; the first: {unread[0].reason}" if unread else ""
                raise DatasetError(
                    f"{machine} has {training} training and {validation} validation clips; two of each are the least. "
                    f"Add normal training clips, or change split.source_share.{reason}"
                )
        if "oe" in self.systems and len(prepared.training) < 2:
            raise DatasetError(
                f"{self.data} has training clips of one machine type; outlier exposure needs others as "
                "pseudo-anomalies. Add some, or pass --systems autoencoder."
            )

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
        self._trained(folder, machine, data, device)
        if not (folder / "candidates.csv").is_file():
            with self.store.timed(f"{machine} autoencoder score"):
                baseline.score(folder, progress)

    def _outlier_exposure(self, machine: str, data: PreparedData, device: Device, progress: Progress) -> None:
        folder = self.store.system(machine, "oe")
        if not (folder / "weights.safetensors").is_file():
            with self.store.timed(f"{machine} oe train"):
                OutlierExposureTraining(machine, data, self.recipe, device).run(folder, progress)
        self._trained(folder, machine, data, device)
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

    def _trained(self, folder: Path, machine: str, data: PreparedData, device: Device) -> None:
        """Drops the checkpoint and says what made the folder; without times, so that equal runs give equal bytes.

        Done on every call: a run may have been killed between the weights and this.
        """
        (folder / "checkpoint.safetensors").unlink(missing_ok=True)
        content: dict[str, Any] = {
            "schema": SCHEMA,
            "machine": machine,
            "seed": self.recipe.seed,
            "recipe_sha256": recipe_digest(self.recipe),
            "data_sha256": data.bank.digest,
            "synthetic": is_synthetic(self.data),
            "device": asdict(device),
            "versions": _versions(),
            "training_clips": len(data.training[machine]),
            "validation_clips": len(data.validation[machine]),
        }
        write_json(folder / "manifest.json", content)


def _versions() -> dict[str, str]:
    names = ["asd-native", "asd-features", "asd-models", "asd-inlier", "asd-eval", "asd-recipes"]
    versions = {name: importlib.metadata.version(name) for name in [*names, "torch", "numpy", "scikit-learn"]}
    return {**versions, "python": platform.python_version()}


def _heading(bank: WaveformBank, dataset: Dataset, recipe: Recipe) -> str:
    counts = f"{len(bank.clips)} clips of {len(dataset.machines)} machine types, seed {recipe.seed}"
    if dataset.synthetic:
        return (
            f"SYNTHETIC DATA ({counts}). The paper's rows are of the real DCASE 2023 development set: "
            "shown for orientation, not for comparison."
        )
    return f"Data: {dataset.root} ({counts}). The paper's rows are of the DCASE 2023 development set."
