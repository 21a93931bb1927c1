"""Writing the synthetic data set: whole or not at all, resumable, and the same bytes however many processes write it."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import struct
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asd_recipes.dcase2023_facts import SAMPLE_RATE_HZ, SECTION
from asd_recipes.synth.clip_plan import Clip, DatasetSize, plan_machine
from asd_recipes.synth.machines import MODELS
from asd_recipes.synth.recording import record
from asd_recipes.synth.seeding import STREAM

MANIFEST = "synth.json"
SCHEMA = 1
_BATCH = 8  # clips a task: large enough to hide the queue, small enough for a smooth progress bar


class DatasetExistsError(FileExistsError):
    """The folder holds something that this module did not write."""


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

    The bytes of a clip depend on seed, machine and the clip's place in the plan alone, not on jobs, on the other machines or on
    the order of writing; they hold for one version of NumPy and SciPy on one platform, others may differ in the last bits.
    Everything is written to a folder beside root and renamed at the end; a call that was killed is resumed by the next one.

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
    plan = [clip for machine in chosen for clip in plan_machine(machine, size, seed)]
    manifest = _manifest(size, seed, chosen)
    reused = _is_ours(root, manifest, plan)
    if not reused:
        _write_beside(root, plan, manifest, seed, jobs, progress)
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


def _manifest(size: DatasetSize, seed: int, machines: tuple[str, ...]) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "synthetic": True,
        "generator": STREAM,
        "seed": seed,
        "size": asdict(size),
        "machines": list(machines),
    }


def _expected_bytes(clip: Clip) -> int:
    return 44 + 2 * clip.samples


def _read_manifest(folder: Path) -> dict[str, object] | None:
    try:
        read = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return read if isinstance(read, dict) and read.get("synthetic") is True and "size" in read else None


def _written_paths(manifest: dict[str, object]) -> set[str] | None:
    """Every path that a finished call with this manifest leaves, or None if the manifest is not one of ours."""
    try:
        size = DatasetSize(**manifest["size"])  # type: ignore[arg-type]
        machines, seed = manifest["machines"], manifest["seed"]
        clips = [c for m in machines for c in plan_machine(m, size, seed)]  # type: ignore[attr-defined, arg-type]
    except (KeyError, TypeError, ValueError):
        return None
    return {MANIFEST, *(c.path for c in clips), *(f"{m}/attributes_{SECTION}.csv" for m in machines)}  # type: ignore[attr-defined]


def _is_ours(root: Path, manifest: dict[str, object], plan: list[Clip]) -> bool:
    """True: root is this very data set, complete. False: root may be made or replaced. Else DatasetExistsError."""
    if not root.exists():
        return False
    if not root.is_dir():
        raise DatasetExistsError(f"root {root} is a file; name a folder.")
    present = _read_manifest(root)
    allowed = _written_paths(present) if present else set()
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.relative_to(root).as_posix() not in (allowed or set()):
            raise DatasetExistsError(
                f"root {root} holds {path.relative_to(root)}, which was not written here. Name another folder or remove it."
            )
    if present != manifest:
        return False
    return all((root / c.path).is_file() and (root / c.path).stat().st_size == _expected_bytes(c) for c in plan)


def _write_beside(
    root: Path,
    plan: list[Clip],
    manifest: dict[str, object],
    seed: int,
    jobs: int,
    progress: Callable[[int, int], None] | None,
) -> None:
    partial = root.with_name(f".{root.name}.synth-partial")
    request = partial / MANIFEST  # there from the start: the folder's name says that it is not complete
    wanted = json.dumps(manifest, indent=2) + "\n"
    if not request.is_file() or request.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(partial, ignore_errors=True)  # of another request: nothing in it can be used
    for machine in {clip.machine for clip in plan}:
        for split in ("train", "test"):
            (partial / machine / split).mkdir(parents=True, exist_ok=True)
    _replace_text(request, wanted)
    missing = [c for c in plan if not (partial / c.path).is_file()]  # clips are renamed into place, so whole if there
    done = len(plan) - len(missing)
    if progress is not None:
        progress(done, len(plan))
    for written in _write_clips(partial, missing, seed, jobs):
        done += written
        if progress is not None:
            progress(done, len(plan))
    for machine in {clip.machine for clip in plan}:
        rows = [c for c in plan if c.machine == machine]
        _replace_text(partial / machine / f"attributes_{SECTION}.csv", _attributes_csv(rows))
    _swap_in(partial, root)


def _swap_in(partial: Path, root: Path) -> None:
    """Rename partial to root. The one gap, when an older set of ours is replaced, leaves partial complete for the next call."""
    if root.exists():
        old = root.with_name(f".{root.name}.synth-old")
        shutil.rmtree(old, ignore_errors=True)
        root.rename(old)
        partial.rename(root)
        shutil.rmtree(old)
    else:
        root.parent.mkdir(parents=True, exist_ok=True)
        partial.rename(root)


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
    return struct.pack("<4sI4s", b"RIFF", 36 + len(data), b"WAVE") + format_chunk + struct.pack("<4sI", b"data", len(data)) + data


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
