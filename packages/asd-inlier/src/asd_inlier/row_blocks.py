"""Rows in blocks of one size, so that a row's result does not depend on the number of rows.

A matrix product may round a row differently when the number of rows or of threads changes, because the library then
uses another kernel or another split. Here each product has the same number of rows (the last block is padded with
zeros) and one thread. A clip's score must not depend on the other clips of the call.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from asd_inlier.single_thread import single_thread

In = TypeVar("In", bound=np.generic)
Out = TypeVar("Out", bound=np.generic)

ROWS = 64  # a multiple of the kernels' row counts, and small enough that a single clip costs little


def by_row_blocks(rows: NDArray[In], function: Callable[[NDArray[In]], NDArray[Out]]) -> NDArray[Out]:
    """Apply a row-wise function to (N, D) rows, ROWS at a time.

    Args:
        rows: (N, D), N at least 1.
        function: (ROWS, D) to (ROWS, ...), row by row.

    Returns:
        (N, ...): the function's rows.
    """
    results = []
    with single_thread():
        for start in range(0, len(rows), ROWS):
            block = rows[start : start + ROWS]
            missing = ROWS - len(block)
            padded = np.pad(block, ((0, missing), (0, 0))) if missing else block
            results.append(function(padded)[: len(block)])
    return np.concatenate(results)


@cache
def product_type(kind: np.dtype[Any]) -> np.dtype[Any]:
    """The type for products of ROWS rows of another type, in which a row has the same bits wherever it is in its block.

    Mostly the type itself. OpenBLAS's float32 kernels for processors with AVX2 and without AVX-512 add up some rows of
    a block in another order than others; float64 is used there.
    """
    row, *factor = np.random.default_rng(0).standard_normal((2 * ROWS + 1, 2 * ROWS)).astype(kind)
    with single_thread():
        product = np.tile(row, (ROWS, 1)) @ np.stack(factor)
    return kind if (product == product[0]).all() else np.dtype(np.float64)
