"""Data sources: where batches come from, and how they get into a step's input buffers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from kcore.engine.settings import floatx
from kcore.engine.types import Array, ArrayType


class Batch(Protocol):
    """Some samples that can write themselves where a step reads them.

    Attributes:
        size: number of samples.
        types: type of every array of the batch, as the step wants it.
    """

    @property
    def size(self) -> int: ...

    @property
    def types(self) -> tuple[ArrayType, ...]: ...

    def write_to(self, buffers: Sequence[Array]) -> None:
        """Fill one buffer per array."""


class DataSource(Protocol):
    """Something that yields the batches of an epoch.

    Attributes:
        samples: number of samples, ``None`` if unknown.
        steps: number of batches, ``None`` if unknown.
    """

    @property
    def samples(self) -> int | None: ...

    @property
    def steps(self) -> int | None: ...

    def epoch(self, order: Array | None = None) -> Iterator[Batch]:
        """The batches of one pass; ``order`` is a permutation of the samples."""


class ArraySource:
    """Batches cut from arrays in memory.

    Args:
        arrays: all of the same length along their first axis.
        dtypes: what the step wants each in; batches are converted, the arrays are not.
        batch_size: of all batches but the last, which may be smaller.
    """

    def __init__(self, arrays: Sequence[Array], dtypes: Sequence[np.dtype[Any]], batch_size: int) -> None:
        # Gathering rows from an array that is not contiguous would copy all of it every time.
        self.arrays = [np.ascontiguousarray(array) for array in arrays]
        self.dtypes = list(dtypes)
        self.batch_size = batch_size
        self.samples: int | None = len(self.arrays[0])
        self.steps: int | None = -(-len(self.arrays[0]) // batch_size)
        self._types: dict[int, tuple[ArrayType, ...]] = {}
        self._staging: dict[tuple[int, int], Array] = {}

    def epoch(self, order: Array | None = None) -> Iterator[ArrayBatch]:
        """Batches in the arrays' own order, or in ``order``."""
        assert self.samples is not None
        for start in range(0, self.samples, self.batch_size):
            stop = min(start + self.batch_size, self.samples)
            yield ArrayBatch(self, start, stop, None if order is None else order[start:stop])

    def types(self, size: int) -> tuple[ArrayType, ...]:
        """The types of a batch of ``size`` samples."""
        if size not in self._types:
            self._types[size] = tuple(
                ArrayType((size, *array.shape[1:]), dtype)
                for array, dtype in zip(self.arrays, self.dtypes, strict=True)
            )
        return self._types[size]

    def staging(self, number: int, size: int) -> Array:
        """A reused array to gather rows into before they are converted."""
        array = self.arrays[number]
        return self._staging.setdefault((number, size), np.empty((size, *array.shape[1:]), array.dtype))


class ArrayBatch:
    """A run of rows of an ``ArraySource``, or the rows that ``rows`` names."""

    __slots__ = ("rows", "size", "source", "start", "stop")

    def __init__(self, source: ArraySource, start: int, stop: int, rows: Array | None) -> None:
        self.source = source
        self.start = start
        self.stop = stop
        self.rows = rows
        self.size = stop - start

    @property
    def types(self) -> tuple[ArrayType, ...]:
        return self.source.types(self.size)

    def write_to(self, buffers: Sequence[Array]) -> None:
        """Gather, convert, and write the rows into ``buffers``, allocating nothing after the first time."""
        for number, (array, buffer) in enumerate(zip(self.source.arrays, buffers, strict=True)):
            if self.rows is None:
                buffer[...] = array[self.start : self.stop]
            elif array.dtype == buffer.dtype:
                # "clip" because "raise" gathers into a copy first; the rows are in range.
                array.take(self.rows, 0, buffer, "clip")
            else:
                staging = self.source.staging(number, self.size)
                array.take(self.rows, 0, staging, "clip")
                buffer[...] = staging


def compute_dtype(array: Array) -> np.dtype[Any]:
    """What labels and weights are computed in: floating ones in ``kcore.floatx()``, integers as they are."""
    return np.dtype(floatx()) if array.dtype.kind in "fb" else array.dtype
