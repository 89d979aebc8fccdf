"""Reductions along axes, as in NumPy: ``axis`` may be negative, a tuple, or None for all."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from kcore.engine.primitive import Primitive, Thunk, no_gradient
from kcore.engine.primitives.calls import reduced
from kcore.engine.primitives.elementwise import cast
from kcore.engine.primitives.layout import reshape, transpose
from kcore.engine.primitives.windows import staged
from kcore.engine.tracing import apply
from kcore.engine.types import Array, ArrayType
from kcore.errors.engine import OperandError


def normalize_axes(operation: str, axis: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """``axis`` as a sorted tuple of non-negative numbers."""
    if axis is None:
        return tuple(range(len(shape)))
    try:
        return tuple(sorted(normalize_axis_tuple(axis, len(shape))))
    except (ValueError, TypeError) as error:
        raise OperandError(operation=operation, shapes=[shape], reason=str(error)) from None


def _reduced_shape(shape: tuple[int, ...], axes: tuple[int, ...], keepdims: bool) -> tuple[int, ...]:
    if keepdims:
        return tuple(1 if axis in axes else size for axis, size in enumerate(shape))
    return tuple(size for axis, size in enumerate(shape) if axis not in axes)


def _spread(reduced: Any, like: Any, axes: tuple[int, ...]) -> Any:
    """A reduced array with its axes put back as 1, so that it broadcasts against ``like``."""
    return np.reshape(reduced, _reduced_shape(like.shape, axes, True))


def _reduction(name: str, ufunc: np.ufunc, dtype: Callable[[np.dtype[Any]], Any], vjp: Any) -> Primitive:
    def infer(x: ArrayType, *, axes: tuple[int, ...], keepdims: bool) -> tuple[ArrayType, ...]:
        if ufunc.identity is None and any(x.shape[axis] == 0 for axis in axes):
            raise OperandError(operation=name, shapes=[x.shape], reason="an empty axis has no such value")
        return (ArrayType(_reduced_shape(x.shape, axes, keepdims), dtype(x.dtype)),)

    def bind(
        inputs: Sequence[Array], outputs: Sequence[Array], scratch: Any, *, axes: tuple[int, ...], keepdims: bool
    ) -> Thunk:
        return reduced(ufunc, inputs[0], axes, outputs[0], keepdims)

    return Primitive(name, infer, bind, vjp=vjp)


def _sum_vjp(cotangents: Any, inputs: Sequence[Any], outputs: Any, *, axes: tuple[int, ...], keepdims: bool) -> Any:
    (x,) = inputs
    return [np.broadcast_to(_spread(cotangents[0], x, axes), x.shape)]


def _extremum_vjp(
    cotangents: Any, inputs: Sequence[Any], outputs: Sequence[Any], *, axes: tuple[int, ...], keepdims: bool
) -> Any:
    # Elements that tie for the extremum share the gradient evenly.
    (x,) = inputs
    hit = cast(x == _spread(outputs[0], x, axes), x.dtype)
    return [hit * _spread(cotangents[0], x, axes) / np.sum(hit, axis=axes, keepdims=True)]


def _prod_vjp(
    cotangents: Any, inputs: Sequence[Any], outputs: Sequence[Any], *, axes: tuple[int, ...], keepdims: bool
) -> Any:
    # d(prod)/dx_i = prod of the others, multiplied without dividing by x_i, which may be 0.
    (x,) = inputs
    order = tuple(axis for axis in range(x.ndim) if axis not in axes) + axes
    moved = transpose(x, order)
    length = math.prod(x.shape[axis] for axis in axes)
    others = reshape(_product_of_others(reshape(moved, (x.size // max(length, 1), length))), moved.shape)
    return [_spread(cotangents[0], x, axes) * transpose(others, tuple(int(axis) for axis in np.argsort(order)))]


def _product_of_others(rows: Any) -> Any:
    """The product of all other elements of the row, in log2(length) steps of doubling span (Hillis and Steele)."""
    length = rows.shape[1]
    ones = np.broadcast_to(np.ones((), rows.dtype), (rows.shape[0], length))
    before = np.concatenate([ones[:, :1], rows[:, :-1]], axis=1)
    after = np.concatenate([rows[:, 1:], ones[:, :1]], axis=1)
    span = 1
    while span < length:
        before = before * np.concatenate([ones[:, :span], before[:, :-span]], axis=1)
        after = after * np.concatenate([after[:, span:], ones[:, :span]], axis=1)
        span *= 2
    return before * after


def _same(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return dtype


def _widened(dtype: np.dtype[Any]) -> np.dtype[Any]:
    # NumPy sums bool and small integers in the platform's integer.
    total: np.dtype[Any] = np.add.reduce(np.empty(0, dtype)).dtype
    return total


sum_p = _reduction("sum", np.add, _widened, _sum_vjp)
prod_p = _reduction("prod", np.multiply, _widened, _prod_vjp)
max_p = _reduction("max", np.maximum, _same, _extremum_vjp)
min_p = _reduction("min", np.minimum, _same, _extremum_vjp)
any_p = _reduction("any", np.logical_or, lambda dtype: np.bool_, no_gradient)
all_p = _reduction("all", np.logical_and, lambda dtype: np.bool_, no_gradient)


def reduce(primitive: Primitive, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Apply one of this module's reductions along ``axis``."""
    axes = normalize_axes(primitive.name, axis, x.shape)
    # In the dtype of the result: a reduction that converts allocates a buffer every time.
    if primitive in (any_p, all_p):
        x = x if x.dtype == np.bool_ else x != 0
    elif primitive in (sum_p, prod_p):
        x = cast(x, _widened(x.dtype))
    return apply(primitive, x, axes=axes, keepdims=bool(keepdims))


def _arg_reduction(name: str, function: Callable[..., Any]) -> Primitive:
    def infer(x: ArrayType, *, axis: int) -> tuple[ArrayType, ...]:
        if x.shape[axis] == 0:
            raise OperandError(operation=name, shapes=[x.shape], reason="an empty axis has no such position")
        return (ArrayType(_reduced_shape(x.shape, (axis,), False), np.intp),)

    def bind(inputs: Sequence[Array], outputs: Sequence[Array], scratch: Any, *, axis: int) -> Thunk:
        # NumPy copies what is not contiguous with the axis last; so that happens in a buffer that stays.
        x, fill = staged(np.moveaxis(inputs[0], axis, -1))
        search = partial(function, x, axis=-1, out=outputs[0])
        if fill is None:
            return search

        def fill_and_search() -> None:
            fill()
            search()

        return fill_and_search

    return Primitive(name, infer, bind, vjp=no_gradient)


argmax_p = _arg_reduction("argmax", np.argmax)
argmin_p = _arg_reduction("argmin", np.argmin)
