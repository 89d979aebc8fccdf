"""Choosing elements by position: basic slices, and integer arrays along one axis."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from kcore.engine.array_interface import ArrayInterface
from kcore.engine.numpy_functions.signatures import as_array, implements, refuse
from kcore.engine.primitives import layout
from kcore.engine.primitives.elementwise import cast
from kcore.engine.primitives.indexing import gather_each, gather_p, wrap_index
from kcore.engine.tracing import apply
from kcore.errors.engine import OperandError, UnsupportedOperationError


@implements(np.ndarray.__getitem__)
def _getitem(x: Any, index: Any) -> Any:
    items = [_as_item(item) for item in (index if isinstance(index, tuple) else (index,))]
    if sum(item is Ellipsis for item in items) > 1:
        raise IndexError("an index can hold ... only once")
    used = sum(item is not None and item is not Ellipsis for item in items)
    ndim = len(x.shape)
    if used > ndim:
        raise IndexError(f"{used} indices for an array with {ndim} axes, shape {tuple(x.shape)}")
    if not any(item is Ellipsis for item in items):
        items.append(Ellipsis)
    together = _arrays_and_numbers_are_neighbours(items)
    place = next(position for position, item in enumerate(items) if item is Ellipsis)
    items[place : place + 1] = [slice(None)] * (ndim - used)
    region: list[tuple[int, int, int]] = []
    shape: list[int] = []
    chosen, axis = None, 0
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
        elif _is_integer(item):
            position = operator.index(item)
            if not -size <= position < size:
                raise IndexError(f"index {position} is out of range for axis {len(region)} of size {size}")
            region.append((position % size, 1, 1))
        else:
            chosen, axis = item, len(shape)
            region.append((0, size, 1))
            shape.append(size)
    whole = all(entry == (0, size, 1) for entry, size in zip(region, x.shape, strict=True))
    part = layout.reshape(x if whole else apply(layout.slice_p, x, region=tuple(region)), shape)
    if chosen is None:
        return part
    found = take_along(part, chosen, axis)
    rank = len(chosen.shape)
    # As NumPy has it: with a slice between the array and a number, the array's axes come first.
    return found if together else np.moveaxis(found, range(axis, axis + rank), range(rank))


def _as_item(item: Any) -> Any:
    """A part of an index: None, ..., a slice, a number or an array of integers."""
    if item is None or item is Ellipsis or isinstance(item, slice) or _is_integer(item):
        return item
    array = (
        item
        if isinstance(item, ArrayInterface)
        else np.asarray(item, np.intp if isinstance(item, list) and not item else None)
    )
    if array.dtype.kind not in "iu":
        raise _refused()
    return array


def _refused() -> UnsupportedOperationError:
    return UnsupportedOperationError(
        operation="indexing",
        reason="only integers, slices, ..., None and one array of integers have a traced form as index",
        advice="Select with np.where, or index one axis after the other with np.take and np.take_along_axis.",
    )


def _arrays_and_numbers_are_neighbours(items: list[Any]) -> bool:
    """Whether no slice, None or ... lies between the array and a number; there can be one array only."""
    advanced = [place for place, item in enumerate(items) if _is_integer(item) or _is_array(item)]
    if sum(_is_array(items[place]) for place in advanced) > 1:
        raise _refused()
    return not advanced or advanced[-1] - advanced[0] == len(advanced) - 1


def _is_integer(item: Any) -> bool:
    return isinstance(item, int | np.integer) and not isinstance(item, bool | np.bool_)


def _is_array(item: Any) -> bool:
    return isinstance(item, ArrayInterface | np.ndarray)


def take_along(x: Any, indices: Any, axis: int) -> Any:
    """``np.take`` along one axis, counted from 0; negative indices count from the end.

    Raises:
        IndexError: an index is out of range: at once where the indices are concrete, else in the run that meets it.
        OperandError: the indices are no integers.
    """
    return apply(gather_p, x, wrap_index(indices, x.shape[axis]), axis=axis)


@implements(np.take)
def _take(a: Any, indices: Any, axis: int | None = None, out: Any = None, mode: str = "raise") -> Any:
    refuse("take", out=out)
    x, positions = as_array(a), as_array(indices)
    if axis is None:
        x, axis = layout.reshape(x, -1), 0
    axis = normalize_axis_index(axis, len(x.shape))
    if not positions.size and not isinstance(positions, ArrayInterface):
        positions = positions.astype(np.intp)
    if mode != "raise" and positions.dtype.kind in "iu":
        size, positions = x.shape[axis], cast(positions, np.intp)
        positions = np.clip(positions, 0, size - 1) if mode == "clip" else np.remainder(positions, size)
    return take_along(x, positions, axis)


@implements(np.take_along_axis)
def _take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    x, positions = as_array(arr), as_array(indices)
    if axis is None:
        x, axis = layout.reshape(x, -1), 0
    axis = normalize_axis_index(axis, len(x.shape))
    if len(x.shape) != len(positions.shape):
        raise OperandError(
            operation="take_along_axis",
            shapes=[x.shape, positions.shape],
            reason="the indices must have as many axes as the array",
        )
    lengths = x.shape[axis], positions.shape[axis]
    try:
        common = np.broadcast_shapes(_with(x.shape, axis, 1), _with(positions.shape, axis, 1))
    except ValueError:
        raise OperandError(
            operation="take_along_axis",
            shapes=[x.shape, positions.shape],
            reason=f"all axes except axis {axis} must agree or be 1",
        ) from None
    x = np.broadcast_to(x, _with(common, axis, lengths[0]))
    positions = np.broadcast_to(wrap_index(positions, lengths[0]), _with(common, axis, lengths[1]))
    return gather_each(x, positions, axis)


def _with(shape: tuple[int, ...], axis: int, size: int) -> tuple[int, ...]:
    return (*shape[:axis], size, *shape[axis + 1 :])


@implements(np.repeat)
def _repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    if isinstance(repeats, ArrayInterface):
        raise UnsupportedOperationError(
            operation="np.repeat with traced counts",
            reason="the shape of its result depends on values",
            advice="Give the counts as numbers, or as a NumPy array.",
        )
    x, counts = as_array(a), np.asarray(repeats)
    if axis is None:
        x, axis = layout.reshape(x, -1), 0
    axis = normalize_axis_index(axis, len(x.shape))
    if counts.size != 1:
        return take_along(x, np.repeat(np.arange(x.shape[axis]), counts), axis)
    count = int(counts.reshape(()))
    # Each element becomes a row of equal ones: a view, up to the last step.
    apart = layout.reshape(x, (*x.shape[: axis + 1], 1, *x.shape[axis + 1 :]))
    spread = np.broadcast_to(apart, (*x.shape[: axis + 1], count, *x.shape[axis + 1 :]))
    return layout.reshape(spread, _with(x.shape, axis, x.shape[axis] * count))


@implements(np.tile)
def _tile(A: Any, reps: Any) -> Any:
    x = as_array(A)
    counts = (int(reps),) if np.ndim(reps) == 0 else tuple(int(count) for count in reps)
    rank = max(len(counts), len(x.shape))
    counts = (1,) * (rank - len(counts)) + counts
    shape = (1,) * (rank - len(x.shape)) + tuple(x.shape)
    apart = layout.reshape(x, [size for length in shape for size in (1, length)])
    spread = np.broadcast_to(apart, tuple(size for pair in zip(counts, shape, strict=True) for size in pair))
    return layout.reshape(spread, [count * length for count, length in zip(counts, shape, strict=True)])


@implements(np.roll)
def _roll(a: Any, shift: Any, axis: Any = None) -> Any:
    x = as_array(a)
    if axis is None:
        return layout.reshape(_roll(layout.reshape(x, -1), shift, 0), x.shape)
    for amount, along in np.broadcast(shift, axis):
        position = normalize_axis_index(int(along), len(x.shape))
        size = x.shape[position]
        cut = -int(amount) % size if size else 0
        if cut:
            lead = (slice(None),) * position
            x = np.concatenate([x[(*lead, slice(cut, None))], x[(*lead, slice(0, cut))]], axis=position)
    return x
