"""Products of vectors, matrices and tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore.engine.numpy_functions.signatures import as_array, implements, refuse
from kcore.engine.primitives.matmul import matmul
from kcore.engine.tracing import ufunc_table


@implements(np.dot)
def _dot(a: Any, b: Any, out: Any = None) -> Any:
    refuse("dot", out=out)
    x, y = as_array(a), as_array(b)
    if not x.shape or not y.shape:
        return x * y
    if len(y.shape) <= 2:
        return matmul(x, y)
    lead = (*x.shape[:-1], *y.shape[:-2], y.shape[-1])
    moved = np.reshape(np.moveaxis(y, -2, 0), (y.shape[-2], -1))
    return np.reshape(matmul(np.reshape(x, (-1, x.shape[-1])), moved), lead)


def _matmul(a: Any, b: Any) -> Any:
    return matmul(as_array(a), as_array(b))


ufunc_table[np.matmul] = _matmul


@implements(np.outer)
def _outer(a: Any, b: Any, out: Any = None) -> Any:
    refuse("outer", out=out)
    return np.reshape(a, (-1, 1)) * np.reshape(b, (1, -1))
