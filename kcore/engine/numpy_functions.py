"""NumPy's functions on traced arrays, as compositions of primitives."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from kcore.engine.array_interface import ArrayInterface
from kcore.engine.primitives import layout, reductions
from kcore.engine.primitives.elementwise import cast, select_p
from kcore.engine.primitives.matmul import matmul
from kcore.engine.tracing import apply, function_table, is_traced, ufunc_reductions, ufunc_table, weak_scalars
from kcore.errors.engine import OperandError, UnsupportedOperationError

NoValue: Any = np._NoValue


def _implements(*functions: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(implementation: Callable[..., Any]) -> Callable[..., Any]:
        for function in functions:
            function_table[function] = implementation
        return implementation

    return register


def _array(x: Any) -> Any:
    return x if isinstance(x, ArrayInterface) else np.asarray(x)


def _refuse(name: str, **arguments: Any) -> None:
    """Arguments that write into arrays or mask a reduction have no traced form."""
    for key, value in arguments.items():
        if value is not None and value is not NoValue:
            raise UnsupportedOperationError(
                operation=f"np.{name}",
                reason=f"the argument {key!r} has no traced form",
                advice="Use np.where and a reduction without it.",
            )


def _keep(keepdims: Any) -> bool:
    return keepdims is not NoValue and bool(keepdims)


# --- reductions ------------------------------------------------------------------------------------------------------


def _reducer(name: str, primitive: Any) -> Callable[..., Any]:
    def reducer(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = NoValue, initial: Any = NoValue,
        where: Any = NoValue,
    ) -> Any:  # fmt: skip
        _refuse(name, out=out, initial=initial, where=where)
        x = _array(a)
        return reductions.reduce(primitive, x if dtype is None else cast(x, dtype), axis, _keep(keepdims))

    return reducer


def _reducer_without_dtype(name: str, primitive: Any) -> Callable[..., Any]:
    def reducer(
        a: Any, axis: Any = None, out: Any = None, keepdims: Any = NoValue, initial: Any = NoValue,
        where: Any = NoValue,
    ) -> Any:  # fmt: skip
        _refuse(name, out=out, initial=initial, where=where)
        return reductions.reduce(primitive, _array(a), axis, _keep(keepdims))

    return reducer


_implements(np.sum)(_reducer("sum", reductions.sum_p))
_implements(np.prod)(_reducer("prod", reductions.prod_p))
_implements(np.max, np.amax)(_reducer_without_dtype("max", reductions.max_p))
_implements(np.min, np.amin)(_reducer_without_dtype("min", reductions.min_p))
_implements(np.any)(_reducer_without_dtype("any", reductions.any_p))
_implements(np.all)(_reducer_without_dtype("all", reductions.all_p))


def _ufunc_reduction(name: str, primitive: Any) -> Callable[..., Any]:
    def reduce(a: Any, axis: Any = 0, dtype: Any = None, keepdims: bool = False, **rest: Any) -> Any:
        _refuse(name, **rest)
        x = _array(a)
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


@_implements(np.mean)
def _mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = NoValue, *, where: Any = NoValue
) -> Any:
    _refuse("mean", out=out, where=where)
    x = _float(_array(a), dtype)
    return reductions.reduce(reductions.sum_p, x, axis, _keep(keepdims)) / _count(x, axis)


@_implements(np.var)
def _var(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: int = 0, keepdims: Any = NoValue, **rest: Any
) -> Any:
    _refuse("var", out=out, **rest)
    x = _float(_array(a), dtype)
    deviation = x - _mean(x, axis, keepdims=True)
    return reductions.reduce(reductions.sum_p, np.square(deviation), axis, _keep(keepdims)) / (_count(x, axis) - ddof)


@_implements(np.std)
def _std(*args: Any, **kwargs: Any) -> Any:
    return np.sqrt(_var(*args, **kwargs))


def _arg_function(primitive: Any) -> Callable[..., Any]:
    def arg_function(a: Any, axis: int | None = None, out: Any = None, *, keepdims: Any = NoValue) -> Any:
        _refuse(primitive.name, out=out)
        x = _array(a)
        if axis is None:
            flat = apply(primitive, layout.reshape(x, -1), axis=0)
            return layout.reshape(flat, (1,) * len(x.shape)) if _keep(keepdims) else flat
        position = normalize_axis_index(axis, len(x.shape))
        found = apply(primitive, x, axis=position)
        return np.expand_dims(found, position) if _keep(keepdims) else found

    return arg_function


_implements(np.argmax)(_arg_function(reductions.argmax_p))
_implements(np.argmin)(_arg_function(reductions.argmin_p))


# --- shape and layout ------------------------------------------------------------------------------------------------


@_implements(np.shape)
def _shape(a: Any) -> tuple[int, ...]:
    return tuple(a.shape)


@_implements(np.ndim)
def _ndim(a: Any) -> int:
    return len(a.shape)


@_implements(np.size)
def _size(a: Any, axis: int | None = None) -> int:
    return a.size if axis is None else a.shape[axis]  # type: ignore[no-any-return]


@_implements(np.reshape)
def _reshape(a: Any, /, shape: Any = None, order: str = "C", *, newshape: Any = None, copy: Any = None) -> Any:
    if order != "C":
        raise UnsupportedOperationError(
            operation="np.reshape", reason=f"order={order!r} has no traced form", advice="Transpose first."
        )
    return layout.reshape(_array(a), newshape if shape is None else shape)


@_implements(np.ravel)
def _ravel(a: Any, order: str = "C") -> Any:
    return _reshape(a, -1, order)


@_implements(np.transpose)
def _transpose(a: Any, axes: Any = None) -> Any:
    return layout.transpose(_array(a), axes)


@_implements(np.swapaxes)
def _swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    x = _array(a)
    order = list(range(len(x.shape)))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return layout.transpose(x, order)


@_implements(np.moveaxis)
def _moveaxis(a: Any, source: Any, destination: Any) -> Any:
    x = _array(a)
    sources = normalize_axis_tuple(source, len(x.shape))
    targets = normalize_axis_tuple(destination, len(x.shape))
    order = [axis for axis in range(len(x.shape)) if axis not in sources]
    for target, origin in sorted(zip(targets, sources, strict=True)):
        order.insert(target, origin)
    return layout.transpose(x, order)


@_implements(np.expand_dims)
def _expand_dims(a: Any, axis: Any) -> Any:
    x = _array(a)
    axes = axis if isinstance(axis, list | tuple) else (axis,)
    positions = normalize_axis_tuple(axes, len(x.shape) + len(axes))
    sizes = iter(x.shape)
    return layout.reshape(
        x, [1 if position in positions else next(sizes) for position in range(len(x.shape) + len(axes))]
    )


@_implements(np.squeeze)
def _squeeze(a: Any, axis: Any = None) -> Any:
    x = _array(a)
    if axis is None:
        return layout.reshape(x, [size for size in x.shape if size != 1])
    axes = reductions.normalize_axes("squeeze", axis, x.shape)
    if any(x.shape[position] != 1 for position in axes):
        raise OperandError(operation="squeeze", shapes=[x.shape], reason=f"axes {axes} are not all of size 1")
    return layout.reshape(x, [size for position, size in enumerate(x.shape) if position not in axes])


@_implements(np.broadcast_to)
def _broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    sizes = (shape,) if isinstance(shape, int) else tuple(int(size) for size in shape)
    x = _array(array)
    return x if tuple(x.shape) == sizes else apply(layout.broadcast_p, x, shape=sizes)


@_implements(np.concatenate)
def _concatenate(arrays: Sequence[Any], /, axis: int | None = 0, out: Any = None, **rest: Any) -> Any:
    _refuse("concatenate", out=out, **rest)
    parts = [_array(part) for part in arrays]
    if axis is None:
        parts, axis = [layout.reshape(part, -1) for part in parts], 0
    return apply(layout.concatenate_p, *parts, axis=normalize_axis_index(axis, len(parts[0].shape)))


@_implements(np.stack)
def _stack(arrays: Sequence[Any], axis: int = 0, out: Any = None, **rest: Any) -> Any:
    _refuse("stack", out=out, **rest)
    return _concatenate([np.expand_dims(part, axis) for part in arrays], axis=axis)


@_implements(np.split)
def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    x = _array(ary)
    position = normalize_axis_index(axis, len(x.shape))
    length = x.shape[position]
    if isinstance(indices_or_sections, int | np.integer):
        if length % indices_or_sections:
            raise OperandError(
                operation="split", shapes=[x.shape], reason=f"{length} is no multiple of {indices_or_sections}"
            )
        step = length // int(indices_or_sections)
        cuts = list(range(step, length, step))
    else:
        cuts = [int(cut) for cut in indices_or_sections]
    lead = (slice(None),) * position
    return [x[(*lead, slice(start, stop))] for start, stop in zip([0, *cuts], [*cuts, length], strict=True)]


@_implements(np.flip)
def _flip(m: Any, axis: Any = None) -> Any:
    x = _array(m)
    axes = reductions.normalize_axes("flip", axis, x.shape)
    return x[tuple(slice(None, None, -1 if position in axes else None) for position in range(len(x.shape)))]


@_implements(np.pad)
def _pad(array: Any, pad_width: Any, mode: str = "constant", **options: Any) -> Any:
    value = options.pop("constant_values", 0)
    if mode != "constant" or options or not np.isscalar(value):
        raise UnsupportedOperationError(
            operation="np.pad",
            reason="only mode='constant' with one value has a traced form",
            advice="Concatenate the border instead.",
        )
    x = _array(array)
    widths = np.broadcast_to(np.asarray(pad_width), (len(x.shape), 2)).tolist()
    if any(width < 0 for pair in widths for width in pair):
        raise OperandError(operation="pad", shapes=[x.shape], reason=f"the widths {widths} are not all positive or 0")
    shape = tuple(size + low + high for size, (low, high) in zip(x.shape, widths, strict=True))
    region = tuple((low, size, 1) for size, (low, _) in zip(x.shape, widths, strict=True))
    placed = apply(layout.place_p, x, region=region, shape=shape)
    if value == 0:
        return placed
    inside = np.zeros(shape, np.bool_)
    inside[tuple(slice(low, low + size) for low, size, _ in region)] = True
    return np.where(inside, placed, np.asarray(value, x.dtype))


@_implements(np.ndarray.__getitem__)
def _getitem(x: Any, index: Any) -> Any:
    items = list(index) if isinstance(index, tuple) else [index]
    for item in items:
        if not (item is None or item is Ellipsis or isinstance(item, slice)) and not _is_integer(item):
            raise UnsupportedOperationError(
                operation="indexing",
                reason="only integers, slices, ... and None have a traced form as index",
                advice="Select with np.where, or multiply with kcore.ops.one_hot(indices, size).",
            )
    if items.count(Ellipsis) > 1:
        raise IndexError("an index can hold ... only once")
    used = sum(item is not None and item is not Ellipsis for item in items)
    ndim = len(x.shape)
    if used > ndim:
        raise IndexError(f"{used} indices for an array with {ndim} axes, shape {tuple(x.shape)}")
    if Ellipsis not in items:
        items.append(Ellipsis)
    place = items.index(Ellipsis)
    items[place : place + 1] = [slice(None)] * (ndim - used)
    region: list[tuple[int, int, int]] = []
    shape: list[int] = []
    for item in items:
        if item is None:
            shape.append(1)
            continue
        size = x.shape[len(region)]
        if isinstance(item, slice):
            start, stop, step = item.indices(size)
            count = len(range(start, stop, step))
            region.append((start if count else 0, count, step if count else 1))
            shape.append(count)
        else:
            position = operator.index(item)
            if not -size <= position < size:
                raise IndexError(f"index {position} is out of range for axis {len(region)} of size {size}")
            region.append((position % size, 1, 1))
    whole = all(entry == (0, size, 1) for entry, size in zip(region, x.shape, strict=True))
    return layout.reshape(x if whole else apply(layout.slice_p, x, region=tuple(region)), shape)


def _is_integer(item: Any) -> bool:
    return isinstance(item, int | np.integer) and not isinstance(item, bool | np.bool_)


# --- values ----------------------------------------------------------------------------------------------------------


@_implements(np.ndarray.astype)
def _astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    return cast(_array(x), dtype)


if hasattr(np, "astype"):
    function_table[np.astype] = _astype


@_implements(np.where)
def _where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    if x is None or y is None:
        raise UnsupportedOperationError(
            operation="np.where with one argument",
            reason="the shape of its result depends on values",
            advice="Use np.where(condition, a, b).",
        )
    x, y = map(_array, weak_scalars(np.add, (x, y)) if is_traced(x) or is_traced(y) else (x, y))
    mask, dtype = _array(condition), np.result_type(x.dtype, y.dtype)
    return apply(select_p, mask if mask.dtype == np.bool_ else mask != 0, cast(x, dtype), cast(y, dtype))


@_implements(np.clip)
def _clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, **rest: Any) -> Any:
    low, high = rest.pop("min", a_min), rest.pop("max", a_max)
    _refuse("clip", out=out, **rest)
    result = _array(a)
    if low is not None and low is not NoValue:
        result = np.maximum(result, low)
    return result if high is None or high is NoValue else np.minimum(result, high)


@_implements(np.round, np.around)
def _round(a: Any, decimals: int = 0, out: Any = None) -> Any:
    _refuse("round", out=out)
    x = _array(a)
    if x.dtype.kind != "f":
        return x if decimals >= 0 else cast(np.rint(x * 10.0**decimals) / 10.0**decimals, x.dtype)
    return np.rint(x) if decimals == 0 else np.rint(x * 10.0**decimals) / 10.0**decimals


@_implements(np.full_like)
def _full_like(
    a: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, **rest: Any
) -> Any:
    _refuse("full_like", **rest)
    scalar = cast(_array(fill_value), a.dtype if dtype is None else dtype)
    # A scalar repeated by a view costs nothing, whatever the shape.
    return np.broadcast_to(scalar, a.shape if shape is None else shape)


@_implements(np.zeros_like)
def _zeros_like(a: Any, *args: Any, **kwargs: Any) -> Any:
    return _full_like(a, 0, *args, **kwargs)


@_implements(np.ones_like)
def _ones_like(a: Any, *args: Any, **kwargs: Any) -> Any:
    return _full_like(a, 1, *args, **kwargs)


@_implements(np.copy)
def _copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    return a


@_implements(np.result_type)
def _result_type(*operands: Any) -> Any:
    return np.result_type(*(item.dtype if isinstance(item, ArrayInterface) else item for item in operands))


@_implements(np.dot)
def _dot(a: Any, b: Any, out: Any = None) -> Any:
    _refuse("dot", out=out)
    x, y = _array(a), _array(b)
    if not x.shape or not y.shape:
        return x * y
    if len(y.shape) <= 2:
        return matmul(x, y)
    lead = (*x.shape[:-1], *y.shape[:-2], y.shape[-1])
    moved = np.reshape(np.moveaxis(y, -2, 0), (y.shape[-2], -1))
    return np.reshape(matmul(np.reshape(x, (-1, x.shape[-1])), moved), lead)


def _matmul(a: Any, b: Any) -> Any:
    return matmul(_array(a), _array(b))


ufunc_table[np.matmul] = _matmul


@_implements(np.outer)
def _outer(a: Any, b: Any, out: Any = None) -> Any:
    _refuse("outer", out=out)
    return np.reshape(a, (-1, 1)) * np.reshape(b, (1, -1))
