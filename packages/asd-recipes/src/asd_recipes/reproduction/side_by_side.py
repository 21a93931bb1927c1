"""Runs jobs in parallel processes. Each maps the same bank, has its own threads, and reports its progress.

A worker ends when the process that started it ends, however that happens.
"""

import multiprocessing
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from multiprocessing.queues import Queue
from pathlib import Path
from queue import Empty
from typing import Any

from asd_recipes.dataset.clip import Clip
from asd_recipes.recipe.settings import Recipe
from asd_recipes.reproduction.code_digest import remember_code
from asd_recipes.reproduction.job import Job
from asd_recipes.reproduction.job_context import JobContext
from asd_recipes.reproduction.prerequisites import prerequisite
from asd_recipes.reproduction.run_store import RunError, RunStore
from asd_recipes.training.machine_data import prepare_data
from asd_recipes.waveforms.device_choice import choose_device
from asd_recipes.waveforms.waveform_bank import load_bank
from asd_recipes.worker_lifetime import interrupts_later, leave_with_parent, leaves_on_error
from asd_runtime.progress import Advance, Progress
from asd_runtime.sound.problem import Problem


@dataclass(frozen=True)
class WorkerStart:
    """Everything that a worker needs to make its context."""

    store: RunStore
    recipe: Recipe
    clips: tuple[Clip, ...]
    bank: Path
    digest: str  # of the recordings that the run started with
    device: str
    synthetic: bool
    code: str = field(default_factory=remember_code)  # with which the run started

    def context(self) -> JobContext:
        """The context, with the bank mapped."""
        if remember_code() != self.code:
            raise RunError("the code of asd changed since the command began. Run the command again.")
        device = choose_device(self.device, self.recipe.training.precision, threads=self.recipe.threads)
        bank = load_bank(self.clips, self.bank)
        if bank.digest != self.digest:
            raise RunError(f"another run replaced {self.bank} meanwhile. Run the command again.")
        data = prepare_data(bank, self.recipe)
        return JobContext(self.store, self.recipe, data, device, self.synthetic)


def run_side_by_side(jobs: Sequence[Job], start: WorkerStart, workers: int, progress: Progress) -> list[Problem]:
    """Runs jobs in `workers` processes; returns what was left out, in the order of the jobs.

    A job that needs what another one trains begins when that one has ended.

    Raises:
        RunError: a worker was killed, for example because memory ran out.
    """
    spawn = multiprocessing.get_context("spawn")  # torch hangs in a forked process
    problems: dict[Job, list[Problem]] = {}
    first = {job: prerequisite(job, jobs, start.recipe) for job in jobs}
    try:
        with ExitStack() as opened:
            with interrupts_later():  # an interrupt while a semaphore or a process is made would leave it behind
                watched, held = map(opened.enter_context, spawn.Pipe(duplex=False))
                advance = opened.enter_context(progress.stage("jobs", len(jobs)))
                queue = opened.enter_context(_relay(spawn, progress))
                begin = (start, queue, watched, spawn.Value("i", 0))
                pool = opened.enter_context(ProcessPoolExecutor(workers, spawn, _begin_worker, begin))
                opened.push(leaves_on_error(held))
                open_jobs = _submit(pool, [job for job in jobs if first[job] is None])
            while open_jobs:
                ended = {future: open_jobs.pop(future) for future in wait(open_jobs, return_when=FIRST_COMPLETED).done}
                problems |= {job: future.result() for future, job in ended.items()}
                advance(len(ended))
                with interrupts_later():
                    open_jobs |= _submit(pool, [job for job in jobs if first[job] in ended.values()])
    except BrokenProcessPool:
        raise RunError(
            "a worker process was killed, perhaps because memory ran out. Finished work is kept: run the command "
            "again with fewer --jobs."
        ) from None
    return [problem for job in jobs for problem in problems[job]]


def _submit(pool: ProcessPoolExecutor, jobs: Sequence[Job]) -> dict["Future[list[Problem]]", Job]:
    futures = {pool.submit(_work, job): job for job in jobs}
    # The pool checks its workers whenever it gets work, just before it starts a worker for that work. So the death of
    # the last worker would go unnoticed until a job ends. An empty task makes it check again.
    if futures:
        pool.submit(os.getpid)
    return futures


_worker: tuple[JobContext, "QueueProgress"] | Exception
_locks = ExitStack()


def _begin_worker(start: WorkerStart, queue: "Queue[Any]", watched: Connection, started: Any) -> None:
    global _worker
    leave_with_parent(watched)
    _locks.enter_context(start.store.shared_with_parent())
    with started.get_lock():
        number, started.value = started.value, started.value + 1
    try:
        context = start.context()
        if context.device.name == "cuda":
            import torch

            torch.cuda.set_device(number % torch.cuda.device_count())
        _worker = (context, QueueProgress(queue, number))
    except Exception as error:  # an error raised here would look as if the process was killed
        _worker = error


def _work(job: Job) -> list[Problem]:
    if isinstance(_worker, Exception):
        raise _worker
    context, progress = _worker
    return context.run(job, progress)


class QueueProgress:
    """Progress that is shown by another process."""

    def __init__(self, queue: "Queue[Any]", worker: int) -> None:
        self._queue = queue
        self._worker = worker
        self._stages = 0

    def say(self, text: str) -> None:
        self._queue.put(("say", text))

    @contextmanager
    def stage(self, name: str, steps: int, *, done: int = 0, in_bytes: bool = False) -> Iterator[Advance]:
        self._stages += 1
        key = (self._worker, self._stages)
        self._queue.put(("begin", key, name, steps, done, in_bytes))
        try:
            yield lambda more: self._queue.put(("advance", key, more))
        finally:
            self._queue.put(("end", key))


@contextmanager
def _relay(spawn: SpawnContext, progress: Progress) -> Iterator["Queue[Any]"]:
    """A queue whose messages a thread shows as progress."""
    queue: Queue[Any] = spawn.Queue()
    ended = threading.Event()
    thread = threading.Thread(target=_show, args=(queue, progress, ended), daemon=True)
    thread.start()
    try:
        yield queue
    finally:
        # Ended by an event, not by a last message, and with a timeout: a worker killed while writing keeps the lock.
        ended.set()
        thread.join(timeout=5)


def _show(queue: "Queue[Any]", progress: Progress, ended: threading.Event) -> None:
    stages: dict[Any, tuple[ExitStack, Advance]] = {}
    while True:
        try:
            message = queue.get(timeout=0.2)
        except Empty:
            if ended.is_set():
                return
            continue
        kind, *rest = message
        if kind == "say":
            progress.say(rest[0])
        elif kind == "begin":
            key, name, steps, done, in_bytes = rest
            stack = ExitStack()
            stages[key] = (stack, stack.enter_context(progress.stage(name, steps, done=done, in_bytes=in_bytes)))
        elif kind == "advance":
            stages[rest[0]][1](rest[1])
        else:
            stages.pop(rest[0])[0].close()
