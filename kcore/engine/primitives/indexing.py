"""Elements chosen by position at run time: ``gather`` along an axis, and ``scatter_add``, its transpose.

Both take positions that ``wrap_index`` has made: of dtype intp, from 0 to size - 1. So the check for indices that are
out of range is made once, however often the positions serve.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from kcore.engine.primitive import Primitive, Thunk, no_gradient
from kcore.engine.primitives.calls import taken
from kcore.engine.primitives.layout import reshape
from kcore.engine.primitives.windows import staged
from kcore.engine.tracing import apply
from kcore.engine.types import Array, ArrayType
from kcore.errors.engine import OperandError

INTP = np.dtype(np.intp)

SCATTER_ELEMENTS = 1 << 15
"""Elements that are added at a time; their positions take 256 KiB, which a second-level cache holds."""


# --- wrap_index ------------------------------------------------------------------------------------------------------


def _wrap_infer(indices: ArrayType, *, size: int) -> tuple[ArrayType, ...]:
    if indices.dtype.kind not in "iu":
        raise OperandError(
            operation="indexing",
            shapes=[indices.shape],
            reason=f"indices are integers, not {indices.dtype.name}; convert them with astype('int64')",
        )
    return (ArrayType(indices.shape, INTP),)


def _wrap_scratch(indices: ArrayType, *, size: int) -> list[ArrayType]:
    return [ArrayType(indices.shape, np.bool_)]


def _wrap_bind(inputs: Sequence[Array], outputs: Sequence[Array], scratch: Any, *, size: int) -> Thunk:
    indices, output, negative = inputs[0], outputs[0], scratch[0]
    if not indices.size:
        return partial(np.copyto, output, indices, casting="unsafe")
    # A negative number or one past the end is rare: the smallest and the largest tell.
    low, high = np.empty((), INTP), np.empty((), INTP)
    axes = tuple(range(indices.ndim))

    def wrap() -> None:
        np.copyto(output, indices, casting="unsafe")
        np.minimum.reduce(output, axis=axes, out=low)
        np.maximum.reduce(output, axis=axes, out=high)
        smallest, largest = low.item(), high.item()
        if smallest < -size or largest >= size:
            raise IndexError(
                f"index {smallest if smallest < -size else largest} is out of range for an axis of size {size}"
            )
        if smallest < 0:
            np.less(output, 0, out=negative)
            np.add(output, size, out=output, where=negative)

    return wrap


wrap_index_p = Primitive("wrap_index", _wrap_infer, _wrap_bind, vjp=no_gradient, scratch=_wrap_scratch)


def wrap_index(indices: Any, size: int) -> Any:
    """Positions from 0 to ``size`` - 1, of dtype intp; negative indices count from the end, as in NumPy.

    Args:
        indices: integers, any shape.
        size: of the axis that they point into.

    Raises:
        IndexError: one is out of range. Concrete indices are checked at once, traced ones in each run: a run that
            meets one stops there, before anything that depends on it is computed.
        OperandError: the indices are no integers.
    """
    return apply(wrap_index_p, indices, size=size)


# --- gather ----------------------------------------------------------------------------------------------------------


def _check_positions(operation: str, x: ArrayType, positions: ArrayType, rank: int, axis: int) -> None:
    if not 0 <= axis < rank:
        raise OperandError(
            operation=operation, shapes=[x.shape, positions.shape], reason=f"axis {axis} is not one of its {rank} axes"
        )
    if positions.dtype != INTP:
        raise OperandError(
            operation=operation,
            shapes=[x.shape, positions.shape],
            reason=f"positions are {INTP.name}, not {positions.dtype.name}",
        )


def _gather_infer(x: ArrayType, positions: ArrayType, *, axis: int) -> tuple[ArrayType, ...]:
    _check_positions("gather", x, positions, x.ndim, axis)
    if positions.size and not x.shape[axis]:
        raise OperandError(
            operation="gather", shapes=[x.shape, positions.shape], reason="an empty axis has nothing to choose from"
        )
    return (ArrayType((*x.shape[:axis], *positions.shape, *x.shape[axis + 1 :]), x.dtype),)


def _gather_bind(inputs: Sequence[Array], outputs: Sequence[Array], scratch: Any, *, axis: int) -> Thunk:
    (x, fill_x), (positions, fill_positions) = staged(inputs[0]), staged(inputs[1])
    take = taken(x, positions, axis, outputs[0])
    fills = [fill for fill in (fill_x, fill_positions) if fill is not None]
    if not fills:
        return take

    def fill_and_take() -> None:
        for fill in fills:
            fill()
        take()

    return fill_and_take


def _gather_vjp(cotangents: Any, inputs: Sequence[Any], outputs: Any, *, axis: int) -> list[Any]:
    x, positions = inputs
    return [apply(scatter_add_p, cotangents[0], positions, axis=axis, size=x.shape[axis]), None]


gather_p = Primitive("gather", _gather_infer, _gather_bind, vjp=_gather_vjp)


# --- scatter_add -----------------------------------------------------------------------------------------------------


def _scatter_infer(updates: ArrayType, positions: ArrayType, *, axis: int, size: int) -> tuple[ArrayType, ...]:
    rank = updates.ndim - positions.ndim + 1
    _check_positions("scatter_add", updates, positions, rank, axis)
    if updates.shape[axis : axis + positions.ndim] != positions.shape:
        raise OperandError(
            operation="scatter_add",
            shapes=[updates.shape, positions.shape],
            reason=f"the axes of the positions must follow each other from axis {axis} on",
        )
    return (ArrayType((*updates.shape[:axis], size, *updates.shape[axis + positions.ndim :]), updates.dtype),)


def _scatter_layout(shape: tuple[int, ...], rank: int, axis: int) -> tuple[int, int, int, int, int]:
    """Updates as (outer, rows, inner), and how many of outer and of rows are added at a time."""
    outer, rows, inner = math.prod(shape[:axis]), math.prod(shape[axis : axis + rank]), math.prod(shape[axis + rank :])
    together = max(1, min(outer, SCATTER_ELEMENTS // max(rows * inner, 1)))
    at_once = rows if together > 1 else max(1, min(rows, SCATTER_ELEMENTS // max(inner, 1)))
    return outer, rows, inner, together, at_once


def _scatter_scratch(updates: ArrayType, positions: ArrayType, *, axis: int, size: int) -> list[ArrayType]:
    _, rows, inner, together, at_once = _scatter_layout(updates.shape, positions.ndim, axis)
    return [ArrayType((together, at_once, inner), INTP), ArrayType((rows,), INTP)]


def _scatter_bind(
    inputs: Sequence[Array], outputs: Sequence[Array], scratch: Sequence[Array], *, axis: int, size: int
) -> Thunk:
    """Zeros, then every update added in the order in which they come, so that sums do not depend on the machine.

    ``np.add.at`` is five times faster with one axis than with rows, so each number gets its own position in the output
    as one axis. What a run allocates is the iterator of ``np.add.at``: 5 KB, whatever the sizes.
    """
    (updates, fill_updates), (positions, fill_positions) = staged(inputs[0]), staged(inputs[1])
    output = outputs[0]
    if not updates.size:
        return partial(output.fill, 0)
    outer, rows, inner, together, at_once = _scatter_layout(updates.shape, positions.ndim, axis)
    fills = [fill for fill in (fill_updates, fill_positions) if fill is not None]
    starts = scratch[1]
    flat_updates, flat_output, flat_positions = updates.reshape(-1), output.reshape(-1), positions.reshape(-1)
    within = np.arange(inner, dtype=INTP)
    steps = []
    for first in range(0, outer, together):
        count = min(together, outer - first)
        part = flat_output[first * size * inner : (first + count) * size * inner]
        base = (np.arange(count, dtype=INTP) * (size * inner))[:, None, None] + within
        for row in range(0, rows, at_once):
            stop = min(row + at_once, rows)
            # Whole groups need their positions once, they are the same for the next group.
            known = bool(first) and at_once == rows and count == together
            where = scratch[0].reshape(-1)[: count * (stop - row) * inner]
            begin = first * rows * inner + row * inner
            steps.append(
                (
                    None if known else where.reshape(count, stop - row, inner),
                    base,
                    starts[row:stop, None],
                    part,
                    where,
                    flat_updates[begin : begin + where.size],
                )
            )

    def scatter() -> None:
        for fill in fills:
            fill()
        output.fill(0)
        np.multiply(flat_positions, inner, out=starts)
        for where, base, rows_of_step, part, flat, values in steps:
            if where is not None:
                np.add(base, rows_of_step, out=where)
            np.add.at(part, flat, values)

    return scatter


def _scatter_vjp(cotangents: Any, inputs: Sequence[Any], outputs: Any, *, axis: int, size: int) -> list[Any]:
    return [apply(gather_p, cotangents[0], inputs[1], axis=axis), None]


scatter_add_p = Primitive("scatter_add", _scatter_infer, _scatter_bind, vjp=_scatter_vjp, scratch=_scatter_scratch)


# --- one position per element ----------------------------------------------------------------------------------------


def flat_positions(positions: Any, shape: tuple[int, ...], axis: int) -> Any:
    """Positions along ``axis`` of an array of ``shape``, as positions in that array flattened.

    Args:
        positions: made by ``wrap_index``; the shape is ``shape`` except along ``axis``.
    """
    inner = math.prod(shape[axis + 1 :])
    offsets = np.zeros([1 if position == axis else size for position, size in enumerate(shape)], INTP)
    for position, size in enumerate(shape):
        if position != axis:
            step = np.arange(size, dtype=INTP) * math.prod(shape[position + 1 :])
            offsets += step.reshape([size if other == position else 1 for other in range(len(shape))])
    return positions * np.asarray(inner, INTP) + offsets


def gather_each(x: Any, positions: Any, axis: int) -> Any:
    """``np.take_along_axis`` for positions made by ``wrap_index``, equal in shape to ``x`` except along ``axis``."""
    return apply(gather_p, reshape(x, -1), flat_positions(positions, tuple(x.shape), axis), axis=0)


def scatter_each(updates: Any, positions: Any, shape: tuple[int, ...], axis: int) -> Any:
    """The transpose of ``gather_each``: an array of ``shape`` with each update added at its position."""
    flat = flat_positions(positions, shape, axis)
    added = apply(scatter_add_p, reshape(updates, -1), reshape(flat, -1), axis=0, size=math.prod(shape))
    return reshape(added, shape)
