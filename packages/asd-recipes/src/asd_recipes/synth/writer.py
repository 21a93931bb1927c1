"""Writes the synthetic data set: whole or not at all, resumable, with the same bytes for any number of processes."""

from __future__ import annotations

import csv
import io
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from asd_recipes.dataset.dcase2023_facts import SAMPLE_RATE_HZ
from asd_recipes.dataset.synthetic_mark import MARK_TEXT, RECORD
from asd_recipes.folder_lock import HeldLock, hold_lock
from asd_recipes.synth.clip_plan import DatasetSize, PlannedClip
from asd_recipes.synth.clip_pool import write_clips
from asd_recipes.synth.dataset_record import ATTRIBUTES, Request, is_whole, marks
from asd_recipes.synth.errors import DatasetBusyError, DatasetExistsError, SyntheticDataError
from asd_recipes.synth.machines import MODELS
from asd_runtime.whole_file import remove_partial_files, write_text

Report = Callable[[int, int], None]
PATIENCE_S = 5.0  # workers of a killed call end within milliseconds, or if still starting, after their imports


@dataclass(frozen=True)
class DatasetSummary:
    """The data set at root. reused: it existed already, from the same request, and nothing was written."""

    root: Path
    seed: int
    size: DatasetSize
    machines: tuple[str, ...]
    clips: int
    audio_s: float
    reused: bool
    synthetic: bool = True


def write_dataset(
    root: str | os.PathLike[str],
    *,
    size: DatasetSize,
    seed: int = 0,
    machines: Sequence[str] | None = None,
    jobs: int = 1,
    progress: Report | None = None,
) -> DatasetSummary:
    """Write a synthetic data set in the layout of the DCASE 2023 Task 2 development set.

    The bytes of a clip depend only on the seed, the machine and the clip's place in the plan, not on jobs, on the other
    machines or on the order of writing. Other versions of NumPy and SciPy or other platforms may differ in the last
    bits. Everything is written to a folder beside root and renamed at the end. If a call is interrupted or killed, its
    worker processes end too, and the next call continues. A call that finds the data set complete only compares names
    and lengths, which takes 20 ms for the size quick.

    Args:
        root: folder to make. A data set of the same request is left as it is; one of another request is replaced.
        size: clips per machine, e.g. DatasetSize.named("quick").
        machines: machine types, default all seven.
        jobs: processes (started by spawn, so a script needs its `if __name__ == "__main__":`).
        progress: called in this process with (clips done, clips in all): first with the clips left by a killed call,
            then after every clip, or with several processes after every eight.

    Raises:
        DatasetExistsError: root is a file, or holds files that were not written here, a data set from another version
            of the generator, or a damaged one.
        DatasetBusyError: another process is writing to root.
        SyntheticDataError: the two above; an unknown or repeated machine, jobs below 1, or a negative seed.
    """
    chosen = _checked_machines(machines)
    if jobs < 1:
        raise SyntheticDataError(f"jobs must be at least 1; got {jobs}.")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise SyntheticDataError(f"seed must be an int >= 0; got {seed!r}.")
    place = Path(root).resolve()  # a link's folder, not the link, is locked and renamed
    request = Request(size, seed, chosen)
    plan = request.plan()
    reused = _is_there(place, request, plan) or not _written(place, request, plan, jobs, progress)
    if reused and progress is not None:
        progress(len(plan), len(plan))
    audio_s = sum(clip.samples for clip in plan) / SAMPLE_RATE_HZ
    return DatasetSummary(Path(root), seed, size, chosen, len(plan), audio_s, reused)


def _is_there(root: Path, request: Request, plan: list[PlannedClip]) -> bool:
    """Checks without the lock, so that several processes can use a finished set.

    An error is not final: the check is repeated with the lock, as another process may just be renaming.
    """
    try:
        return is_whole(root, request, plan)
    except (DatasetExistsError, OSError):
        return False


def _written(root: Path, request: Request, plan: list[PlannedClip], jobs: int, progress: Report | None) -> bool:
    """Writes the data set; False if another process has written it in the meantime."""
    with only_writer(root) as lock:
        if is_whole(root, request, plan):
            return False
        partial = _prepared(root, request)
        _fill(partial, plan, request.seed, jobs, lock, progress)
        for machine in request.machines:
            table = _attributes_csv([clip for clip in plan if clip.machine == machine])
            write_text(partial / machine / ATTRIBUTES, table)
        for name in marks(request):
            write_text(partial / name, MARK_TEXT)
        _swap_in(partial, root)
    return True


@contextmanager
def only_writer(root: Path) -> Iterator[HeldLock]:
    """Holds the lock of root. Workers hold it too: after a killed call, the next one waits for their end.

    Raises:
        DatasetBusyError: another process held the lock for PATIENCE_S.
    """
    path = root.with_name(f".{root.name}.synth-lock")
    busy = DatasetBusyError(
        f"root {root} is being written by another process, which holds {path}; only one may write at a time. "
        "Wait until it is done or end it, or name another folder."
    )
    with hold_lock(path, busy=busy, wait_s=PATIENCE_S) as lock:
        try:
            yield lock
        finally:
            path.unlink(missing_ok=True)


def _checked_machines(machines: Sequence[str] | None) -> tuple[str, ...]:
    if machines is None:
        return tuple(MODELS)
    if isinstance(machines, str):
        raise TypeError(f'machines must be a sequence of names; got the string {machines!r}. Pass ["{machines}"].')
    unknown = [m for m in machines if m not in MODELS]
    if unknown or len(set(machines)) != len(machines) or not machines:
        raise SyntheticDataError(f"machines must be different names out of {', '.join(MODELS)}; got {list(machines)}.")
    return tuple(m for m in MODELS if m in machines)


def _prepared(root: Path, request: Request) -> Path:
    """The folder beside root to write in; it may already hold clips from a killed call of the same request."""
    partial = root.with_name(f".{root.name}.synth-partial")
    record = partial / RECORD  # written first: the folder's name says that it is incomplete
    wanted = request.to_json()
    if not record.is_file() or record.read_bytes() != wanted.encode():
        shutil.rmtree(partial, ignore_errors=True)  # from another request: nothing in it can be used
    for machine in request.machines:
        for split in request.size.splits:
            (partial / machine / split).mkdir(parents=True, exist_ok=True)
    remove_partial_files(partial)
    write_text(record, wanted)
    return partial


def _fill(
    partial: Path, plan: list[PlannedClip], seed: int, jobs: int, lock: HeldLock, progress: Report | None
) -> None:
    missing = [c for c in plan if not (partial / c.path).is_file()]  # clips are renamed into place, so each is whole
    done = len(plan) - len(missing)
    if progress is not None:
        progress(done, len(plan))
    # always closed: an interrupt between two clips or in the progress callback must stop the workers too
    with closing(write_clips(partial, missing, seed, jobs=jobs, lock=lock)) as more:
        for written in more:
            done += written
            if progress is not None:
                progress(done, len(plan))


def _swap_in(partial: Path, root: Path) -> None:
    """Renames partial to root. After a kill between the two renames, partial is complete; the next call renames it."""
    old = root.with_name(f".{root.name}.synth-old")
    shutil.rmtree(old, ignore_errors=True)
    if root.exists():
        root.rename(old)
    partial.rename(root)
    shutil.rmtree(old, ignore_errors=True)


def _attributes_csv(clips: list[PlannedClip]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    items = range(1, len(clips[0].attributes) + 1)
    writer.writerow(["file_name", *(name for i in items for name in (f"d{i}p", f"d{i}v"))])
    for clip in clips:
        writer.writerow([clip.path, *(text for pair in clip.attributes for text in pair)])
    return out.getvalue()
