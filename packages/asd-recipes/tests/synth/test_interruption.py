"""If writing is killed, interrupted or meets another writer, no process survives and no byte differs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from asd_recipes.synth import DatasetBusyError, DatasetSize, write_dataset, writer

SIZE, MACHINES = DatasetSize(10, 3, 3), ["fan", "valve"]  # 50 clips
END_S = 30.0  # for their imports on a loaded machine; it is milliseconds on an idle one

WRITE = """
import signal, sys, time
from asd_recipes.synth import DatasetSize, write_dataset
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests may run where it is ignored
def report(done, of):
    print(done, flush=True)
    if done == of:
        time.sleep(60)  # a test that is slow to disturb finds it unfinished all the same
try:
    write_dataset({root!r}, size={size!r}, seed=2, machines={machines!r}, jobs={jobs}, progress=report)
except KeyboardInterrupt:
    sys.exit("interrupted")
"""


def same_files(one: Path, other: Path) -> bool:
    names = [sorted(p.relative_to(root) for p in root.rglob("*") if p.is_file()) for root in (one, other)]
    return names[0] == names[1] and all((one / name).read_bytes() == (other / name).read_bytes() for name in names[0])


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("undisturbed") / "data"
    write_dataset(root, size=SIZE, seed=2, machines=MACHINES)
    return root


@contextmanager
def writing(root: Path, *, jobs: int, reports: int) -> Iterator[subprocess.Popen[str]]:
    """A process in its own process group that writes to root and has reported progress a number of times."""
    code = WRITE.format(root=str(root), size=SIZE, machines=MACHINES, jobs=jobs)
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        for _ in range(reports):
            assert process.stdout.readline().strip().isdigit()
        yield process


def wait_for_all(process: subprocess.Popen[str]) -> str:
    """Standard error of the process and its children, once the last of them has ended.

    They inherit its pipes, which close with the last holder. TimeoutExpired: a process is still running.
    """
    return process.communicate(timeout=END_S)[1]


@pytest.mark.parametrize(("jobs", "reports"), [(1, 4), (2, 1), (2, 4)])  # 1: while workers start, 4: in mid-work
def test_a_killed_call_leaves_no_process_and_the_next_one_ends_with_the_same_bytes(
    undisturbed: Path, tmp_path: Path, jobs: int, reports: int
) -> None:
    root = tmp_path / "data"
    with writing(root, jobs=jobs, reports=reports) as process:
        time.sleep(0.01 * reports)
        process.kill()
        wait_for_all(process)
    assert not root.exists()
    done: list[int] = []
    write_dataset(root, size=SIZE, seed=2, machines=MACHINES, progress=lambda n, _: done.append(n))
    assert reports == 1 or done[0] > 0
    assert same_files(root, undisturbed)
    assert [p.name for p in tmp_path.iterdir()] == ["data"]


def test_the_next_call_waits_for_the_workers_of_a_killed_one(
    undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped workers do not notice the kill, and could still rename a clip into the next call's folder."""
    root = tmp_path / "data"
    with writing(root, jobs=2, reports=2) as process:
        os.killpg(process.pid, signal.SIGSTOP)
        process.kill()
        process.wait()
        try:
            with monkeypatch.context() as impatient:
                impatient.setattr(writer, "PATIENCE_S", 0.1)
                with pytest.raises(DatasetBusyError):
                    write_dataset(root, size=SIZE, seed=2, machines=MACHINES)
        finally:
            os.killpg(process.pid, signal.SIGCONT)
        write_dataset(root, size=SIZE, seed=2, machines=MACHINES)
        wait_for_all(process)
    assert same_files(root, undisturbed)
    assert [p.name for p in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize(("reports", "later_s"), [(1, 0.15), (4, 0.02)])  # in the workers' imports, and in mid-work
def test_an_interrupted_call_ends_quietly_with_its_workers_and_is_resumed(
    undisturbed: Path, tmp_path: Path, reports: int, later_s: float
) -> None:
    root = tmp_path / "data"
    with writing(root, jobs=2, reports=reports) as process:
        time.sleep(later_s)
        os.killpg(process.pid, signal.SIGINT)  # like a terminal: the workers get it too
        assert wait_for_all(process) == "interrupted\n"
        assert process.returncode == 1
    assert not root.exists()
    write_dataset(root, size=SIZE, seed=2, machines=MACHINES)
    assert same_files(root, undisturbed)
    assert [p.name for p in tmp_path.iterdir()] == ["data"]


def test_a_second_writer_is_refused_or_waits_for_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "data"
    with writer.only_writer(root), monkeypatch.context() as impatient:
        impatient.setattr(writer, "PATIENCE_S", 0.1)
        with pytest.raises(ValueError, match="is being written by another process") as raised:
            write_dataset(root, size=DatasetSize(1, 1, 1), machines=["fan"])
        assert type(raised.value) is DatasetBusyError
        assert f"root {root} " in str(raised.value)
        assert "Wait until it is done" in str(raised.value)
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with writer.only_writer(root):
            held.set()
            release.wait()

    first = threading.Thread(target=hold)
    first.start()
    held.wait()
    threading.Timer(0.1, release.set).start()
    write_dataset(root, size=DatasetSize(1, 1, 1), machines=["fan"])
    assert release.is_set()
    first.join()
    assert [p.name for p in tmp_path.iterdir()] == ["data"]


def test_a_finished_set_is_used_while_another_process_holds_the_lock(undisturbed: Path) -> None:
    with writer.only_writer(undisturbed):
        assert write_dataset(undisturbed, size=SIZE, seed=2, machines=MACHINES).reused
