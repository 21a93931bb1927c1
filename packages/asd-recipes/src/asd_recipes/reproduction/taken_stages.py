"""Takes finished stages from other runs, so that a changed setting redoes only what depends on it.

The other runs are the folders beside the run's own. A stage is taken if its digest (`stage_digests`) is equal and its
files still are the noted ones: trained networks for new inlier models, scores as well for another ensemble. Networks
and inlier models are linked where the file system can, all else is copied; no program of ours writes into a file in
place. Symbolic links are not followed. A folder that cannot be read, or holds something odd, counts as none.
"""

import os
import shutil
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from asd_recipes.recipe.system_variants import has_network, variant_of
from asd_recipes.reproduction.job import Job
from asd_recipes.reproduction.job_context import JobContext
from asd_recipes.reproduction.job_manifest import SCORES, WEIGHTS, JobManifest, Stage, file_digest, stage_of
from asd_runtime.counted import counted
from asd_runtime.file_names import printable
from asd_runtime.progress import Progress
from asd_runtime.whole_file import write_whole

_LAST: dict[Stage, str] = {"training": WEIGHTS, "scoring": SCORES}
_WORDS: dict[Stage, str] = {"training": "trained network", "scoring": "score table"}


class _ChangedError(Exception):
    """A file of another run is not what its manifest says, or not there any more."""


def take_stages(context: JobContext, jobs: Sequence[Job], progress: Progress) -> None:
    """Takes what there is for the unfinished jobs, and says so in a line for each run that it is from."""
    taken: Counter[tuple[Path, Stage]] = Counter()
    runs = _runs_beside(context.store.root)
    for job in jobs if runs else []:
        if not context.finished(job):
            _take_job(context, job, runs, taken)
    for run in sorted({run for run, _ in taken}):
        parts = [counted(taken[run, stage], word) for stage, word in _WORDS.items() if taken[run, stage]]
        place = printable(str(run))
        progress.say(f"took {' and '.join(parts)} from {place}, where all that they depend on is the same")


def _runs_beside(root: Path) -> list[Path]:
    """The folders of other runs, by name."""
    try:
        beside = sorted(root.parent.iterdir())
    except OSError:
        return []
    return [run for run in beside if run.name != root.name and _is_run(run)]


def _is_run(folder: Path) -> bool:
    """os.path says no where pathlib raises, as in a folder of another user."""
    return not os.path.islink(folder) and os.path.isfile(folder / "data.json")


def _take_job(context: JobContext, job: Job, runs: Sequence[Path], taken: Counter[tuple[Path, Stage]]) -> None:
    if not job.trains:
        context.begin_training(job)
    elif not context.trained(job):
        if (run := _take_stage(context, job, "training", context.training_digest(job), runs)) is None:
            return
        taken[run, "training"] += 1
    context.note_trained(job)
    if job.scored and not context.scored(job):
        if (run := _take_stage(context, job, "scoring", context.scoring_digest(job), runs)) is None:
            return
        taken[run, "scoring"] += 1
        context.note_scored(job)


def _take_stage(context: JobContext, job: Job, stage: Stage, digest: str, runs: Sequence[Path]) -> Path | None:
    """Takes the files of a stage from the first run that has it; returns the run."""
    place = Path(job.machine, job.folder)
    for run in runs:
        there = JobManifest(run / place)
        noted = there.noted(stage)
        if noted is None or noted.sha256 != digest:
            continue
        if stage == "scoring" and _network(there) != _network(JobManifest(context.folder(job))):
            continue
        if (files := _wanted(context, job, stage, noted.files)) is None:
            continue
        if not all(stage_of(name) == stage and _is_own_file(run, place / name) for name in files):
            continue
        JobManifest(context.folder(job)).begin(stage, digest)
        try:
            for name in sorted(files, key=lambda name: name == _LAST[stage]):
                _take_file(run / place / name, context.folder(job) / name, files[name])
        except _ChangedError:
            continue
        return run
    return None


def _network(manifest: JobManifest) -> str | None:
    """The digest of the file of the trained network, if the job has one."""
    noted = manifest.noted("training")
    return noted.files.get(WEIGHTS) if noted else None


def _wanted(context: JobContext, job: Job, stage: Stage, files: dict[str, str]) -> dict[str, str] | None:
    """The files to take; None if one that this run needs is missing: inlier models, if it saves them."""
    if _LAST[stage] not in files:
        return None
    has_models = has_network(job.system) and variant_of(job.system).inlier_models
    if stage == "training" or not has_models:
        return files
    models = {name for name in files if name.startswith("inlier/")}
    if context.recipe.inlier.save:
        return files if models else None
    return {name: digest for name, digest in files.items() if name not in models}


def _is_own_file(run: Path, place: Path) -> bool:
    """Whether a name is that of a file in the run's own folder, to which no link leads."""
    if place.is_absolute() or any(part.startswith(".") for part in place.parts):
        return False
    try:
        own = os.path.realpath(run / place) == os.path.join(os.path.realpath(run), place)
    except ValueError:  # a name that no file can have: with NUL or half a surrogate pair
        return False
    return own and os.path.isfile(run / place)


def _take_file(source: Path, target: Path, digest: str) -> None:
    """Links or copies a file of another run.

    Raises:
        _ChangedError: the file is not the noted one any more, or cannot be read.
    """
    target.unlink(missing_ok=True)  # renaming a file to a link of itself does nothing

    def write(partial: Path) -> None:
        partial.unlink(missing_ok=True)
        try:
            _link(source, partial)
            if file_digest(partial) != digest:
                raise _ChangedError
        except OSError as error:  # removed meanwhile, or another user's
            raise _ChangedError from error

    write_whole(target, write)


def _link(source: Path, target: Path) -> None:
    """Links what is large; tables are copied, as somebody may edit them in place."""
    if source.suffix == ".safetensors":
        with suppress(OSError):  # another file system, or one without links
            os.link(source, target, follow_symlinks=False)
            return
    shutil.copyfile(source, target, follow_symlinks=False)
