"""Makes and writes clips, in this process or in worker processes, which end when this process ends, however it ends."""

from __future__ import annotations

import struct
from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asd_recipes.dataset.dcase2023_facts import SAMPLE_RATE_HZ
from asd_recipes.folder_lock import HeldLock
from asd_recipes.synth.clip_plan import PlannedClip
from asd_recipes.synth.machines import MODELS
from asd_recipes.synth.recording import record
from asd_recipes.worker_lifetime import interrupts_later, leave_with_parent, leaves_on_error
from asd_runtime.whole_file import write_bytes

_BATCH = 8  # clips per task: large enough to hide the queue's cost, small enough for a smooth progress bar


def write_clips(
    folder: Path, clips: list[PlannedClip], seed: int, *, jobs: int, lock: HeldLock
) -> Generator[int, None, None]:
    """Makes and writes clips below folder; yields how many more are done. Close the generator to stop at once.

    No worker outlives the generator, whether it ends, is closed or raises, or its process is killed.
    """
    batches = [clips[i : i + _BATCH] for i in range(0, len(clips), _BATCH)]
    if jobs == 1 or len(batches) <= 1:
        for clip in clips:
            yield write_batch(folder, [clip], seed)
        return
    # spawn, not fork: the caller may have started threads (BLAS, torch), which fork would copy in mid-step
    context = get_context("spawn")
    with ExitStack() as opened:
        with interrupts_later():  # an interrupt while a semaphore or a process is made would leave it behind
            watched, held = map(opened.enter_context, context.Pipe(duplex=False))
            pool = ProcessPoolExecutor(min(jobs, len(batches)), context, initializer=_follow, initargs=(watched, lock))
            opened.callback(pool.shutdown, wait=True, cancel_futures=True)
            opened.push(leaves_on_error(held))  # in the middle of a clip
            futures = [pool.submit(write_batch, folder, batch, seed) for batch in batches]
        for future in as_completed(futures):
            yield future.result()


def _follow(watched: Connection, lock: HeldLock) -> None:
    """Initializer of a worker. Unpickling the lock already holds it until this process ends."""
    leave_with_parent(watched)


def write_batch(folder: Path, clips: list[PlannedClip], seed: int) -> int:
    """Makes and writes clips below folder; returns how many."""
    for clip in clips:
        wave = record(MODELS[clip.machine], clip.condition(seed))
        write_bytes(folder / clip.path, wav_bytes(wave))
    return len(clips)


def wav_bytes(wave: NDArray[np.int16]) -> bytes:
    """A mono 16-bit PCM wav file of (T,) int16 samples at 16 kHz."""
    data = wave.astype("<i2", copy=False).tobytes()
    format_chunk = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, SAMPLE_RATE_HZ, 2 * SAMPLE_RATE_HZ, 2, 16)
    riff = struct.pack("<4sI4s", b"RIFF", 36 + len(data), b"WAVE")
    return riff + format_chunk + struct.pack("<4sI", b"data", len(data)) + data
