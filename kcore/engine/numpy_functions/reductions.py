"""Sums, extrema, moments and the positions of extrema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from kcore.engine.numpy_functions.signatures import NoValue, as_array, implements, keep, refuse
from kcore.engine.primitives import layout, reductions
from kcore.engine.primitives.elementwise import cast
from kcore.engine.tracing import apply, ufunc_reductions
from kcore.errors.engine import UnsupportedOperationError


def _reducer(name: str, primitive: Any) -> Callable[..., Any]:
    def reducer(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = NoValue, initial: Any = NoValue,
        where: Any = NoValue,
    ) -> Any:  # fmt: skip
        refuse(name, out=out, initial=initial, where=where)
        x = as_array(a)
        return reductions.reduce(primitive, x if dtype is None else cast(x, dtype), axis, keep(keepdims))

    return reducer


def _reducer_without_dtype(name: str, primitive: Any) -> Callable[..., Any]:
    def reducer(
        a: Any, axis: Any = None, out: Any = None, keepdims: Any = NoValue, initial: Any = NoValue,
        where: Any = NoValue,
    ) -> Any:  # fmt: skip
        refuse(name, out=out, initial=initial, where=where)
        return reductions.reduce(primitive, as_array(a), axis, keep(keepdims))

    return reducer


implements(np.sum)(_reducer("sum", reductions.sum_p))
implements(np.prod)(_reducer("prod", reductions.prod_p))
implements(np.max, np.amax)(_reducer_without_dtype("max", reductions.max_p))
implements(np.min, np.amin)(_reducer_without_dtype("min", reductions.min_p))
implements(np.any)(_reducer_without_dtype("any", reductions.any_p))
implements(np.all)(_reducer_without_dtype("all", reductions.all_p))


def _ufunc_reduction(name: str, primitive: Any) -> Callable[..., Any]:
    def reduce(a: Any, axis: Any = 0, dtype: Any = None, keepdims: bool = False, **rest: Any) -> Any:
        refuse(name, **rest)
        x = as_array(a)
        return reductions.reduce(primitive, x if dtype is None else cast(x, dtype), axis, keepdims)

    return reduce


for _ufunc, _primitive in {
    np.add: reductions.sum_p,
    np.multiply: reductions.prod_p,
    np.maximum: reductions.max_p,
    np.minimum: reductions.min_p,
    np.logical_or: reductions.any_p,
    np.logical_and: reductions.all_p,
}.items():
    ufunc_reductions[_ufunc] = _ufunc_reduction(f"{_ufunc.__name__}.reduce", _primitive)


def _count(x: Any, axis: Any) -> int:
    axes = reductions.normalize_axes("mean", axis, x.shape)
    return int(np.prod([x.shape[position] for position in axes], dtype=np.int64))


def _float(x: Any, dtype: Any = None) -> Any:
    if dtype is not None:
        return cast(x, dtype)
    return x if x.dtype.kind == "f" else cast(x, np.float64)


@implements(np.mean)
def _mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = NoValue, *, where: Any = NoValue
) -> Any:
    refuse("mean", out=out, where=where)
    x = _float(as_array(a), dtype)
    return reductions.reduce(reductions.sum_p, x, axis, keep(keepdims)) / _count(x, axis)


@implements(np.var)
def _var(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: int = 0, keepdims: Any = NoValue, **rest: Any
) -> Any:
    refuse("var", out=out, **rest)
    x = _float(as_array(a), dtype)
    deviation = x - _mean(x, axis, keepdims=True)
    return reductions.reduce(reductions.sum_p, np.square(deviation), axis, keep(keepdims)) / (_count(x, axis) - ddof)


@implements(np.std)
def _std(*args: Any, **kwargs: Any) -> Any:
    return np.sqrt(_var(*args, **kwargs))


def _arg_function(primitive: Any) -> Callable[..., Any]:
    def arg_function(a: Any, axis: int | None = None, out: Any = None, *, keepdims: Any = NoValue) -> Any:
        refuse(primitive.name, out=out)
        x = as_array(a)
        if axis is None:
            flat = apply(primitive, layout.reshape(x, -1), axis=0)
            return layout.reshape(flat, (1,) * len(x.shape)) if keep(keepdims) else flat
        position = normalize_axis_index(axis, len(x.shape))
        found = apply(primitive, x, axis=position)
        return np.expand_dims(found, position) if keep(keepdims) else found

    return arg_function


implements(np.argmax)(_arg_function(reductions.argmax_p))
implements(np.argmin)(_arg_function(reductions.argmin_p))


@implements(np.linalg.norm)
def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    array = _float(as_array(x))
    axes = reductions.normalize_axes("norm", axis, array.shape)
    if ord is None or (len(axes) == 1 and ord == 2) or (len(axes) == 2 and ord == "fro"):
        squares = reductions.reduce(reductions.sum_p, np.square(array), axes, keepdims)
        # The slope of the root at 0 is infinite; the norm of zeros has the gradient 0 there, as in PyTorch.
        some = squares > 0
        return np.where(some, np.sqrt(np.where(some, squares, np.ones_like(squares))), squares)
    if len(axes) == 1 and ord == 1:
        return reductions.reduce(reductions.sum_p, np.abs(array), axes, keepdims)
    if len(axes) == 1 and ord in (np.inf, -np.inf):
        extremum = reductions.max_p if ord > 0 else reductions.min_p
        return reductions.reduce(extremum, np.abs(array), axes, keepdims)
    raise UnsupportedOperationError(
        operation=f"np.linalg.norm with ord={ord!r} over {len(axes)} axes",
        advice="Traced are the Euclidean norm over any axes, and over one axis also ord=1, inf and -inf.",
    )
