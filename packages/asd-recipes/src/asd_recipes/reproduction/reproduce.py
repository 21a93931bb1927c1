"""The run behind `asd reproduce`: from wav files to the paper's tables, stage by stage.

A stage whose last file exists is not run again. So an interrupted run continues, and ends with the same bytes as an
uninterrupted one.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from asd_recipes.dataset.clip import Clip, DatasetError
from asd_recipes.dataset.ground_truth_join import join_ground_truth
from asd_recipes.dataset.other_machines import find_other_machines
from asd_recipes.dataset.scan import Dataset, scan_dataset
from asd_recipes.recipe.settings import Recipe, RecipeError
from asd_recipes.recipe.system_variants import SYSTEMS
from asd_recipes.reproduction.code_digest import remember_code
from asd_recipes.reproduction.copied_recordings import refuse_copies
from asd_recipes.reproduction.job import Job, jobs_of
from asd_recipes.reproduction.job_context import JobContext
from asd_recipes.reproduction.library_versions import library_versions
from asd_recipes.reproduction.prerequisites import with_prerequisites
from asd_recipes.reproduction.requirements import check_names, check_recipe, check_recordings
from asd_recipes.reproduction.result_tables import ResultTables, interval_lines, table_lines, write_tables
from asd_recipes.reproduction.run_results import evaluate_run
from asd_recipes.reproduction.run_store import SCHEMA, RunStore
from asd_recipes.reproduction.score_picture import PictureRow, draw_scores, picture_rows
from asd_recipes.reproduction.side_by_side import WorkerStart, run_side_by_side
from asd_recipes.reproduction.taken_stages import take_stages
from asd_recipes.training.machine_data import prepare_data
from asd_recipes.training.plot import plot_trainings, plots_are_possible
from asd_recipes.waveforms.device_choice import Device
from asd_recipes.waveforms.device_log_mel import describe_log_mel
from asd_recipes.waveforms.waveform_bank import WaveformBank, open_bank
from asd_runtime.counted import counted
from asd_runtime.progress import Progress
from asd_runtime.sound.problem import Problem


def chosen_systems(names: Sequence[str]) -> list[str]:
    """The systems in the order of the tables.

    Raises:
        RecipeError: an unknown name, or no names.
    """
    if not names or set(names) - set(SYSTEMS):
        raise RecipeError(f"--systems takes {', '.join(SYSTEMS)}; got {', '.join(names) or 'nothing'}.")
    return [system for system in SYSTEMS if system in names]


def default_jobs(recipe: Recipe, device: Device) -> int:
    """Number of parallel trainings for which the cores or GPUs, and half of the memory, are enough."""
    if device.name == "cuda":
        import torch

        return torch.cuda.device_count()
    frames = recipe.log_mel.frames(recipe.segments.length_samples)
    # ResNet-18 keeps about 600 bytes per point of its input until the backward pass; everything else takes 1.5 GB.
    one = 1.5e9 + 600 * recipe.training.batch_size * recipe.log_mel.bands * frames
    half = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2
    cores = len(os.sched_getaffinity(0))
    return max(1, min(cores // recipe.threads, int(half / one)))


@dataclass(frozen=True)
class RunResult:
    """The result of a run."""

    folder: Path
    jobs: list[Job]
    tables: ResultTables
    problems: list[Problem]


@dataclass(frozen=True)
class Reproduction:
    """One run: a recipe on a data set."""

    recipe: Recipe
    data: Path
    store: RunStore
    bank: Path  # folder of the waveform bank, shared by runs
    device: str = "auto"
    machines: Sequence[str] = ()
    systems: Sequence[str] = SYSTEMS
    jobs: int | None = None  # parallel processes; None for `default_jobs`
    ground_truth: Path | None = None  # labels of anonymous test clips
    others: Sequence[Path] = ()  # data sets whose machines only serve as pseudo-anomalies
    take: bool = True  # finished stages of the runs beside this one

    def run(self, progress: Progress) -> RunResult:
        """Runs every stage that is not done.

        Raises:
            DatasetError: no machine has training clips and labelled test clips, or there is only one machine type.
            DeviceError, RecipeError: the recipe asks for something that is not available.
            RunError: the folder belongs to another run, another process uses it, or a worker was killed.
        """
        remember_code()
        device = check_recipe(self.recipe, self.device)
        dataset = scan_dataset(self.data)
        if self.ground_truth is not None:
            dataset = join_ground_truth(dataset, self.ground_truth)
        others = find_other_machines(self.others, dataset)
        machines = self._targets(dataset, progress)
        for found in others:
            counts = f"{counted(len(found.machines), 'machine type')}, {counted(len(found.clips), 'training clip')}"
            progress.say(f"others: {found.root} ({counts}), as pseudo-anomalies only")
        words = f"{device.description}, {describe_log_mel(self.recipe.log_mel, device)}"
        progress.say(f"data: {self.data} ({counted(len(dataset.clips), 'clip')}); device: {words}")
        clips = (*dataset.clips, *(clip for found in others for clip in found.clips))
        with progress.stage("read recordings", len(clips)) as advance:
            bank = open_bank(clips, self.recipe.audio, self.bank, advance=advance)
        if others:
            refuse_copies(bank)
        problems = [*dataset.problems, *(problem for found in others for problem in found.problems), *bank.problems]
        for problem in problems:
            progress.say(f"left out {problem.file}: {problem.reason}")
        about: dict[str, object] = {
            "data_sha256": bank.digest,
            "device": device.description,
            "versions": library_versions(),
        }
        if self.ground_truth is not None:
            about["labels_sha256"] = _labels_digest(dataset)
        if others:
            about["others"] = [machine for found in others for machine in found.machines]
        self.store.begin(self.recipe, about)
        prepared = prepare_data(bank, self.recipe)
        check_recordings(prepared, machines, self.systems, replace(dataset, clips=bank.clips), self.recipe)
        jobs = jobs_of(prepared, machines, self.systems)
        context = JobContext(self.store, self.recipe, prepared, device, dataset.synthetic)
        problems += self._run_jobs(jobs, context, clips, progress)
        results = evaluate_run(self.store, self.recipe, jobs, progress, synthetic=dataset.synthetic)
        tables = ResultTables(
            heading=_heading(bank, dataset, others, self.recipe),
            data="synthetic" if dataset.synthetic else str(dataset.root),
            lines=table_lines(results, machines),
            intervals=interval_lines(results, machines),
        )
        write_tables(self.store.root, tables, {"schema": SCHEMA, "seed": self.recipe.seed})
        self._plot(jobs, tables.data, picture_rows(results, machines), progress)
        return RunResult(self.store.root, jobs, tables, problems)

    def _run_jobs(
        self, jobs: Sequence[Job], context: JobContext, clips: tuple[Clip, ...], progress: Progress
    ) -> list[Problem]:
        """Takes what other runs have finished; runs the other jobs in this process, or in several."""
        open_jobs = self._open_jobs(jobs, context, progress)
        workers = min(self.jobs or default_jobs(self.recipe, context.device), len(open_jobs))
        if workers > 1:
            progress.say(f"{counted(len(open_jobs), 'job')}, {workers} in parallel")
            start = WorkerStart(
                store=self.store,
                recipe=self.recipe,
                clips=clips,
                bank=self.bank,
                digest=context.data.bank.digest,
                device=context.device.name,
                synthetic=context.synthetic,
            )
            return run_side_by_side(open_jobs, start, workers, progress)
        problems = []
        for number, job in enumerate(open_jobs, 1):
            progress.say(f"job {number} of {len(open_jobs)}: {job.machine} {job.name}")
            problems += context.run(job, progress)
        return problems

    def _open_jobs(self, jobs: Sequence[Job], context: JobContext, progress: Progress) -> list[Job]:
        """The jobs that are left to do here, each after those that it needs."""
        if stale := sum(context.stale(job) for job in jobs):
            was, are = ("was", "is") if stale == 1 else ("were", "are")
            progress.say(f"{counted(stale, 'job')} of this run {was} done by other code, and {are} done again")
        for job in (job for job in jobs if not context.finished(job)):
            context.drop_strange_networks(job, progress)
        if self.take:
            take_stages(context, jobs, progress)
        wanted = [job for job in jobs if not context.finished(job)]
        starting = [job for job in wanted if job.needs_oe(self.recipe) and not context.trained(job)]
        needed = with_prerequisites(wanted, starting)
        if self.take:
            take_stages(context, [job for job in needed if job not in jobs], progress)
        return [job for job in needed if not context.finished(job)]

    def _plot(self, jobs: Sequence[Job], data: str, rows: Sequence[PictureRow], progress: Progress) -> None:
        """Draws the scores, and the trainings of each machine."""
        if not plots_are_possible():
            progress.say("no pictures: matplotlib is not installed (pip install matplotlib)")
            return
        if rows:
            draw_scores(rows, self.store.root / "plots" / "scores.svg", data=data, seed=self.recipe.seed)
        for machine in dict.fromkeys(job.machine for job in jobs):
            tables = {
                job.name: self.store.system(machine, job.folder) / "training.csv"
                for job in jobs
                if job.machine == machine
            }
            if histories := {name: path for name, path in tables.items() if path.is_file()}:
                title = f"{machine}, {data}, seed {self.recipe.seed}"
                plot_trainings(histories, self.store.root / "plots" / f"training-{machine}.png", title=title)

    def _targets(self, dataset: Dataset, progress: Progress) -> list[str]:
        """The machines to run: the requested ones, or all that can be evaluated."""
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
        chosen = [name for name in scorable if name in self.machines or not self.machines]
        check_names(chosen)
        return chosen


def _labels_digest(dataset: Dataset) -> str:
    """SHA-256 of the labels and attributes of all clips; these may come from elsewhere than the file names."""
    return hashlib.sha256(repr([(clip.key, clip.name) for clip in dataset.clips]).encode()).hexdigest()


def _heading(bank: WaveformBank, dataset: Dataset, others: Sequence[Dataset], recipe: Recipe) -> str:
    machines = {clip.machine for clip in bank.clips}
    only = {clip.machine for clip in bank.clips if clip.folder == "train"} - set(dataset.scorable_machines())
    clips, types = counted(len(bank.clips), "clip"), counted(len(machines), "machine type")
    served = f", {len(only)} of them only as pseudo-anomalies" if only else ""
    counts = f"({clips} of {types}{served}, seed {recipe.seed})"
    if dataset.synthetic:
        return (
            f"SYNTHETIC DATA {counts}. The paper's rows are of the real DCASE 2023 development set: "
            "shown for orientation, not for comparison."
        )
    places = [f"{'SYNTHETIC ' if found.synthetic else ''}others {found.root}" for found in others]
    where = ", ".join([str(dataset.root), *places])
    return f"Data: {where} {counts}. The paper's rows are of the DCASE 2023 development set."
