"""Geometry that convolution and pooling share: sizes, window views, and work cut to the cache."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from kcore.engine.primitive import Thunk
from kcore.engine.primitives.calls import copied
from kcore.engine.types import Array
from kcore.errors.engine import OperandError

Padding: TypeAlias = tuple[tuple[int, int], ...]
"""Per spatial axis, how many elements are added before and after."""

CHUNK_BYTES = 1 << 21
"""Target size of the unfolded patches that are worked on at a time. A quarter of it would fit a second-level cache, and
is as fast for one thread; two threads want longer calls, in which they do not meet at the interpreter's lock."""


class Window(NamedTuple):
    """A window that slides over spatial axes; all tuples have one entry per spatial axis."""

    size: tuple[int, ...]
    strides: tuple[int, ...]
    padding: Padding
    dilation: tuple[int, ...]

    @property
    def padded(self) -> bool:
        return any(low or high for low, high in self.padding)

    @property
    def pointwise(self) -> bool:
        """Whether every output sees exactly its own input."""
        return math.prod(self.size) == 1 and math.prod(self.strides) == 1 and not self.padded

    def output_size(self, operation: str, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Spatial size of the result for an input of ``shape``, (batch, *spatial, channels)."""
        sizes = []
        for axis, size in enumerate(shape[1:-1]):
            span = (self.size[axis] - 1) * self.dilation[axis] + 1
            room = size + sum(self.padding[axis]) - span
            if room < 0:
                raise OperandError(
                    operation=operation,
                    shapes=[shape],
                    reason=f"a window that spans {span} elements does not fit spatial axis {axis} of size {size} "
                    f"with padding {self.padding[axis]}",
                )
            sizes.append(room // self.strides[axis] + 1)
        return tuple(sizes)

    def padded_size(self, spatial: Sequence[int]) -> tuple[int, ...]:
        return tuple(size + low + high for size, (low, high) in zip(spatial, self.padding, strict=True))

    def interior(self, spatial: Sequence[int]) -> tuple[slice, ...]:
        """Where the input lies inside its padded copy, as an index of (batch, *spatial)."""
        inside = (slice(low, low + size) for size, (low, _) in zip(spatial, self.padding, strict=True))
        return (slice(None), *inside)

    def offsets(self) -> list[tuple[int, ...]]:
        """Every position within the window, in row-major order."""
        return list(np.ndindex(*self.size))

    def taps(self, offset: tuple[int, ...], output: Sequence[int]) -> tuple[slice, ...]:
        """What the element at ``offset`` of every window sees in a padded input, as an index of (batch, *spatial)."""
        seen = (
            slice(at * d, at * d + (count - 1) * s + 1, s)
            for at, d, s, count in zip(offset, self.dilation, self.strides, output, strict=True)
        )
        return (slice(None), *seen)

    def valid_taps(
        self, offset: tuple[int, ...], spatial: Sequence[int], output: Sequence[int]
    ) -> tuple[tuple[slice, ...], tuple[slice, ...]] | None:
        """The same without padding: (index of the input, index of the output) of windows whose element is inside."""
        source: list[slice] = [slice(None)]
        target: list[slice] = [slice(None)]
        for axis, at in enumerate(offset):
            stride, shift = self.strides[axis], at * self.dilation[axis] - self.padding[axis][0]
            first = max(0, (stride - 1 - shift) // stride)
            last = min(output[axis] - 1, (spatial[axis] - 1 - shift) // stride)
            if last < first:
                return None
            source.append(slice(first * stride + shift, last * stride + shift + 1, stride))
            target.append(slice(first, last + 1))
        return tuple(source), tuple(target)

    def view(self, padded: Array, output: Sequence[int], groups: int = 1) -> Array:
        """All windows of a padded input as a view of shape (batch, *output, *size, groups, channels / groups)."""
        batch, *spatial, channel = padded.strides
        channels = padded.shape[-1] // groups
        strides = (
            batch,
            *(stride * step for stride, step in zip(spatial, self.strides, strict=True)),
            *(stride * step for stride, step in zip(spatial, self.dilation, strict=True)),
            channel * channels,
            channel,
        )
        shape = (padded.shape[0], *output, *self.size, groups, channels)
        return np.lib.stride_tricks.as_strided(padded, shape, strides, writeable=False)


def chunk_length(batch: int, bytes_per_sample: int) -> int:
    """How many samples to unfold at a time. A matter of shapes alone, so that results do not depend on the machine."""
    return max(1, min(batch, CHUNK_BYTES // max(1, bytes_per_sample)))


def images_per_chunk(shape: Sequence[int], dtype: Any) -> int:
    """``chunk_length`` for a pass over images of ``shape``, (batch, *spatial, channels)."""
    return chunk_length(shape[0], math.prod(shape[1:]) * np.dtype(dtype).itemsize)


def chunks(batch: int, length: int) -> list[slice]:
    return [slice(start, min(start + length, batch)) for start in range(0, batch, length)]


def sequence(calls: Sequence[tuple[Any, ...]]) -> Thunk:
    """Runs (function, *arguments) one after the other."""

    # Tuples that are there already: taking a call apart while it runs would make a list of its arguments.
    steps = [(function, tuple(arguments)) for function, *arguments in calls]

    def run() -> None:
        for function, arguments in steps:
            function(*arguments)

    return run


def staged(array: Array) -> tuple[Array, Thunk | None]:
    """A contiguous array to read from, and what has to run first to fill it when ``array`` itself is not contiguous."""
    if array.flags.c_contiguous:
        return array, None
    buffer = np.empty(array.shape, array.dtype)
    return buffer, copied(buffer, array)
