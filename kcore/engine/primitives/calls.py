"""How kernels call NumPy: of several spellings of one operation, the one that costs the least before it computes.

A small network is made of small calls, and for these the way into NumPy takes longer than the arithmetic. Measured
with 16 elements: a ufunc whose output is a positional argument 0.37 us, as a keyword 0.60; ``a[...] = b`` 0.2,
``np.copyto`` 0.4; ``a.dot(b, out)`` 0.5, ``np.matmul`` 2.4; ``a.take`` 0.3, ``np.take`` 1.5; a sum over 128 rows of
10 as a product with ones 1.2, as a reduction 5.3.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from functools import partial

import numpy as np

from kcore.engine.primitive import Thunk
from kcore.engine.types import Array


def into(ufunc: np.ufunc, inputs: Sequence[Array], output: Array) -> Thunk:
    """``output = ufunc(*inputs)``."""
    if ufunc in (np.maximum, np.minimum):
        # NumPy wants to keep a third positional argument for something else.
        return partial(ufunc, *inputs, out=output)
    return partial(ufunc, *inputs, output)


LONG_ROW = 2048
"""Elements of a row, up to which a short one is repeated."""


def broadcast_into(ufunc: np.ufunc, inputs: Sequence[Array], output: Array) -> Thunk:
    """``output = ufunc(*inputs)``, with a short row that is repeated, such as a bias, made a long one first.

    NumPy's inner loop is as long as the last axis. With 32 channels it takes six times as long as with a row of 2048.
    """
    short = next((number for number, operand in enumerate(inputs) if _is_row_of(operand, output)), None)
    if short is None or len(inputs) != 2 or not output.flags.c_contiguous:
        return into(ufunc, inputs, output)
    other, row = inputs[1 - short], inputs[short]
    times = _divisor(output.size // row.size, LONG_ROW // row.size)
    if times < 4 or other.shape != output.shape or not other.flags.c_contiguous:
        return into(ufunc, inputs, output)
    rows = np.empty((times, row.size), row.dtype)
    shape = (-1, times * row.size)
    operands = [rows.reshape(-1) if number == short else other.reshape(shape) for number in range(2)]
    repeat, compute = copied(rows, row.reshape(-1)), into(ufunc, operands, output.reshape(shape))

    def repeat_and_compute() -> None:
        repeat()
        compute()

    return repeat_and_compute


def _is_row_of(operand: Array, output: Array) -> bool:
    """Whether it is one row, short beside what it is repeated for."""
    return (
        1 < operand.size <= LONG_ROW // 4
        and output.ndim > 1
        and operand.shape[-1:] == output.shape[-1:]
        and operand.size == operand.shape[-1]
        and output.size >= 1 << 14
    )


def _divisor(number: int, most: int) -> int:
    """The largest divisor of ``number`` up to ``most``."""
    return next((divisor for divisor in range(min(number, most), 0, -1) if number % divisor == 0), 1)


def copied(target: Array, source: Array) -> Thunk:
    """``target[...] = source``, converted if need be."""
    return partial(operator.setitem, target, ..., source)


def multiplied(x: Array, y: Array, output: Array) -> Thunk:
    """``output = x @ y``."""
    if x.ndim == y.ndim == 2 and output.flags.c_contiguous and all(_lies(operand) for operand in (x, y)):
        return partial(x.dot, y, output)
    return partial(np.matmul, x, y, output)


def _lies(matrix: Array) -> bool:
    """Whether BLAS takes it as it is, or transposed: ``dot`` would copy others."""
    return bool(matrix.size) and (matrix.flags.c_contiguous or matrix.flags.f_contiguous)


def reduced(ufunc: np.ufunc, x: Array, axes: tuple[int, ...], output: Array, keepdims: bool) -> Thunk:
    """``output = ufunc.reduce(x, axes)``."""
    kept = x.ndim - len(axes)
    sums = ufunc is np.add and x.dtype in (np.float32, np.float64) and bool(x.size) and len(axes) > 0 and kept > 0
    if sums and x.flags.c_contiguous and output.flags.c_contiguous:
        # As a product with ones, BLAS adds five to ten times as fast as NumPy's loops over short rows.
        if axes == tuple(range(len(axes))):
            columns = math.prod(x.shape[len(axes) :])
            matrix = x.reshape(-1, columns)
            return partial(np.ones(len(matrix), x.dtype).dot, matrix, output.reshape(-1))
        if axes == tuple(range(kept, x.ndim)):
            rows = math.prod(x.shape[:kept])
            matrix = x.reshape(rows, -1)
            return partial(matrix.dot, np.ones(matrix.shape[1], x.dtype), output.reshape(-1))
    return partial(ufunc.reduce, x, axes, None, output, keepdims)  # type: ignore[call-arg]


def taken(x: Array, positions: Array, axis: int, output: Array) -> Thunk:
    """``output = x.take(positions, axis)``, for positions that are in range; all operands are contiguous."""
    # With mode="raise" NumPy fills a copy of the output first; "clip" copies nothing.
    return partial(x.take, positions, axis, output, "clip")
