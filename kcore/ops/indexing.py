"""Elements chosen by position, the largest ones, and running sums."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from kcore.engine.array_interface import ArrayInterface
from kcore.engine.numpy_functions.indexing import take_along
from kcore.engine.primitives.cumulative import cumsum_p, shift
from kcore.engine.primitives.elementwise import cast
from kcore.engine.primitives.indexing import gather_each
from kcore.engine.primitives.layout import reshape
from kcore.engine.primitives.sorting import argsort_p
from kcore.engine.tracing import apply
from kcore.engine.types import Array
from kcore.errors.engine import OperandError


def _array(x: Any) -> Any:
    return x if isinstance(x, ArrayInterface) else np.asarray(x)


def take(x: Array, indices: Array, axis: int | None = 0) -> Array:
    """The elements of ``x`` at ``indices`` along an axis: the rows of a table, for instance, as an embedding needs.

    Both may be traced, or only one of them. The gradient is added up in a dense array of the shape of ``x``, in the
    order of the indices.

    Args:
        x: (\\*before, size, \\*after).
        indices: integers of any shape; negative ones count from the end, as in NumPy.
        axis: along which to choose; ``None`` chooses from ``x`` flattened.

    Returns:
        (\\*before, \\*indices.shape, \\*after), of the dtype of ``x``.

    Raises:
        IndexError: an index is not in -size..size-1: at once where the indices are known, and otherwise in the run of
            the program that meets it, before anything that depends on it is computed.
        OperandError: the indices are no integers.
    """
    values = _array(x)
    if axis is None:
        values, axis = reshape(values, -1), 0
    return take_along(values, _array(indices), normalize_axis_index(axis, len(values.shape)))  # type: ignore[no-any-return]


def top_k(x: Array, k: int) -> tuple[Array, Array]:
    """The ``k`` largest elements along the last axis, the largest first; of equal ones the first comes first.

    NaN counts as smaller than all numbers.

    Args:
        x: (..., size), any dtype.
        k: how many, 0..size.

    Returns:
        the values, (..., k), which carry a gradient, and their positions, (..., k), of dtype intp.

    Raises:
        OperandError: ``k`` is not in 0..size, or ``x`` is a scalar.
    """
    values = _array(x)
    if not values.shape or not 0 <= k <= values.shape[-1]:
        raise OperandError(
            operation="top_k", shapes=[values.shape], reason=f"its last axis does not hold k={k} elements"
        )
    axis = len(values.shape) - 1
    # ~ turns the order of all integers around, also where there is no negative of one.
    falling = -values if values.dtype.kind == "f" else ~values
    order = apply(argsort_p, falling, axis=axis)[..., :k]
    return gather_each(values, order, axis), order


def cumsum(x: Array, axis: int = -1, *, reverse: bool = False, exclusive: bool = False) -> Array:
    """The sum of all elements up to each one along ``axis``; bool and small integers are summed in int64.

    Args:
        x: at least one axis.
        axis: along which to add.
        reverse: add from the end.
        exclusive: leave out the element itself, so that the first sum is 0.
    """
    values = _array(x)
    position = normalize_axis_index(axis, len(values.shape))
    values = cast(values, np.add.reduce(np.empty(0, values.dtype)).dtype)
    if exclusive:
        values = shift(values, position, 1, reverse)
    return apply(cumsum_p, values, axis=position, reverse=bool(reverse))  # type: ignore[no-any-return]
