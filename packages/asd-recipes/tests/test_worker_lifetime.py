"""Ctrl-C while workers start comes afterwards, once, whichever thread the system gives it to."""

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
    """Ctrl-C counts, also where the tests run in the background and so ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_that_another_thread_takes_is_put_off_and_comes_once() -> None:
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


def test_a_semaphore_made_meanwhile_does_not_let_it_through() -> None:
    code = (
        "import multiprocessing, signal\n"
        "from asd_recipes.worker_lifetime import interrupts_later\n"
        "with interrupts_later():\n"
        "    lock = multiprocessing.get_context('spawn').Lock()\n"
        "    assert signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_processes_started_meanwhile_never_get_it() -> None:
    with interrupts_later():
        process = get_context("spawn").Process(target=time.sleep, args=(0.5,))
        process.start()
        assert process.pid is not None
    os.kill(process.pid, signal.SIGINT)
    process.join()
    assert process.exitcode == 0
