"""The limit of one thread holds for all threads inside it, and is lifted when the last one leaves."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from threadpoolctl import threadpool_info, threadpool_limits

from asd_inlier.row_blocks import by_row_blocks
from asd_inlier.single_thread import single_thread

PATIENCE_S = 60.0


def threads(*, process_wide: bool = False) -> set[int]:
    """Of the libraries that this Python thread would run on; or of those alone that all Python threads share."""
    return {
        library["num_threads"]
        for library in threadpool_info()
        if not process_wide or library.get("threading_layer") == "pthreads"
    }


@pytest.fixture
def two_threads() -> Iterator[None]:
    with threadpool_limits(limits=2):
        if threads() != {2} or threads(process_wide=True) != {2}:
            pytest.skip(f"needs libraries that take two threads, one of them with threads of its own; got {threads()}")
        yield


def test_a_python_thread_keeps_its_limit_when_another_leaves(two_threads: None) -> None:
    first_is_inside, second_is_inside, first_has_left = threading.Event(), threading.Event(), threading.Event()
    seen: list[set[int]] = []

    def waits_for_the_second(block: NDArray[np.float64]) -> NDArray[np.float64]:
        first_is_inside.set()
        assert second_is_inside.wait(PATIENCE_S)
        return block

    def outlasts_the_first(block: NDArray[np.float64]) -> NDArray[np.float64]:
        second_is_inside.set()
        assert first_has_left.wait(PATIENCE_S)
        seen.append(threads())
        return block

    def first() -> None:
        by_row_blocks(np.ones((1, 1)), waits_for_the_second)
        first_has_left.set()

    def second() -> None:
        assert first_is_inside.wait(PATIENCE_S)
        by_row_blocks(np.ones((1, 1)), outlasts_the_first)

    workers = [threading.Thread(target=target) for target in (first, second)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(PATIENCE_S)
    assert seen == [{1}]
    assert threads(process_wide=True) == {2}, "the last to leave lifts the limit"


def test_the_limit_is_lifted_after_the_outermost_entry_and_after_an_error(two_threads: None) -> None:
    with single_thread():
        with single_thread():
            pass
        assert threads() == {1}
    assert threads() == {2}

    def fails(block: NDArray[np.float64]) -> NDArray[np.float64]:
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        by_row_blocks(np.ones((1, 1)), fails)
    assert threads() == {2}
