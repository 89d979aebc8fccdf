"""Windows that are reduced, or spread, along one spatial axis after the other.

A maximum or a sum over a window of k by k elements is k along the rows, then k along the columns: fewer passes than
one for each element, and those along all axes but the last run over whole rows. Chunks of samples stay in the cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from kcore.engine.primitive import Thunk
from kcore.engine.primitives.windows import Window, chunks, images_per_chunk, sequence
from kcore.engine.types import Array, ArrayType


def _shapes(spatial: Sequence[int], output: Sequence[int], window: Window) -> list[tuple[int, tuple[int, ...]]]:
    """(axis, spatial shape once it is reduced) for each axis along which the window does anything."""
    shapes, shape = [], list(spatial)
    for axis, size in enumerate(window.size):
        if size > 1 or window.strides[axis] > 1 or any(window.padding[axis]):
            shape[axis] = output[axis]
            shapes.append((axis, tuple(shape)))
    return shapes


def _taps(axis: int, source: int, target: int, window: Window) -> list[tuple[Any, Any]]:
    """For each element of the window along ``axis`` that is inside: (index before, index after the reduction)."""
    line = Window((window.size[axis],), (window.strides[axis],), (window.padding[axis],), (1,))
    found = [line.valid_taps(offset, (source,), (target,)) for offset in line.offsets()]
    every = (slice(None),) * axis
    return [((slice(None), *every, at[1]), (slice(None), *every, to[1])) for at, to in filter(None, found)]


def partial_types(
    batch: int, spatial: Sequence[int], output: Sequence[int], channels: int, window: Window, dtype: Any
) -> list[ArrayType]:
    """Work arrays: what is between two axes, for one chunk."""
    length = images_per_chunk((batch, *spatial, channels), dtype)
    return [ArrayType((length, *shape, channels), dtype) for _, shape in _shapes(spatial, output, window)[:-1]]


def bind_reduction(
    ufunc: np.ufunc, identity: Any, x: Array, output: Array, window: Window, scratch: Sequence[Array]
) -> Thunk:
    """``ufunc`` over every window of ``x``; elements of the padding do not take part."""
    calls: list[tuple[Any, ...]] = []
    for part in chunks(x.shape[0], images_per_chunk(x.shape, x.dtype)):
        before, results = x[part], [*(array[: part.stop - part.start] for array in scratch), output[part]]
        stages = _shapes(x.shape[1:-1], output.shape[1:-1], window)
        if not stages:
            calls.append((np.copyto, output[part], before))
        # A window that does nothing along any axis has no stage for the one result.
        for (axis, _), after in zip(stages, results, strict=False):
            target = after.shape[axis + 1]
            taps = _taps(axis, before.shape[axis + 1], target, window)
            # Elements that all windows have come first: two of them write the result without reading it.
            taps.sort(key=lambda tap: tap[1][-1] != slice(0, target))
            pairs = [(before[at], after[to]) for at, to in taps]
            whole = sum(to[-1] == slice(0, target) for _, to in taps)
            if whole >= 2:
                calls.append((partial(ufunc, out=after), pairs[0][0], pairs[1][0]))
            elif whole == 1:
                calls.append((np.copyto, after, pairs[0][0]))
            else:
                calls.append((np.copyto, after, np.asarray(identity, after.dtype)))
            calls += [(partial(ufunc, out=result), result, element) for element, result in pairs[min(whole, 2) :]]
            before = after

    return sequence(calls)


def disjoint(window: Window) -> bool:
    """Whether no element of the input is in two windows."""
    return all(stride >= size for stride, size in zip(window.strides, window.size, strict=True))


def covers(window: Window, spatial: Sequence[int], output: Sequence[int]) -> bool:
    """Whether windows side by side have every element of the input."""
    return window.strides == window.size and all(
        count * size - low >= length
        for count, size, length, (low, _) in zip(output, window.size, spatial, window.padding, strict=True)
    )


def bind_spread(g: Array, counts: Array, output: Array, window: Window, scratch: Sequence[Array]) -> Thunk:
    """``g / counts`` added to every element of its window: the transpose of a sum divided by ``counts``."""
    spatial, positions = output.shape[1:-1], g.shape[1:-1]
    stages = _shapes(spatial, positions, window)
    calls: list[tuple[Any, ...]] = []
    for part in chunks(g.shape[0], images_per_chunk(output.shape, output.dtype)):
        shares = scratch[-1][: part.stop - part.start]
        calls.append((np.divide, g[part], counts, shares))
        results = [output[part], *(array[: part.stop - part.start] for array in scratch[:-1])]
        if not stages:
            calls.append((np.copyto, output[part], shares))
        for (axis, _), after in zip(reversed(stages), reversed(results), strict=False):
            line = Window((window.size[axis],), (window.strides[axis],), (window.padding[axis],), (1,))
            source, target = shares.shape[axis + 1], after.shape[axis + 1]
            if not covers(line, (target,), (source,)):
                calls.append((np.copyto, after, np.zeros((), after.dtype)))
            for at, to in _taps(axis, target, source, window):
                if disjoint(line):
                    calls.append((np.copyto, after[at], shares[to]))
                else:
                    calls.append((np.add, after[at], shares[to], after[at]))
            shares = after

    return sequence(calls)
