"""Writing the synthetic data set: whole or not at all, resumable, the same bytes however many processes write it."""

from __future__ import annotations

import csv
import io
import os
import shutil
import struct
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asd_recipes.dcase2023_facts import SAMPLE_RATE_HZ
from asd_recipes.synth.clip_plan import Clip, DatasetSize
from asd_recipes.synth.machines import MODELS
from asd_recipes.synth.manifest import ATTRIBUTES, MANIFEST, Request, is_whole
from asd_recipes.synth.recording import record

_BATCH = 8  # clips a task: large enough to hide the queue, small enough for a smooth progress bar


@dataclass(frozen=True)
class DatasetSummary:
    """What lies under root. reused: it was there already, made from the same request, and nothing was written."""

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
    progress: Callable[[int, int], None] | None = None,
) -> DatasetSummary:
    """Write a synthetic data set in the layout of the DCASE 2023 Task 2 development set.

    The bytes of a clip depend on seed, machine and the clip's place in the plan alone, not on jobs, on the other
    machines or on the order of writing; they hold for one version of NumPy and SciPy on one platform, others may
    differ in the last bits. Everything is written to a folder beside root and renamed at the end; a call that was
    killed is resumed by the next one.

    Args:
        root: folder to make. One made here before from the same request is left as it is; from another, it is replaced.
        size: clips per machine, e.g. DatasetSize.named("quick").
        machines: machine types, default all seven.
        jobs: processes (started by spawn, so a script needs its `if __name__ == "__main__":`).
        progress: called with (clips done, clips in all), first with those found from a killed call.

    Raises:
        DatasetExistsError: root holds files that were not written here.
        ValueError: unknown or repeated machine, jobs below 1, negative seed.
    """
    chosen = _checked_machines(machines)
    if jobs < 1:
        raise ValueError(f"jobs must be at least 1; got {jobs}.")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed must be an int >= 0; got {seed!r}.")
    root = Path(root)
    request = Request(size, seed, chosen)
    plan = request.plan()
    reused = is_whole(root, request)
    if not reused:
        _write_beside(root, request, plan, jobs, progress)
    elif progress is not None:
        progress(len(plan), len(plan))
    audio_s = sum(clip.samples for clip in plan) / SAMPLE_RATE_HZ
    return DatasetSummary(root, seed, size, chosen, len(plan), audio_s, reused)


def _checked_machines(machines: Sequence[str] | None) -> tuple[str, ...]:
    if machines is None:
        return tuple(MODELS)
    if isinstance(machines, str):
        raise TypeError(f'machines must be a sequence of names; got the string {machines!r}. Pass ["{machines}"].')
    unknown = [m for m in machines if m not in MODELS]
    if unknown or len(set(machines)) != len(machines) or not machines:
        raise ValueError(f"machines must be different names out of {', '.join(MODELS)}; got {list(machines)}.")
    return tuple(m for m in MODELS if m in machines)


def _write_beside(
    root: Path, request: Request, plan: list[Clip], jobs: int, progress: Callable[[int, int], None] | None
) -> None:
    partial = root.with_name(f".{root.name}.synth-partial")
    manifest = partial / MANIFEST  # there from the start: the folder's name says that it is not complete
    wanted = request.to_json()
    if not manifest.is_file() or manifest.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(partial, ignore_errors=True)  # of another request: nothing in it can be used
    for machine in request.machines:
        for split in ("train", "test"):
            (partial / machine / split).mkdir(parents=True, exist_ok=True)
    for left in partial.rglob(".*"):
        left.unlink()  # half-written files of a killed call
    _replace_text(manifest, wanted)
    missing = [c for c in plan if not (partial / c.path).is_file()]  # clips are renamed into place, so whole if there
    done = len(plan) - len(missing)
    if progress is not None:
        progress(done, len(plan))
    for written in _write_clips(partial, missing, request.seed, jobs):
        done += written
        if progress is not None:
            progress(done, len(plan))
    for machine in request.machines:
        _replace_text(partial / machine / ATTRIBUTES, _attributes_csv([c for c in plan if c.machine == machine]))
    _swap_in(partial, root)


def _swap_in(partial: Path, root: Path) -> None:
    """Rename partial to root. A kill between the two renames leaves partial complete: the next call renames it."""
    old = root.with_name(f".{root.name}.synth-old")
    shutil.rmtree(old, ignore_errors=True)
    if root.exists():
        root.rename(old)
    partial.rename(root)
    shutil.rmtree(old, ignore_errors=True)


def _write_clips(partial: Path, clips: list[Clip], seed: int, jobs: int) -> Iterator[int]:
    batches = [clips[i : i + _BATCH] for i in range(0, len(clips), _BATCH)]
    if jobs == 1 or len(batches) <= 1:
        for batch in batches:
            yield write_batch(str(partial), batch, seed)
        return
    # spawn, not fork: the caller may have started threads (BLAS, torch), which fork would copy in mid-step
    with ProcessPoolExecutor(min(jobs, len(batches)), mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(write_batch, str(partial), batch, seed) for batch in batches]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def write_batch(folder: str, clips: list[Clip], seed: int) -> int:
    """Make and write some clips below folder; how many."""
    for clip in clips:
        wave = record(MODELS[clip.machine], clip.condition(seed))
        path = Path(folder, clip.path)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        beside.write_bytes(wav_bytes(wave))
        beside.replace(path)
    return len(clips)


def wav_bytes(wave: NDArray[np.int16]) -> bytes:
    """A mono 16-bit PCM wav file of (T,) int16 samples at 16 kHz."""
    data = wave.astype("<i2", copy=False).tobytes()
    format_chunk = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, SAMPLE_RATE_HZ, 2 * SAMPLE_RATE_HZ, 2, 16)
    riff = struct.pack("<4sI4s", b"RIFF", 36 + len(data), b"WAVE")
    return riff + format_chunk + struct.pack("<4sI", b"data", len(data)) + data


def _attributes_csv(clips: list[Clip]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    items = range(1, len(clips[0].attributes) + 1)
    writer.writerow(["file_name", *(name for i in items for name in (f"d{i}p", f"d{i}v"))])
    for clip in clips:
        writer.writerow([clip.path, *(text for pair in clip.attributes for text in pair)])
    return out.getvalue()


def _replace_text(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8", newline="\n")
    beside.replace(path)
