"""Order: sorted values, and the positions that sort. NaN comes last, as in NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore.engine.primitive import Primitive, Thunk, no_gradient
from kcore.engine.primitives.indexing import INTP, scatter_each
from kcore.engine.tracing import apply
from kcore.engine.types import Array, ArrayType
from kcore.errors.engine import OperandError


def _check_axis(operation: str, x: ArrayType, axis: int) -> None:
    if not 0 <= axis < x.ndim:
        raise OperandError(operation=operation, shapes=[x.shape], reason=f"axis {axis} is not one of its {x.ndim} axes")


def _axis_last(x: ArrayType, axis: int) -> tuple[int, ...]:
    return (*x.shape[:axis], *x.shape[axis + 1 :], x.shape[axis])


# --- sort ------------------------------------------------------------------------------------------------------------


def _sort_infer(x: ArrayType, *, axis: int) -> tuple[ArrayType, ...]:
    _check_axis("sort", x, axis)
    return (x,)


def _sort_scratch(x: ArrayType, *, axis: int) -> list[ArrayType]:
    # NumPy sorts in place, without a buffer, along the last axis only.
    return [] if axis == x.ndim - 1 else [ArrayType(_axis_last(x, axis), x.dtype)]


def _sort_bind(inputs: Sequence[Array], outputs: Sequence[Array], scratch: Sequence[Array], *, axis: int) -> Thunk:
    x, output = np.moveaxis(inputs[0], axis, -1), np.moveaxis(outputs[0], axis, -1)
    work = scratch[0] if scratch else output

    def sort() -> None:
        np.copyto(work, x)
        work.sort(axis=-1)
        if work is not output:
            np.copyto(output, work)

    return sort


def _sort_vjp(cotangents: Any, inputs: Sequence[Any], outputs: Any, *, axis: int) -> list[Any]:
    (x,) = inputs
    return [scatter_each(cotangents[0], apply(argsort_p, x, axis=axis), tuple(x.shape), axis)]


sort_p = Primitive("sort", _sort_infer, _sort_bind, vjp=_sort_vjp, scratch=_sort_scratch)


# --- argsort ---------------------------------------------------------------------------------------------------------

LOW_BITS = np.int64(0xFFFFFFFF)


def _argsort_infer(x: ArrayType, *, axis: int) -> tuple[ArrayType, ...]:
    _check_axis("argsort", x, axis)
    return (ArrayType(x.shape, INTP),)


def _fits_beside_its_position(dtype: np.dtype[Any]) -> bool:
    return dtype.itemsize <= 4 and dtype != np.uint32


def _argsort_scratch(x: ArrayType, *, axis: int) -> list[ArrayType]:
    if not _fits_beside_its_position(x.dtype):
        return []
    shape = _axis_last(x, axis)
    keys = [ArrayType(shape, np.int64)]
    if x.dtype.kind == "f":
        keys += [ArrayType(shape, np.float32), ArrayType(shape, np.int32), ArrayType(shape, np.bool_)]
    return keys


def _argsort_bind(inputs: Sequence[Array], outputs: Sequence[Array], scratch: Sequence[Array], *, axis: int) -> Thunk:
    """A stable order.

    Values of up to 32 bits are packed with their position into one 64-bit integer, and those are sorted in place:
    stable, without allocating, and faster than an indirect sort. Values of 64 bits leave no room for the position;
    for them NumPy's argsort allocates the positions in every run.
    """
    x, output = np.moveaxis(inputs[0], axis, -1), np.moveaxis(outputs[0], axis, -1)
    if not _fits_beside_its_position(x.dtype):
        return lambda: np.copyto(output, np.argsort(x, axis=-1, kind="stable"))
    keys, *work = scratch
    places = np.arange(x.shape[-1], dtype=np.int64)

    def sort_and_unpack() -> None:
        np.left_shift(keys, 32, out=keys)
        np.bitwise_or(keys, places, out=keys)
        keys.sort(axis=-1)
        np.bitwise_and(keys, LOW_BITS, out=keys)
        np.copyto(output, keys)

    def of_integers() -> None:
        np.copyto(keys, x)
        sort_and_unpack()

    if not work:
        return of_integers
    number, sign, nan = work
    bits = number.view(np.int32)

    def of_floats() -> None:
        # The bits of a float, read as an integer, have its order when those of negative ones are inverted.
        np.add(x, np.float32(0), out=number)  # -0.0 becomes 0.0: the two are equal.
        np.isnan(number, out=nan)
        np.copyto(number, np.float32(np.nan), where=nan)
        np.right_shift(bits, 31, out=sign)
        np.bitwise_and(sign, np.int32(0x7FFFFFFF), out=sign)
        np.bitwise_xor(bits, sign, out=bits)
        np.copyto(keys, bits)
        sort_and_unpack()

    return of_floats


argsort_p = Primitive("argsort", _argsort_infer, _argsort_bind, vjp=no_gradient, scratch=_argsort_scratch)
