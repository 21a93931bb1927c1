"""Limits BLAS to one thread while our arithmetic runs, also when several Python threads run it at once.

A matrix product may round differently when the number of threads changes, because the library then splits its sums in
another way. Besides, products this small gain little from threads, and on a machine whose cores are busy OpenBLAS's
threads wait for each other: 20 times slower, measured.

Most BLAS libraries have one number of threads for the whole process. If each Python thread set and restored it, the
first to leave would lift the limit for the others in the middle of a sum, and the last would restore what the first had
set. So the first to enter sets the limit and the last to leave lifts it. Meanwhile the products of other code also run
on one thread: slower, but correct. OpenMP, and OpenBLAS built on it, have a number for each Python thread: there each
thread sets and restores its own.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import threadpoolctl

_lock = threading.Lock()
_inside = 0
_shared: Any = None


@contextmanager
def single_thread() -> Iterator[None]:
    """Within it BLAS and OpenMP use one thread. May be nested, and entered by any number of Python threads."""
    controller = threadpoolctl.ThreadpoolController()
    own = _limited_to_one(controller, of_each_python_thread=True)
    _enter(controller)
    try:
        yield
    finally:
        _leave()
        own.restore_original_limits()


def _enter(controller: Any) -> None:
    global _inside, _shared
    with _lock:
        if _inside == 0:
            _release_control()
            _shared = _limited_to_one(controller, of_each_python_thread=False)
            _release_control()
        _inside += 1


def _leave() -> None:
    global _inside, _shared
    with _lock:
        _inside -= 1
        if _inside == 0:
            _release_control()
            _shared.restore_original_limits()
            _release_control()
            _shared = None


def _limited_to_one(controller: Any, *, of_each_python_thread: bool) -> Any:
    paths = [
        library["filepath"]
        for library in controller.info()
        if _counts_for_each_python_thread(library) is of_each_python_thread
    ]
    return controller.select(filepath=paths).limit(limits=1)


def _counts_for_each_python_thread(library: Mapping[str, Any]) -> bool:
    on_openmp = library["internal_api"] == "openblas" and library["threading_layer"] == "openmp"
    return bool(library["user_api"] == "openmp" or on_openmp)


def _release_control() -> None:
    # threadpoolctl 3.8 lets only the Python thread that first set OpenBLAS's limit set it again, and silently ignores
    # all others. If the caller's main thread had set a limit, our worker threads could not.
    openblas: Any = getattr(threadpoolctl, "OpenBLASController", None)
    if hasattr(openblas, "clear_controlling_thread"):
        openblas.clear_controlling_thread(force=True)
