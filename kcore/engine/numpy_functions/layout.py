"""Shapes: renaming, reordering, repeating, joining and cutting axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from kcore.engine.numpy_functions.signatures import as_array, implements, refuse
from kcore.engine.primitives import layout, reductions
from kcore.engine.tracing import apply
from kcore.errors.engine import OperandError, UnsupportedOperationError


@implements(np.shape)
def _shape(a: Any) -> tuple[int, ...]:
    return tuple(a.shape)


@implements(np.ndim)
def _ndim(a: Any) -> int:
    return len(a.shape)


@implements(np.size)
def _size(a: Any, axis: int | None = None) -> int:
    return a.size if axis is None else a.shape[axis]  # type: ignore[no-any-return]


@implements(np.reshape)
def _reshape(a: Any, /, shape: Any = None, order: str = "C", *, newshape: Any = None, copy: Any = None) -> Any:
    if order != "C":
        raise UnsupportedOperationError(
            operation="np.reshape", reason=f"order={order!r} has no traced form", advice="Transpose first."
        )
    return layout.reshape(as_array(a), newshape if shape is None else shape)


@implements(np.ravel)
def _ravel(a: Any, order: str = "C") -> Any:
    return _reshape(a, -1, order)


@implements(np.transpose)
def _transpose(a: Any, axes: Any = None) -> Any:
    return layout.transpose(as_array(a), axes)


@implements(np.swapaxes)
def _swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    x = as_array(a)
    order = list(range(len(x.shape)))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return layout.transpose(x, order)


@implements(np.moveaxis)
def _moveaxis(a: Any, source: Any, destination: Any) -> Any:
    x = as_array(a)
    sources = normalize_axis_tuple(source, len(x.shape))
    targets = normalize_axis_tuple(destination, len(x.shape))
    order = [axis for axis in range(len(x.shape)) if axis not in sources]
    for target, origin in sorted(zip(targets, sources, strict=True)):
        order.insert(target, origin)
    return layout.transpose(x, order)


@implements(np.expand_dims)
def _expand_dims(a: Any, axis: Any) -> Any:
    x = as_array(a)
    axes = axis if isinstance(axis, list | tuple) else (axis,)
    positions = normalize_axis_tuple(axes, len(x.shape) + len(axes))
    sizes = iter(x.shape)
    return layout.reshape(
        x, [1 if position in positions else next(sizes) for position in range(len(x.shape) + len(axes))]
    )


@implements(np.squeeze)
def _squeeze(a: Any, axis: Any = None) -> Any:
    x = as_array(a)
    if axis is None:
        return layout.reshape(x, [size for size in x.shape if size != 1])
    axes = reductions.normalize_axes("squeeze", axis, x.shape)
    if any(x.shape[position] != 1 for position in axes):
        raise OperandError(operation="squeeze", shapes=[x.shape], reason=f"axes {axes} are not all of size 1")
    return layout.reshape(x, [size for position, size in enumerate(x.shape) if position not in axes])


@implements(np.broadcast_to)
def _broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    sizes = (shape,) if isinstance(shape, int) else tuple(int(size) for size in shape)
    x = as_array(array)
    return x if tuple(x.shape) == sizes else apply(layout.broadcast_p, x, shape=sizes)


@implements(np.concatenate)
def _concatenate(arrays: Sequence[Any], /, axis: int | None = 0, out: Any = None, **rest: Any) -> Any:
    refuse("concatenate", out=out, **rest)
    parts = [as_array(part) for part in arrays]
    if axis is None:
        parts, axis = [layout.reshape(part, -1) for part in parts], 0
    return apply(layout.concatenate_p, *parts, axis=normalize_axis_index(axis, len(parts[0].shape)))


@implements(np.stack)
def _stack(arrays: Sequence[Any], axis: int = 0, out: Any = None, **rest: Any) -> Any:
    refuse("stack", out=out, **rest)
    return _concatenate([np.expand_dims(part, axis) for part in arrays], axis=axis)


@implements(np.split)
def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    x = as_array(ary)
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


@implements(np.flip)
def _flip(m: Any, axis: Any = None) -> Any:
    x = as_array(m)
    axes = reductions.normalize_axes("flip", axis, x.shape)
    return x[tuple(slice(None, None, -1 if position in axes else None) for position in range(len(x.shape)))]


@implements(np.pad)
def _pad(array: Any, pad_width: Any, mode: str = "constant", **options: Any) -> Any:
    value = options.pop("constant_values", 0)
    if mode != "constant" or options or not np.isscalar(value):
        raise UnsupportedOperationError(
            operation="np.pad",
            reason="only mode='constant' with one value has a traced form",
            advice="Concatenate the border instead.",
        )
    x = as_array(array)
    widths = np.broadcast_to(np.asarray(pad_width), (len(x.shape), 2)).tolist()
    if any(width < 0 for pair in widths for width in pair):
        raise OperandError(operation="pad", shapes=[x.shape], reason=f"the widths {widths} are not all positive or 0")
    shape = tuple(size + low + high for size, (low, high) in zip(x.shape, widths, strict=True))
    region = tuple((low, size, 1) for size, (low, _) in zip(x.shape, widths, strict=True))
    placed = apply(layout.place_p, x, regions=(region,), shape=shape)
    if value == 0:
        return placed
    inside = np.zeros(shape, np.bool_)
    inside[tuple(slice(low, low + size) for low, size, _ in region)] = True
    return np.where(inside, placed, np.asarray(value, x.dtype))
