"""What is known of an array before it exists: its shape and its dtype."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
"""A concrete array in eager code, a tracer standing in for one while a program is traced."""

Shape: TypeAlias = tuple[int | None, ...]
"""A shape; ``None`` is a dimension that is not known yet, usually the batch axis."""


class ArrayType:
    """Shape and dtype of one value of a program. Immutable, hashable.

    Args:
        shape: the dimensions, all known.
        dtype: anything ``numpy.dtype`` accepts.
    """

    __slots__ = ("_hash", "dtype", "shape")

    def __init__(self, shape: Sequence[int], dtype: npt.DTypeLike) -> None:
        self.shape: tuple[int, ...] = tuple(int(size) for size in shape)
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        # Types are the keys by which every batch finds its program.
        self._hash = hash((self.shape, self.dtype))

    @classmethod
    def of(cls, array: Any) -> ArrayType:
        """The type of anything that has a shape and a dtype."""
        return cls(array.shape, array.dtype)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ArrayType) and self.shape == other.shape and self.dtype == other.dtype

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"{self.dtype.name}[{','.join(map(str, self.shape))}]"


def is_float(dtype: np.dtype[Any]) -> bool:
    """Whether values of this dtype can carry a gradient."""
    return dtype.kind == "f"
