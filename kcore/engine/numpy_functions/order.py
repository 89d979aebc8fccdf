"""Sorting, and sums and products of all elements so far."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from kcore.engine.numpy_functions.signatures import as_array, implements, refuse
from kcore.engine.primitives import cumulative, layout, sorting
from kcore.engine.primitives.elementwise import cast
from kcore.engine.tracing import apply
from kcore.errors.engine import UnsupportedOperationError


def _flat_or_axis(a: Any, axis: int | None) -> tuple[Any, int]:
    x = as_array(a)
    if axis is None:
        return layout.reshape(x, -1), 0
    return x, normalize_axis_index(axis, len(x.shape))


def _accumulation(name: str, primitive: Any) -> Callable[..., Any]:
    def accumulation(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None) -> Any:
        refuse(name, out=out)
        x, position = _flat_or_axis(a, axis)
        if dtype is None:
            # NumPy accumulates bool and small integers in the platform's integer.
            dtype = np.add.reduce(np.empty(0, x.dtype)).dtype
        return apply(primitive, cast(x, dtype), axis=position, reverse=False)

    return accumulation


implements(np.cumsum)(_accumulation("cumsum", cumulative.cumsum_p))
implements(np.cumprod)(_accumulation("cumprod", cumulative.cumprod_p))


def _sorter(name: str, primitive: Any) -> Callable[..., Any]:
    def sorter(a: Any, axis: int | None = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
        if order is not None:
            raise UnsupportedOperationError(
                operation=f"np.{name}",
                reason="the argument 'order' is for arrays with fields",
                advice="Programs compute with bool, integer and floating dtypes.",
            )
        x, position = _flat_or_axis(a, axis)
        # Always stable: a choice of algorithm would only make it less.
        return apply(primitive, x, axis=position)

    return sorter


implements(np.sort)(_sorter("sort", sorting.sort_p))
implements(np.argsort)(_sorter("argsort", sorting.argsort_p))
