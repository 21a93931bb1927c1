"""Ctrl-C while workers start is raised afterwards, once, whichever thread receives it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing import get_context

import pytest

from asd_recipes.worker_lifetime import interrupts_later


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Makes Ctrl-C count even if the tests run in the background and so ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_that_another_thread_receives_is_delayed_and_raised_once() -> None:
    ended = threading.Event()
    other = threading.Thread(target=ended.wait)
    other.start()
    steps = []
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012
        with interrupts_later():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)
            steps.append("end of the block")
        steps.append("behind the block")
    ended.set()
    other.join()
    assert steps == ["end of the block"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_making_a_semaphore_does_not_let_an_interrupt_through() -> None:
    code = (
        "import multiprocessing, signal\n"
        "from asd_recipes.worker_lifetime import interrupts_later\n"
        "with interrupts_later():\n"
        "    lock = multiprocessing.get_context('spawn').Lock()\n"
        "    assert signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_processes_started_in_the_block_never_get_an_interrupt() -> None:
    with interrupts_later():
        process = get_context("spawn").Process(target=time.sleep, args=(0.5,))
        process.start()
        assert process.pid is not None
    os.kill(process.pid, signal.SIGINT)
    process.join()
    assert process.exitcode == 0
