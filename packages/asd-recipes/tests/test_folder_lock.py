"""Which locks can be held at the same time, how long they are held, and what happens if a lock file is removed."""

import fcntl
import os
import threading
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from asd_recipes import folder_lock
from asd_recipes.folder_lock import HeldLock, hold_lock

BUSY = RuntimeError("busy")


def refused(path: Path, *, shared: bool = False) -> bool:
    """Whether a caller that does not wait is refused."""
    try:
        with hold_lock(path, busy=BUSY, shared=shared):
            return False
    except RuntimeError:
        return True


@pytest.mark.parametrize(
    ("held", "wanted", "expected"),
    [(False, False, True), (False, True, True), (True, False, True), (True, True, False)],
    ids=["two alone", "shared beside alone", "alone beside shared", "two shared"],
)
def test_only_shared_locks_are_held_at_the_same_time(held: bool, wanted: bool, expected: bool, tmp_path: Path) -> None:
    path = tmp_path / "new" / "lock"
    with hold_lock(path, shared=held):
        assert refused(path, shared=wanted) == expected
    assert not refused(path)


def test_a_lock_is_waited_for_as_long_as_the_caller_says(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with hold_lock(path):
        start = time.monotonic()
        with pytest.raises(RuntimeError, match="busy"), hold_lock(path, busy=BUSY, wait_s=0.1):
            pytest.fail("two hold the lock")
        assert time.monotonic() - start >= 0.1
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with hold_lock(path):
            held.set()
            release.wait()

    for options in ({}, {"busy": BUSY, "wait_s": 20.0}):
        held.clear(), release.clear()
        first = threading.Thread(target=hold)
        first.start()
        held.wait()
        threading.Timer(0.05, release.set).start()
        with hold_lock(path, **options):  # type: ignore[arg-type]
            assert release.is_set()
        first.join()


def test_a_process_that_receives_a_lock_holds_it_until_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    with hold_lock(path) as lock:
        worker = context.Process(target=_wait_for_end, args=(theirs, lock))
        worker.start()
        assert ours.recv() == "began"
        os.close(os.dup(lock.descriptor))  # closing a duplicate does not release the lock
        assert refused(path)
        _forget(lock)  # like a killed process
        assert refused(path)
        ours.send("end")
        worker.join()
        assert not refused(path)
        _take_back(path, lock)


def _wait_for_end(connection: Any, lock: HeldLock) -> None:
    connection.send("began")
    connection.recv()


def _forget(lock: HeldLock) -> None:
    """Closes our descriptor without unlocking; its number stays taken, for the block that closes it at its end."""
    other = os.open(os.devnull, os.O_RDWR)
    os.dup2(other, lock.descriptor)
    os.close(other)


def _take_back(path: Path, lock: HeldLock) -> None:
    descriptor = os.open(path, os.O_RDWR)
    os.dup2(descriptor, lock.descriptor)
    os.close(descriptor)


@pytest.mark.parametrize("made_anew", [False, True])
def test_a_removed_lock_file_does_not_count_as_the_lock(
    made_anew: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The holder removes file and folder between our opening and our locking; then another holder comes, or none."""
    path, stack = tmp_path / "folder" / "lock", []
    flock: Callable[[int, int], None] = fcntl.flock

    def removed_just_before(descriptor: int, operation: int) -> None:
        monkeypatch.undo()
        path.unlink()
        path.parent.rmdir()
        if made_anew:
            stack.append(hold_lock(path))
            stack[0].__enter__()
        flock(descriptor, operation)

    monkeypatch.setattr(folder_lock.fcntl, "flock", removed_just_before)
    if made_anew:
        assert refused(path)
        stack[0].__exit__(None, None, None)
    else:
        with hold_lock(path, busy=BUSY):
            assert refused(path), "the lock that is held is the one at the path"


def test_a_folder_that_is_removed_before_its_lock_file_is_opened_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "folder" / "lock"
    opened = os.open

    def removed_just_before(*arguments: Any) -> int:
        monkeypatch.undo()
        path.parent.rmdir()
        return opened(*arguments)

    monkeypatch.setattr(folder_lock.os, "open", removed_just_before)
    with hold_lock(path, busy=BUSY):
        assert path.is_file()
